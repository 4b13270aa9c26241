"""Constraints that ask whether two terms are the same, over literals of each datatype, against Python's sets.

`sh:in`, `sh:hasValue`, `sh:equals`, `sh:disjoint` and counts compare terms (SHACL, sections 4.8.3, 4.8.2,
4.5.1, 4.5.2 and 4.2), so that ``1`` and ``01`` are two. Literals are one term when lexical form, datatype and
language tag are the same (RDF 1.1 Concepts, section 3.3), and tags are compared without regard to case.
"""

from __future__ import annotations

from collections import Counter

import pyoxigraph as ox
from hypothesis import example, given
from hypothesis import strategies as st

from mesoonto.files.terms import XSD, Term
from mesoonto.validation.engine.plan import EngineChoice
from tests.validation.helpers import load, outcome, shapes
from tests.validation.test_values import common, pairs

#: Spellings of few values, and what is no value at all: one text in many datatypes.
SPELLED = [
    *(ox.Literal(text, datatype=ox.NamedNode(XSD + kind))
      for kind in ("integer", "int", "byte", "decimal", "double", "float", "boolean", "string", "token",
                   "anyURI")
      for text in ("1", "01", "+1", "1.0", "1.00", "1e0", "true", "x", "")),
    *(ox.Literal(text, datatype=ox.NamedNode(XSD + kind))
      for kind in ("date", "dateTime", "gYear", "time", "string")
      for text in ("2024-01-01", "2024-01-01Z", "2024-01-01+00:00", "2024-01-01T00:00:00Z", "2024",
                   "2024-01-01T00:00:00.000Z", "2023-12-31T24:00:00Z", "00:00:00Z", "2024-02-30")),
    *(ox.Literal("1", language=tag) for tag in ("en", "EN", "en-GB", "EN-gb", "de")),
    *(ox.Literal(text, datatype=ox.NamedNode("https://example.org/D")) for text in ("1", "01")),
    ox.NamedNode("https://example.org/a"), ox.NamedNode("https://example.org/A"),
]  # fmt: skip

terms = st.one_of(st.sampled_from(SPELLED), pairs.map(lambda pair: pair[0]))


@st.composite
def two_sets(draw: st.DrawFn) -> tuple[list[Term], list[Term]]:
    """Two sets of terms that have some in common."""
    pool = draw(st.lists(terms, min_size=2, max_size=8))
    one, other = (draw(st.lists(st.sampled_from(pool), min_size=1, max_size=6)) for _ in range(2))
    return one, other


def same(term: Term) -> tuple[str, ...]:
    """What makes a term the one that it is."""
    if isinstance(term, ox.Literal):
        return ("literal", term.value, term.datatype.value, (term.language or "").lower())
    return ("iri", str(term))


def found(constraint: str, one: list[Term], other: list[Term]) -> Counter[tuple[str, ...] | None]:
    """The values that are reported; None stands for a result without one."""
    data = [f"ex:n ex:p {term} ." for term in one] + [f"ex:n ex:q {term} ." for term in other]
    asked = f"ex:S a sh:NodeShape ; sh:targetNode ex:n ; sh:property [ sh:path ex:p ; {constraint} ] ."
    results = outcome(load("\n".join(data)), shapes(asked), EngineChoice.OXIGRAPH).results
    return Counter(None if r.value is None else same(r.value) for r in results)


ONE, INT = (ox.Literal(text, datatype=ox.NamedNode(XSD + "integer")) for text in ("1", "01"))


@common
@example(sets=([ONE], [INT]))
@given(sets=two_sets())
def test_members_of_a_list_are_terms(sets: tuple[list[Term], list[Term]]) -> None:
    one, other = sets
    listed = " ".join(map(str, other))
    assert found(f"sh:in ( {listed} )", one, []) == Counter(set(map(same, one)) - set(map(same, other)))


@common
@example(sets=([ONE], [INT]))
@given(sets=two_sets())
def test_a_value_to_have_is_a_term(sets: tuple[list[Term], list[Term]]) -> None:
    one, (wanted, *_) = sets
    lacks = same(wanted) not in set(map(same, one))
    assert found(f"sh:hasValue {wanted}", one, []) == Counter([None] if lacks else [])


@common
@example(sets=([ONE], [INT]))
@given(sets=two_sets())
def test_sets_of_values_are_sets_of_terms(sets: tuple[list[Term], list[Term]]) -> None:
    one, other = (set(map(same, side)) for side in sets)
    assert found("sh:equals ex:q", *sets) == Counter(one ^ other)
    assert found("sh:disjoint ex:q", *sets) == Counter(one & other)


@common
@example(sets=([ONE, INT], [INT]))
@given(sets=two_sets())
def test_values_are_counted_as_terms(sets: tuple[list[Term], list[Term]]) -> None:
    one, other = sets
    number = len(set(map(same, one)))
    assert found(f"sh:minCount {number} ; sh:maxCount {number}", one, other) == Counter()
    assert found(f"sh:minCount {number + 1} ; sh:maxCount {number - 1}", one, other) == Counter({None: 2})
