"""Shapes that lead back to themselves: judged as the same shapes written out, one copy for each step."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesoonto.errors import ShapeError
from mesoonto.validation.advice import coverage
from mesoonto.validation.engine import recursion
from mesoonto.validation.engine.plan import EngineChoice, run
from tests.examples import examples
from tests.validation.helpers import PREFIXES, Row, load, rows, shapes
from tests.validation.test_engines import common

Run = Callable[..., subprocess.CompletedProcess[str]]

# Shapes A and B, whose constraints name A and B again as `ex:A~` and `ex:B~`: the tilde stands for a copy.

OWN = ("sh:property [ sh:path ex:r ; sh:minCount 1 ]", "sh:nodeKind sh:IRI", "sh:class ex:C", "")
steps = st.sampled_from(["ex:p", "ex:q", "( ex:p ex:q )", "[ sh:alternativePath ( ex:p ex:q ) ]"])
names = st.sampled_from(["ex:A~", "ex:B~"])
counts = st.sampled_from(["sh:qualifiedMinCount 1", "sh:qualifiedMinCount 2"])
plain = st.sampled_from(["[ sh:class ex:C ]", "[ sh:property [ sh:path ex:r ; sh:minCount 1 ] ]"])
growing = st.one_of(
    names.map(lambda name: f"sh:node {name}"),
    st.tuples(names, plain).map(lambda two: f"sh:or ( {two[0]} {two[1]} )"),
    st.tuples(names, plain).map(lambda two: f"sh:and ( {two[0]} {two[1]} )"),
    st.tuples(names, names).map(lambda two: f"sh:or ( {two[0]} {two[1]} )"),
    st.tuples(names, counts).map(lambda two: f"sh:qualifiedValueShape {two[0]} ; {two[1]}"),
)
denying = st.one_of(
    names.map(lambda name: f"sh:not {name}"),
    st.tuples(names, names).map(lambda two: f"sh:xone ( {two[0]} {two[1]} )"),
    names.map(lambda name: f"sh:qualifiedValueShape {name} ; sh:qualifiedMaxCount 0"),
)


def shape_texts(uses: st.SearchStrategy[str], most: int = 2) -> st.SearchStrategy[tuple[str, str]]:
    behind = st.tuples(steps, uses).map(lambda two: f"sh:property [ sh:path {two[0]} ; {two[1]} ]")
    one = st.tuples(st.sampled_from(OWN), st.lists(behind, max_size=most)).map(
        lambda two: " ; ".join(filter(None, [two[0], *two[1]]))
    )
    # A may name B for the same node, but not the other way round.
    first = st.tuples(one, st.sampled_from(["", "sh:node ex:B~"])).map(
        lambda two: " ; ".join(filter(None, two))
    )
    return st.tuples(first, one)


def data_texts(number: int, *, cyclic: bool) -> st.SearchStrategy[str]:
    nodes = st.integers(0, number - 1)
    edges = st.lists(st.tuples(nodes, st.sampled_from(["ex:p", "ex:q"]), nodes), max_size=8)
    facts = st.lists(st.tuples(nodes, st.sampled_from(["ex:r 1", "a ex:C", "ex:p 1"])), max_size=6)
    return st.tuples(edges, facts).map(
        lambda both: " ".join(
            [f"ex:n{a} {way} ex:n{b} ." for a, way, b in both[0] if cyclic or a < b]
            + [f"ex:n{a} {what} ." for a, what in both[1]]
        )
    )


def targets(number: int) -> str:
    return "sh:targetNode " + " , ".join(f"ex:n{n}" for n in range(number))


def recursive(texts: tuple[str, str], number: int) -> str:
    return " ".join(
        f"ex:{name} a sh:NodeShape ; {targets(number)} ; {text or 'sh:minLength 0'} .".replace("~", "")
        for name, text in zip("AB", texts, strict=True)
    )


def written_out(texts: tuple[str, str], number: int, copies: int) -> str:
    """As many copies as are needed; the last are switched off, so that every node conforms to them."""
    found = []
    for copy in range(copies):
        for name, text in zip("AB", texts, strict=True):
            head = f"ex:{name}_{copy} a sh:NodeShape ; " + (f"{targets(number)} ; " if copy == 0 else "")
            found.append(f"{head}{text or 'sh:minLength 0'} .".replace("~", f"_{copy + 1}"))
    found += [f"ex:{name}_{copies} a sh:NodeShape ; sh:deactivated true ." for name in "AB"]
    return " ".join(found)


def without_copies(found: Counter[Row]) -> Counter[Row]:
    again: Counter[Row] = Counter()
    for row, times in found.items():
        again[tuple(re.sub(r"_\d+>$", ">", part) for part in row)] += times  # type: ignore[index]
    return again


def judged(asked: str, text: str, engine: EngineChoice) -> Counter[Row]:
    return rows(run(load(text), shapes(asked), engine).results)


@settings(common, max_examples=examples(30))
@given(text=data_texts(3, cyclic=False), texts=shape_texts(st.one_of(growing, denying)))
def test_recursion_that_ends_is_what_pyshacl_makes_of_copies(text: str, texts: tuple[str, str]) -> None:
    found = judged(recursive(texts, 3), text, EngineChoice.OXIGRAPH)
    assert found == without_copies(judged(written_out(texts, 3, 6), text, EngineChoice.PYSHACL))


@pytest.mark.slow
@settings(common, max_examples=10)
@given(text=data_texts(3, cyclic=True), texts=shape_texts(growing))
def test_pair_that_is_reached_again_conforms(text: str, texts: tuple[str, str]) -> None:
    """With as many copies as there are pairs of a shape and a node, one more changes nothing."""
    found = judged(recursive(texts, 3), text, EngineChoice.OXIGRAPH)
    assert found == without_copies(judged(written_out(texts, 3, 7), text, EngineChoice.OXIGRAPH))


@settings(common, max_examples=examples(40))
@given(text=data_texts(3, cyclic=False), inner=st.lists(steps, min_size=1, max_size=2, unique=True))
def test_property_shapes_that_lead_back_report_for_each_way(text: str, inner: list[str]) -> None:
    def properties(tilde: str) -> str:
        following = " , ".join(f"ex:P{n}{tilde}" for n in range(len(inner)))
        return f"sh:property {following} , [ sh:path ex:r ; sh:minCount 1 ] ; sh:nodeKind sh:IRI"

    def property_shapes(copy: str, tilde: str) -> str:
        return " ".join(
            f"ex:P{n}{copy} a sh:PropertyShape ; sh:path {path} ; {properties(tilde)} ."
            for n, path in enumerate(inner)
        )

    head = f"ex:S a sh:NodeShape ; {targets(3)} ; "
    asked = f"{head} {properties('')} . {property_shapes('', '')}"
    copies = " ".join(property_shapes(f"_{copy}", f"_{copy + 1}") for copy in range(5))
    last = " ".join(
        f"ex:P{n}_5 a sh:PropertyShape ; sh:path {path} ; sh:deactivated true ."
        for n, path in enumerate(inner)
    )
    out = f"{head} {properties('_0')} . {copies} {last}"
    found = judged(asked, text, EngineChoice.OXIGRAPH)
    assert found == without_copies(judged(out, text, EngineChoice.PYSHACL))


PERSON = (
    "ex:S a sh:NodeShape ; sh:targetNode ex:a ; sh:property [ sh:path ex:k ; sh:node ex:S ] , "
    "[ sh:path ex:n ; sh:minCount 1 ] ."
)


@pytest.mark.parametrize("engine", [EngineChoice.AUTO, EngineChoice.PYSHACL])
def test_recursion_that_ends_at_once_is_the_same_in_both_engines(engine: EngineChoice) -> None:
    text = "ex:a ex:k ex:b , ex:c ; ex:n 1 . ex:b ex:n 1 . ex:c ex:m 1 ."
    (found,) = run(load(text), shapes(PERSON), engine).results
    assert str(found.value) == "<https://example.org/c>"


def test_ring_is_judged_by_what_is_in_it() -> None:
    ring = "ex:a ex:k ex:b ; ex:n 1 . ex:b ex:k ex:c ; ex:n 1 . ex:c ex:k ex:a {} ."
    assert not judged(PERSON, ring.format("; ex:n 1"), EngineChoice.AUTO)
    assert judged(PERSON, ring.format(""), EngineChoice.AUTO).total() == 1


@pytest.mark.parametrize(
    "asked",
    [
        "sh:not ex:S",
        "sh:property [ sh:path ex:k ; sh:not ex:S ]",
        "sh:property [ sh:path ex:k ; sh:qualifiedValueShape ex:S ; sh:qualifiedMaxCount 0 ]",
        "sh:xone ( ex:S [ sh:nodeKind sh:Literal ] )",
        "sh:not [ sh:property [ sh:path ex:k ; sh:minCount 1 ; sh:node ex:S ] ]",
    ],
)
def test_ring_through_a_negation_is_a_failure(asked: str) -> None:
    text = "ex:a ex:k ex:b . ex:b ex:k ex:a ."
    with pytest.raises(ShapeError, match=r"S> denies itself at <https://example\.org/[ab]>"):
        judged(f"ex:S a sh:NodeShape ; sh:targetNode ex:a ; {asked} .", text, EngineChoice.AUTO)


def test_long_chain_and_long_ring_are_walked() -> None:
    chain = "ex:S0 ex:n 1 . ex:a ex:n 1 ; ex:k ex:n0 ." + " ".join(
        f"ex:n{n} ex:k ex:n{n + 1} ; ex:n 1 ." for n in range(1500)
    )
    assert judged(PERSON, chain, EngineChoice.AUTO).total() == 1  # the last one has no ex:n
    assert not judged(PERSON, chain + " ex:n1500 ex:k ex:a ; ex:n 1 .", EngineChoice.AUTO)


def test_where_ways_are_too_many_each_node_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recursion, "_MOST_STEPS", 1000)
    asked = (
        "ex:P a sh:PropertyShape ; sh:targetNode ex:n0 ; sh:path ex:k ; sh:maxCount 1 ; sh:property ex:P ."
    )
    text = " ".join(
        f"ex:n{n} ex:k ex:n{n + 1} , ex:m{n + 1} . ex:m{n} ex:k ex:n{n + 1} , ex:m{n + 1} ."
        for n in range(40)
    )
    assert judged(asked, text, EngineChoice.AUTO).total() == 79
    assert judged(asked, " ".join(text.split(" . ")[:1]) + " .", EngineChoice.AUTO).total() == 1


def test_coverage_knows_what_recursion_looks_at() -> None:
    data, asked = load("ex:a ex:k ex:b . ex:b ex:k ex:c . ex:c ex:n 1 . ex:other ex:n 1 ."), shapes(PERSON)
    found = coverage.measure(data, asked, run(data, asked))
    assert (found.nodes_seen, found.nodes) == (3, 4)


def test_component_of_ones_own_in_a_recursive_shape_is_refused_where_pyshacl_would_cut_off(
    mesoonto: Run, tmp_path: Path
) -> None:
    component = (
        "ex:C a sh:ConstraintComponent ; sh:parameter [ sh:path ex:o ] ; "
        "sh:validator [ a sh:SPARQLAskValidator ; sh:ask 'ASK {}' ] . "
    )
    (tmp_path / "shapes.ttl").write_text(
        PREFIXES + component + PERSON.replace("sh:targetNode", "ex:o 1 ; sh:targetNode")
    )
    chain = " ".join(f"ex:{a} ex:k ex:{b} ; ex:n 1 ." for a, b in zip("abcdefg", "bcdefgh", strict=True))
    (tmp_path / "data.ttl").write_text(PREFIXES + chain)
    done = mesoonto("validate", "--shapes", "shapes.ttl", "data.ttl")
    assert done.returncode == 2
    assert "recursion" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert len(done.stderr) < 400
