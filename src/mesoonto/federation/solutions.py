"""Solutions that cross the border between endpoints, and the VALUES blocks that carry them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyoxigraph as ox

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Row = tuple[Term | None, ...]


@dataclass(frozen=True, slots=True)
class Solutions:
    """A table of terms; None stands for an unbound variable."""

    variables: tuple[str, ...]
    rows: Sequence[Row]

    def columns(self, names: Sequence[str]) -> Solutions:
        """Only the columns *names*, each row once, in a stable order."""
        places = [self.variables.index(name) for name in names]
        distinct = {tuple(row[place] for place in places) for row in self.rows}
        return Solutions(tuple(names), sorted(distinct, key=lambda row: [str(term) for term in row]))

    def bound(self) -> tuple[str, ...]:
        """The variables that every row binds."""
        return tuple(
            name for i, name in enumerate(self.variables) if all(row[i] is not None for row in self.rows)
        )

    def binds(self, name: str) -> bool:
        """Whether some row binds the variable *name*."""
        place = self.variables.index(name)
        return any(row[place] is not None for row in self.rows)


def values(solutions: Solutions) -> str:
    """*solutions* as a VALUES block."""
    names = " ".join(f"?{name}" for name in solutions.variables)
    rows = "\n".join(f"({' '.join(map(_cell, row))})" for row in solutions.rows)
    return f"VALUES ({names}) {{\n{rows}\n}}"


def pattern(solutions: Solutions) -> str:
    """A graph pattern in braces with exactly *solutions* as its solutions, for pyoxigraph.

    SPARQL has no way to write a blank node in VALUES. pyoxigraph's BNODE gives the same node for the same
    label throughout a query, so columns with blank nodes are carried as labels and turned back.
    """
    blank = {
        name
        for i, name in enumerate(solutions.variables)
        if any(isinstance(row[i], ox.BlankNode) for row in solutions.rows)
    }
    if not blank:
        return f"{{ {values(solutions)} }}"
    plain, outputs = [], []
    for name in solutions.variables:
        plain.append(name)
        if name in blank:
            plain.append(_label_of(name, solutions.variables))
            outputs.append((name, plain[-1]))
    rows = [_with_labels(row, solutions.variables, blank) for row in solutions.rows]
    # The inner names must differ from the outer ones: an expression cannot bind a variable that is in scope.
    inner = {name: _label_of(f"{name}_term", solutions.variables) for name, _ in outputs}
    block = values(Solutions(tuple(inner.get(name, name) for name in plain), rows))
    computed = {name: f"(COALESCE(?{inner[name]}, BNODE(?{label})) AS ?{name})" for name, label in outputs}
    head = " ".join(computed.get(name, f"?{name}") for name in solutions.variables)
    return f"{{ SELECT {head} {{ {block} }} }}"


def _with_labels(row: Row, names: Sequence[str], blank: set[str]) -> Row:
    cells: list[Term | None] = []
    for name, term in zip(names, row, strict=True):
        is_blank = isinstance(term, ox.BlankNode)
        cells.append(None if is_blank else term)
        if name in blank:
            cells.append(ox.Literal(term.value) if isinstance(term, ox.BlankNode) else None)
    return tuple(cells)


def _label_of(name: str, taken: Sequence[str]) -> str:
    label = f"{name}_label"
    while label in taken:
        label += "_"
    return label


def _cell(term: Term | None) -> str:
    return "UNDEF" if term is None else str(term)
