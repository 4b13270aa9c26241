"""Data judged in parts come to the report that they have as a whole, however they are cut."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mesoonto.files.rdf import Source
from mesoonto.validation.cluster import part, pieces, validation
from mesoonto.validation.cluster.runners import Here
from mesoonto.validation.report.findings import Report
from mesoonto.validation.shapes.model import Shapes
from mesoonto.validation.validate import Options, check
from mesoonto.validation.validate import load as load_sources
from tests.examples import examples
from tests.validation.helpers import PREFIXES, source
from tests.validation.helpers import shapes as shapes_of
from tests.validation.test_engines import common, statements, top_shapes

OPTIONS = Options(doubts=True, tolerant=True, placed=2)


def told(report: Report) -> dict[str, object]:
    """All of a report; blank nodes included, as they have the same names."""
    found = {name: getattr(report, name) for name in Report.__dataclass_fields__}
    found["errors"] = [str(error) for error in report.errors]
    return found


def assert_alike(
    sources: Sequence[Source], asked: Shapes, size: int = pieces.PIECE, options: Options = OPTIONS
) -> Report:
    whole = check(load_sources(sources, options), asked, options)
    parts = validation.validate(sources, asked, options, Here(), size)
    assert told(parts) == told(whole)
    assert part._parts == {}
    return parts


def lines(rows: Sequence[tuple[str, ...]]) -> str:
    return "\n".join(f"{s} {p} {o} ." for s, p, o in rows)


FAR = "ex:S a sh:NodeShape ; sh:targetNode ex:n0 ; sh:property [ sh:path ( ex:p ex:p ) ; sh:class ex:A ] ."

graphs = st.lists(st.lists(statements, min_size=1, max_size=8), min_size=1, max_size=4)
schema = [("ex:C", "rdfs:subClassOf", "ex:B")]


@pytest.mark.slow
@settings(common, max_examples=examples(700))
@example(
    [[("ex:n0", "ex:p", "ex:n1")], [("ex:n1", "ex:p", "ex:n2")], [("ex:n2", "a", "ex:C")]],
    FAR,
)
@example(
    [[("_:b0", "a", "ex:A"), ("ex:n0", "ex:p", "_:b0"), ("ex:n1", "ex:p", "_:b0")]],
    "ex:S a sh:NodeShape ; sh:targetClass ex:A ; sh:closed true .",
)
@example(
    [[("ex:n0", "a", "ex:A")], [("ex:n0", "a", "ex:A"), ("ex:n1", "ex:p", "ex:n0")]],
    """ex:S a sh:NodeShape ; sh:targetSubjectsOf ex:p ;
    sh:property [ sh:path ex:p ; sh:node [ sh:class ex:A ] ] .""",
)
@given(files=graphs, asked=top_shapes)
def test_files_that_speak_of_the_same_nodes(files: list[list[tuple[str, ...]]], asked: str) -> None:
    texts = [lines(rows) for rows in [*files, schema]]
    assert_alike([source(text, f"{n}.ttl") for n, text in enumerate(texts)], shapes_of(asked))


@settings(common, max_examples=examples(300))
@given(
    rows=st.lists(statements, min_size=1, max_size=25),
    asked=top_shapes,
    size=st.integers(40, 400),
)
def test_slices_of_one_file(rows: list[tuple[str, ...]], asked: str, size: int) -> None:
    parsed = ox.parse(PREFIXES + lines([*rows, *schema]), format=ox.RdfFormat.TURTLE)
    text = ox.serialize(parsed, format=ox.RdfFormat.N_TRIPLES)
    assert text is not None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "data.nt")
        path.write_bytes(text)
        assert_alike([Source("data.nt", ox.RdfFormat.N_TRIPLES, path)], shapes_of(asked), size)


@pytest.mark.parametrize("workers", [1, 2, 3, 8])
def test_pieces_of_a_large_file_are_as_many_for_each_worker(workers: int, tmp_path: Path) -> None:
    path = tmp_path / "data.nt"
    with path.open("wb") as file:
        file.truncate(13 * pieces.PIECE - 1)  # no more than its size is looked at
    found = pieces.cut([Source("data.nt", ox.RdfFormat.N_TRIPLES, path)], workers)
    assert len(found) == {1: 13, 2: 14, 3: 15, 8: 16}[workers]
    slices = [piece.source for piece in found if isinstance(piece.source, pieces.Slice)]
    assert [one.start for one in slices] == [0, *(one.end for one in slices[:-1])]
    assert slices[-1].end == path.stat().st_size
    assert max(one.end - one.start for one in slices) <= pieces.PIECE
