"""OBO read as OWL: what each clause means (section 5 of the format), and where what is not read is told.

That a whole document gives the axioms that the OWL API gives is tested in tests/owl/test_owl_api.py.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pyoxigraph as ox
import pytest

from mesoonto.errors import InputError
from mesoonto.files import obo
from mesoonto.namespaces import OBO

DOCUMENT = """format-version: 1.4
ontology: x
property_value: dcterms:license http://example.org/license

[Term]
id: X:0000001
name: a
def: "What a is." [PMID:1]
synonym: "aa" EXACT []
synonym: "al" BROAD []
comment: Said of a.
is_a: X:0000002 ! b
relationship: part_of X:0000002

[Term]
id: X:0000002
name: b
disjoint_from: X:0000003
equivalent_to: Y:1

[Term]
id: X:0000003
name: c
intersection_of: X:0000001
intersection_of: part_of X:0000002

[Term]
id: X:0000004
name: d
union_of: X:0000001
union_of: X:0000002

[Term]
id: X:0000005
name: obsolete e
is_obsolete: true
replaced_by: X:0000004
consider: X:0000003

[Typedef]
id: part_of
name: part of
xref: BFO:0000050
domain: X:0000001
range: X:0000002
is_transitive: true
inverse_of: has_part
transitive_over: overlaps
holds_over_chain: overlaps part_of
is_a: overlaps

[Typedef]
id: has_part
is_functional: true

[Typedef]
id: overlaps
is_symmetric: true
is_reflexive: true

[Typedef]
id: noted
is_metadata_tag: true
"""
HEADER = "format-version: 1.4\nontology: x\n\n"


def test_axioms_have_the_line_of_their_frame(tmp_path: Path) -> None:
    path = tmp_path / "x.obo"
    path.write_text(DOCUMENT)
    lines = {str(t.subject): line for t, line in obo.read(path) if isinstance(t.subject, ox.NamedNode)}
    expected = {f"<{OBO}X_000000{n}>": line_of(f"id: X:000000{n}") for n in (1, 3, 5)}
    assert {iri: lines[iri] for iri in expected} == expected
    assert lines[f"<{OBO}BFO_0000050>"] == line_of("id: part_of")


def line_of(text: str) -> int:
    return DOCUMENT[: DOCUMENT.index(text)].count("\n") + 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{HEADER}[Term]\nid: X:1\nname a\n", r"x\.obo:6:1: not OBO"),
        (
            f'{HEADER}[Term]\nid: X:1\nrelationship: r X:2 {{all_only="true"}}\n',
            r"x\.obo:5: the qualifier all_only",
        ),
        (f"{HEADER}[Instance]\nid: X:1\n", r"x\.obo:4: instances are not read"),
        ("\xff\xfe", "cannot be read|not OBO"),
    ],
)
def test_what_is_not_read_is_told_with_its_line(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.obo"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match=message):
        list(obo.read(path))


def test_commands_take_obo(tmp_path: Path, mesoonto: Callable[..., CompletedProcess[str]]) -> None:
    path = tmp_path / "x.obo"
    path.write_text(f"{HEADER}[Term]\nid: X:1\nname: a\nis_a: X:2\n\n[Term]\nid: X:2\nname: a\nis_a: X:1\n")
    done = mesoonto("check", "cycle", "label_duplicate", str(path))
    assert done.returncode == 1
    found = [line.removeprefix(f"{path}:").split(":")[0] for line in done.stdout.splitlines()[:-1]]
    assert sorted(found) == ["10", "10", "5", "5"]
