"""The tree holds each class under its nearest parents, and the coverage what queries of their own count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from mesoonto.dataset.store import Engine
from mesoonto.views.coverage import coverage
from mesoonto.views.facts import Facts
from mesoonto.views.hierarchy import TOPS, Branch, hierarchy


def edges(branches: Sequence[Branch], above: str) -> Iterator[tuple[str, str, int]]:
    for branch in branches:
        yield above, branch.link.iri, branch.statements
        yield from edges(branch.children, branch.link.iri)


@pytest.mark.parametrize("name", TOPS)
def test_tree_has_every_class_under_its_nearest_parents(engine: Engine, facts: Facts, name: str) -> None:
    top = TOPS[name]
    found = {(child, parent) for parent, child, _ in edges(hierarchy(facts, top), top)}
    rows = engine.select(
        f"""SELECT DISTINCT ?c ?p {{ ?c rdfs:subClassOf <{top}>, ?p
            FILTER(?c != ?p && ?c != <{top}> && isIRI(?p)) }}"""
    )
    within = {top, *(row["c"] for row in rows)}
    pairs = {(row["c"], row["p"]) for row in rows if row["p"] in within}
    nearest = {
        (c, p) for c, p in pairs if not any((c, q) in pairs and (q, p) in pairs for _, q in pairs if q != p)
    }
    assert len(found) > 5
    assert found == nearest


def test_numbers_count_the_statements_about_a_class(engine: Engine, facts: Facts) -> None:
    counted = {iri: n for _, iri, n in edges(hierarchy(facts, TOPS["mechanisms"]), "")}
    for iri, number in list(counted.items())[::7]:
        rows = engine.select(f"SELECT DISTINCT ?s {{ ?s meso:hasClaimSubject|meso:hasClaimObject <{iri}> }}")
        assert number == len(rows), iri


def test_coverage_adds_up(engine: Engine) -> None:
    found = coverage(engine)
    rows = engine.select("SELECT ?s ?d { ?s a meso:EvidenceStatement ; meso:hasDirection ?d }")
    assert sum(n for _, n in found.directions) == len(rows)
    assert dict(found.directions)["refutes"] == sum(row["d"].endswith("Refutes") for row in rows)
    assert found.levels_read <= found.intervals <= found.results
    assert found.in_vain <= found.searches
    assert [label for label, _ in found.levels] == sorted(label for label, _ in found.levels)
