"""Places of terms: the reader gives the triples of pyoxigraph, in its order, and where they stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesoonto import resources
from mesoonto.files import turtle
from mesoonto.files.places import locate
from mesoonto.files.rdf import Source, from_path
from mesoonto.validation.data import store as data_files
from tests.examples import examples
from tests.validation.helpers import PREFIXES, source

FILES = [
    *resources.record_files(),
    *resources.module_files(),
    *resources.shape_files(),
    *resources.import_files(),
]


def places(text: str) -> list[turtle.Written]:
    return list(turtle.read(text, source("").base, 0))


def triples(read: Source) -> list[tuple[object, ...]]:
    return list(data_files.read(read))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_shipped_files_are_read_as_pyoxigraph_reads_them(path: Path) -> None:
    read = from_path(path)
    found = turtle.read(read.text(), path.resolve().as_uri(), 0)
    assert [(t.subject, t.predicate, t.object) for t in found] == triples(read)


terms = st.sampled_from([
    "ex:a", "<rel>", "_:x", "_:y", '"x"', '"x"@en', '"x"^^xsd:string', "1", "-1.50", "1e3", "true", "()",
    "[]",    '"""a "quoted"\nline # no comment"""', r"'\u00e9\n\"'", r"ex:a\,b", "ex:a.b", "ex:%20",
    "ex:", "ex:a:", "ex:a-", "ex:a..b", "_:x.y", "_:x-",
])  # fmt: skip
predicates = st.sampled_from(["ex:p", "a", "<p>"])


def objects(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"( {' '.join(items)} )"),
        st.tuples(predicates, inner).map(lambda t: f"[ {t[0]} {t[1]} ]"),
        st.tuples(predicates, inner, predicates, inner).map(
            lambda t: f"[ {t[0]} {t[1]} , 1 ; # comment .\n {t[2]} {t[3]} ; ]"
        ),
    )


nested = st.recursive(terms, objects, max_leaves=8)
subjects = st.one_of(
    st.sampled_from(["ex:a", "_:x", "[]"]), nested.filter(lambda text: text[0] in "[(" and text != "()")
)
documents = st.lists(
    st.tuples(
        subjects, predicates, st.lists(nested, min_size=1, max_size=3), st.sampled_from([" .", ".", ".#"])
    ).map(lambda t: f"{t[0]} {t[1]} {' , '.join(t[2])}{t[3]}"),
    max_size=5,
).map(lambda lines: "\n".join([*lines, ""]))  # at the very end pyoxigraph waits for more of `ex:a\\,b.`


@settings(max_examples=examples(300), deadline=None, suppress_health_check=list(HealthCheck))
@given(text=documents)
def test_any_turtle_is_read_as_pyoxigraph_reads_it(text: str) -> None:
    read = source(text)
    assert [(t.subject, t.predicate, t.object) for t in places(read.text())] == triples(read)


@settings(max_examples=examples(100), deadline=None, suppress_health_check=list(HealthCheck))
@given(text=documents, number=st.integers(0, 5))
def test_only_what_is_asked_for_is_read_and_stands_where_it_stands(text: str, number: int) -> None:
    read = source(text)
    wanted = {"https://example.org/a", *(f"f0b{n}" for n in range(number))}
    few = turtle.read(read.text(), read.base, 0, {"https://example.org/a"}, number)
    asked = [(t.subject, t.predicate, t.object_at) for t in few if t.subject.value in wanted]
    every = [(t.subject, t.predicate, t.object_at) for t in places(read.text())]
    assert asked == [row for row in every if row[0].value in wanted]


TEXT = """ex:bob ex:note "ex:ann ex:age 1 ." ;
    ex:knows ex:ann .
# ex:ann is in the next line
ex:ann ex:age 40 , "old" ;
    ex:has [ ex:size 1.50 ] , [ ex:size 2 ] ;
    ex:near ex:eve .
"""


def test_every_term_stands_where_it_is_said_to_stand() -> None:
    for triple in places(PREFIXES + TEXT):
        for term, at in ((triple.subject, triple.subject_at), (triple.object, triple.object_at)):
            text = (PREFIXES + TEXT)[at:]
            word = text.split()[0]
            if term.__class__.__name__ == "NamedNode":
                assert word.split(":")[1].rstrip(",;.") in term.value
            elif term.__class__.__name__ == "BlankNode":
                assert word == "["
            else:
                assert term.value in text.splitlines()[0]


def test_broken_text_gives_places_up_to_the_break() -> None:
    assert len(places("@prefix ex: <http://e/> . ex:a ex:b 1 . ex:a ex:b ; . ex:a ex:b 2 .")) == 1


def test_positions_of_nodes_and_triples(tmp_path: Path) -> None:
    path = tmp_path / "x.ttl"
    path.write_text(PREFIXES + TEXT)
    read = from_path(path)
    first = PREFIXES.count("\n")
    found = {str(t[1]) + str(t[2]): t for t in triples(read)}
    nodes = {t[0] for t in found.values()} | {t[2] for t in found.values() if "eve" in str(t[2])}
    located = locate([read], nodes)  # type: ignore[arg-type]

    def spot(node: str, end: str) -> tuple[int, int]:
        subject, predicate, value = next(
            t for t in found.values() if node in str(t[0]) and str(t[2]).startswith(end)
        )
        place = located.statement(subject, predicate, value)  # type: ignore[arg-type]
        return place.line - first, place.column

    assert spot("ann", '"old"') == (4, 20)
    assert spot("ann", '"40"') == (4, 15)
    assert spot("bob", '"ex:ann') == (1, 16)
    sizes = [t for t in found.values() if "size" in str(t[1])]
    assert {located.focus(t[0]).column for t in sizes} == {12, 31}  # type: ignore[arg-type]
    eve = next(t[2] for t in found.values() if "eve" in str(t[2]))
    assert (located.focus(eve).line - first, located.focus(eve).column) == (6, 13)  # type: ignore[arg-type]


def test_many_statements_are_skipped_for_the_one_that_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "x.ttl"
    filler = 'ex:x{0} ex:p "a . b" , <http://e/;.,> , 1.5 ; ex:q [ ex:r "]" ] . # ex:ann ex:p 1 .\n'
    path.write_text(PREFIXES + "".join(filler.format(n) for n in range(50)) + "ex:ann ex:age 40 .\n")
    import pyoxigraph as ox

    located = locate([from_path(path)], {ox.NamedNode("https://example.org/ann")})
    assert located.focus(ox.NamedNode("https://example.org/ann")).line == PREFIXES.count("\n") + 51
