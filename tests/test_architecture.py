"""The "never" lines of docs/architecture.md, held against the imports of the code."""

from __future__ import annotations

import re
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.checkout

#: What each package of the library may use, beside the modules on top (errors, namespaces, resources).
LIBRARY: dict[str, set[str]] = {
    "files": set(),
    "sparql": {"files"},
    "processes": {"dataset"},
    "ontology": {"files"},
    "owl": {"files", "ontology"},
    "dataset": {"files", "sparql", "ontology", "owl"},
    "federation": {"files", "sparql", "dataset"},
    "engines": {"files", "sparql", "dataset", "processes"},
    "validation": {"files", "sparql", "ontology", "dataset", "processes"},
    "knowledge": {"files", "ontology", "owl", "dataset"},
    "views": {"files", "sparql", "ontology", "dataset"},
    "synthesis": {"views"},
    "synthetic": {"files"},
    "sources": {"files", "ontology", "federation"},
    "replicas": {"files", "dataset", "processes"},
    "api": {
        "files",
        "sparql",
        "ontology",
        "owl",
        "dataset",
        "federation",
        "knowledge",
        "validation",
        "views",
        "synthesis",
        "exchange",
    },
    "mcp": {
        "files",
        "sparql",
        "ontology",
        "dataset",
        "processes",
        "knowledge",
        "views",
        "synthesis",
    },
    "exchange": {"files", "ontology", "dataset", "knowledge", "views"},
    "release": {"files", "sparql", "ontology", "owl", "dataset", "knowledge", "validation", "views"},
}

#: The same for the server; ``processes`` puts them together.
SERVER: dict[str, set[str]] = {
    "http": set(),
    "telemetry": set(),
    "worker": {"http", "telemetry"},
    "front": {"http", "telemetry"},
    "web": {"http", "telemetry", "front"},
    "outward": set(),
    "dialer": set(),
}

GRAPH = grimp.build_graph("mesoonto", "mesoonto_server", exclude_type_checking_imports=True)


def _imports(root: str, depth: int) -> dict[str, dict[str, list[str]]]:
    """Which package below *root* imports which other, and where."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for module in GRAPH.modules:
        for imported in GRAPH.find_modules_directly_imported_by(module):
            parts = [tuple(name.split(".")) for name in (module, imported)]
            if all(p[: root.count(".") + 1] == tuple(root.split(".")) and len(p) > depth for p in parts):
                here, there = (p[depth] for p in parts)
                if here != there:
                    found[here][there].append(f"{module} imports {imported}")
    return found


def _is_package(root: str, name: str) -> bool:
    return any(module.startswith(f"{root}.{name}.") for module in GRAPH.modules)


@pytest.mark.parametrize(("root", "allowed"), [("mesoonto", LIBRARY), ("mesoonto_server", SERVER)])
def test_packages_use_what_they_may(root: str, allowed: dict[str, set[str]]) -> None:
    wrong = [
        place
        for here, imports in _imports(root, 1).items()
        for there, places in imports.items()
        if here in allowed and _is_package(root, there) and there not in allowed[here]
        for place in places
    ]
    assert wrong == []


@pytest.mark.parametrize(("root", "allowed"), [("mesoonto", LIBRARY), ("mesoonto_server", SERVER)])
def test_every_package_has_its_line(root: str, allowed: dict[str, set[str]]) -> None:
    there = {module.split(".")[1] for module in GRAPH.modules if module.count(".") > 1}
    packages = {name for name in there if _is_package(root, name)} - {"cli"}
    assert packages == set(allowed)


def test_validation_is_built_in_layers() -> None:
    layers = ("data", "shapes", "engine", "report", "advice", "cluster")
    for here, imports in _imports("mesoonto.validation", 2).items():
        if here in layers:
            above = set(layers[layers.index(here) + 1 :])
            assert not above & set(imports), {name: imports[name] for name in above & set(imports)}


@pytest.mark.parametrize(
    ("root", "depth"), [("mesoonto", 1), ("mesoonto_server", 1), ("mesoonto.validation", 2)]
)
def test_no_circle_of_packages(root: str, depth: int) -> None:
    graph = {here: set(imports) for here, imports in _imports(root, depth).items()}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"a circle: {' <- '.join(error.args[1])}", pytrace=False)
    assert len(order) > 2


def test_library_knows_no_server_and_no_flask() -> None:
    for module in GRAPH.modules:
        if module.startswith("mesoonto.") and module != "mesoonto.cli.serve":
            assert not [
                m for m in GRAPH.find_modules_directly_imported_by(module) if "server" in m.split(".")[0]
            ]
    sources = (ROOT / "src" / "mesoonto").rglob("*.py")
    assert not [path for path in sources if re.search(r"^\s*(import|from) flask", path.read_text(), re.M)]


def test_worker_and_front_know_nothing_of_each_other() -> None:
    """Also not by a detour: what a worker imports is loaded in a worker."""
    pairs = [("worker", "front"), ("worker", "web"), ("front", "worker"), ("front", "web")]
    for apart in ("outward", "dialer"):
        pairs += [(here, apart) for here in ("worker", "front", "web")]
        pairs += [(apart, there) for there in ("worker", "front", "web")]
    for here, there in pairs:
        chains = GRAPH.find_shortest_chains(f"mesoonto_server.{here}", f"mesoonto_server.{there}")
        assert chains == set(), (here, there)


def test_front_takes_no_federated_query_apart() -> None:
    for here in ("front", "web"):
        assert GRAPH.find_shortest_chains(f"mesoonto_server.{here}", "mesoonto.federation") == set(), here


def test_documents_name_every_package() -> None:
    plan = (ROOT / "docs" / "architecture.md").read_text()
    for base in (Path("src/mesoonto"), Path("server/mesoonto_server")):
        packages = [path.parent for path in (ROOT / base).glob("*/__init__.py")]
        assert packages
        for package in packages:
            assert f"{package.name}/" in plan, package


def test_class_names_stand_once() -> None:
    sources = [path for base in ("src", "server") for path in (ROOT / base).rglob("*.py")]
    names = [name for path in sources for name in re.findall(r"^class (\w+)", path.read_text(), re.M)]
    assert len(names) > 200
    assert sorted({name for name in names if names.count(name) > 1}) == []
