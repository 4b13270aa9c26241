"""The engines that are compared: how each is started on a file and shapes, and how its results are counted.

Every engine reads the same files, judges all focus nodes and gives its results: mesoonto as JSON with every
field, Jena and TopBraid as the report of SHACL in Turtle, the others as the number of results that they
hold in memory.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

#: Where the peers are installed; README.md tells how.
PEERS = Path(__file__).parents[2] / "build" / "peers"

_RUDOF = """
import sys
from pyrudof import RDFFormat, Rudof, RudofConfig, ShaclFormat
shapes, data = sys.argv[1:]
rudof = Rudof(RudofConfig())
rudof.read_data(data, RDFFormat.Turtle if data.endswith(".ttl") else RDFFormat.NTriples)
rudof.read_shacl(shapes, ShaclFormat.Turtle)
print(len(rudof.validate_shacl().violations))
"""

_PYSHACL = """
import sys
import pyshacl
from rdflib import Graph
from rdflib.namespace import SH
shapes, data = sys.argv[1:]
data = Graph().parse(data, format="turtle" if data.endswith(".ttl") else "nt")
_, report, _ = pyshacl.validate(
    data, shacl_graph=Graph().parse(shapes, format="turtle"), advanced=True, inplace=True
)
print(sum(1 for _ in report.objects(None, SH.result)))
"""


@dataclass(frozen=True)
class Engine:
    """One engine; *command* takes the paths of shapes and data, *count* what was printed."""

    name: str
    version: str
    command: Callable[[str, str], list[str]]
    count: Callable[[bytes], int]
    codes: tuple[int, ...] = (0,)  #: exit codes of a run that came to its end


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _jar(peer: str, name: str) -> str:
    """The version of the jar *name* among those of *peer*."""
    found = [path.stem.removeprefix(f"{name}-") for path in (PEERS / peer).glob(f"{name}-[0-9]*.jar")]
    return found[0] if found else "not installed"


def _python(code: str) -> Callable[[str, str], list[str]]:
    return lambda shapes, data: [sys.executable, "-c", code, shapes, data]


def _java(peer: str, main: str, shapes_option: str, data_option: str) -> Callable[[str, str], list[str]]:
    start = ["java", "-Xmx12g", "-cp", str(PEERS / peer / "*"), *main.split()]
    return lambda shapes, data: [*start, shapes_option, shapes, data_option, data]


def _findings(text: bytes) -> int:
    return len(json.loads(text)["findings"])


def _number(text: bytes) -> int:
    return int(text.split()[-1])


def _nodes(text: bytes) -> int:
    """Results of a report in Turtle, in which each has one focus node."""
    return len(re.findall(rb"^\s*(?:\[ )?sh:focusNode\s", text, re.MULTILINE))


def engines() -> dict[str, Engine]:
    """The engines by name."""
    every = [
        Engine(
            "mesoonto",
            _installed("mesoonto"),
            lambda shapes, data: [
                *(sys.executable, "-m", "mesoonto", "validate", "--no-strict", "--format=json"),
                *("--shapes", shapes, data),
            ],
            _findings,
            (0, 1),
        ),
        Engine("rudof", f"pyrudof {_installed('pyrudof')}", _python(_RUDOF), _number),
        Engine(
            "Jena",
            _jar("jena", "jena-shacl"),
            _java("jena", "shacl.shacl validate", "--shapes", "--data"),
            _nodes,
        ),
        Engine(
            "TopBraid",
            _jar("topbraid", "shacl"),
            _java("topbraid", "org.topbraid.shacl.tools.Validate", "-shapesfile", "-datafile"),
            _nodes,
            (0, 1),
        ),
        Engine("pySHACL", _installed("pyshacl"), _python(_PYSHACL), _number),
    ]
    return {engine.name: engine for engine in every}
