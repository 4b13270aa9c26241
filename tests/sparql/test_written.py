"""A term that is written into a query is read back as the same term."""

from __future__ import annotations

import pyoxigraph as ox
from hypothesis import example, given
from hypothesis import strategies as st

from mesoonto.dataset.store import Engine, Term
from mesoonto.files.terms import XSD
from mesoonto.namespaces import PREFIXES
from mesoonto.sparql.written import written

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
_TYPES = [*(XSD + t for t in ("integer", "decimal", "double", "boolean", "date", "int")), "http://e/t#x"]
_VALUES = st.sampled_from(["1", "-1", "01", "1.5", "1.", ".5", "1e3", "true", "1\n", "2020-01-01"]) | _TEXT
_LITERALS = (
    st.builds(ox.Literal, _TEXT)
    | st.builds(lambda text: ox.Literal(text, language="en"), _TEXT)
    | st.builds(lambda v, t: ox.Literal(v, datatype=ox.NamedNode(t)), _VALUES, st.sampled_from(_TYPES))
)
_LOCAL = st.text("aZ0_-.,;()/~'é²:", max_size=8)
_IRIS = st.builds(
    lambda stem, local: ox.NamedNode(stem + local), st.sampled_from(["http://e/", *PREFIXES.values()]), _LOCAL
)


@given(_LITERALS | _IRIS)
@example(ox.Literal("12", datatype=ox.NamedNode(f"{XSD}decimal")))
def test_written_term_is_read_back_by_a_query(term: Term) -> None:
    """The engine itself, which knows nothing of how it was written, gives the same value."""
    ours = Engine(ox.Store(), "").query(f"SELECT ?x {{ VALUES ?x {{ {written(term)} }} }}")
    theirs = ox.Store().query(f"SELECT ?x {{ VALUES ?x {{ {term} }} }}")
    assert isinstance(theirs, ox.QuerySolutions)
    assert [row[0] for row in ours.rows()] == [row[0] for row in theirs]
