"""Runs SELECT queries so that pyoxigraph's iterators end in the thread that began them.

An iterator of pyoxigraph that another thread lets go of raises an error there ("unsendable, but is being
dropped on another thread", pyoxigraph 0.5.13). That happens to whatever a traceback keeps: the frames of an
exception that crosses threads, or that the garbage collector of some other thread finds in a cycle. So an
iterator is held by no frame that an exception can leave.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pyoxigraph as ox

from mesoonto.files.terms import Term
from mesoonto.validation.data.values import FUNCTIONS

_THIS = ox.Variable("this")


def select(store: ox.Store, query: str) -> Iterator[tuple[Term, ...]]:
    """The rows of a SELECT query; raises what pyoxigraph raises, while it goes on, too."""
    found = store.query(query, custom_functions=FUNCTIONS)  # type: ignore[arg-type]
    try:
        for row in found:  # type: ignore[union-attr]
            yield tuple(row)
    finally:
        del found


def solutions(store: ox.Store, query: str, this: Term | None = None) -> Iterator[dict[str, Term]]:
    """The solutions of a SELECT query, each with the variables that it binds; *this* is ``?this`` in it."""
    found = store.query(query, substitutions=None if this is None else {_THIS: this})
    try:
        names = [variable.value for variable in found.variables]  # type: ignore[union-attr]
        for row in found:  # type: ignore[union-attr]
            yield {name: term for name, term in zip(names, row, strict=True) if term is not None}
    finally:
        del found


def variables(
    store: ox.Store, query: str, functions: Collection[ox.NamedNode] = ()
) -> tuple[str, ...] | None:
    """The names of the variables of *query*; None when it is no SELECT query. Nothing is evaluated.

    It may call *functions*, which somebody else evaluates.
    """
    found = store.query(query, custom_functions=dict.fromkeys(functions, lambda *_: None))
    try:
        return tuple(v.value for v in found.variables) if isinstance(found, ox.QuerySolutions) else None
    finally:
        del found


def construct(store: ox.Store, query: str, this: Term | None = None) -> list[ox.Triple] | None:
    """The triples of a CONSTRUCT query in which *this* is ``?this``; None when it is another query."""
    found = store.query(query, substitutions=None if this is None else {_THIS: this})
    try:
        return list(found) if isinstance(found, ox.QueryTriples) else None
    finally:
        del found


def in_sparql(pattern: str, flags: str) -> bool:
    """Whether *pattern* is a regular expression that the store evaluates."""
    call = f"REGEX('', {ox.Literal(pattern)}, {ox.Literal(flags)})"
    return any(select(ox.Store(), f"SELECT ?ok {{ BIND({call} AS ?ok) FILTER(BOUND(?ok)) }}"))
