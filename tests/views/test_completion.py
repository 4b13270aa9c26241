"""Terms for queries: found by any of their names, in their place, written as a query has them."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mesoonto.dataset.store import Engine
from mesoonto.namespaces import MESO, PREFIXES, in_query
from mesoonto.views.completion import Completions


@pytest.fixture(scope="module")
def completions(engine: Engine) -> Completions:
    return Completions(engine.store)


@pytest.mark.parametrize(
    ("text", "role", "wanted"),
    [
        ("nivolu", "any", "meso:MESO_0002101"),
        ("Opdivo", "any", "meso:MESO_0002101"),
        ("pegargimin", "class", "meso:MESO_0002108"),
        ("peggargim", "any", "meso:MESO_0002108"),
        ("EvidenceStatement", "class", "meso:EvidenceStatement"),
        ("evidence st", "class", "meso:EvidenceStatement"),
        ("hasEndP", "property", "meso:hasEndPoint"),
        ("end point", "property", "meso:hasEndPoint"),
        ("meso:hasEnd", "property", "meso:hasEndPoint"),
        ("bibliographic", "property", "dcterms:bibliographicCitation"),
        ("CheckMate 743", "any", "mesod:study_NCT02899299"),
        ("NCT02899299", "any", "mesod:study_NCT02899299"),
        ("regulatory t", "class", "obo:CL_0000815"),
    ],
)
def test_term_is_found_by_its_names(completions: Completions, text: str, role: str, wanted: str) -> None:
    found = [term.text for term in completions.find(text, role)]
    assert wanted in found


@pytest.mark.parametrize("role", ["class", "property"])
@pytest.mark.parametrize("text", ["e", "end", "meso"])
def test_only_terms_of_the_role_are_found(completions: Completions, text: str, role: str) -> None:
    found = completions.find(text, role)
    assert found
    assert {term.kind for term in found} == {role}


@pytest.mark.parametrize("text", ["", "  ", "?", "xyzzyqwvk", "\u0000", "a" * 5000])
def test_nothing_is_found_for_what_is_no_name(completions: Completions, text: str) -> None:
    assert completions.find(text) == []


def test_retired_terms_are_not_offered(completions: Completions, engine: Engine) -> None:
    replaced = ox.NamedNode("http://purl.org/dc/terms/isReplacedBy")
    retired = {q.subject.value for q in engine.store.quads_for_pattern(None, replaced, None, None)}
    assert retired
    assert not {term.iri for term in completions.find("former name", most=1000)} & retired


@given(
    st.sampled_from([*PREFIXES.values(), "https://example.org/", f"{MESO}x/"]),
    st.text("aZ09_.-/:~(é", max_size=8),
)
@example(PREFIXES["meso"], "0.0.0")
@example(f"{MESO}data/", "statement_j.cell.2016.08.069_1")
def test_what_is_written_into_a_query_means_the_same_there(stem: str, name: str) -> None:
    query = f"SELECT * {{ BIND({in_query(stem + name)} AS ?iri) }}"
    (solution,) = ox.Store().query(query, prefixes=PREFIXES)
    assert solution["iri"] == ox.NamedNode(stem + name)
