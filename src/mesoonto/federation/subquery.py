"""The query that is sent to an endpoint for a SERVICE clause."""

from __future__ import annotations

import secrets

import pyoxigraph as ox

from mesoonto.federation import syntax
from mesoonto.federation.solutions import Row, Solutions, Term, values

#: What is selected when no variable of the pattern matters, since the number of solutions still does.
_COUNTER = "mesoonto_solution"


class SubQuery:
    """The pattern of a SERVICE clause as a SELECT query of its own."""

    def __init__(self, query: syntax.FederatedQuery, clause: syntax.Clause) -> None:
        self._declarations = query.declarations(clause.group)
        self._pattern = clause.pattern
        self._at_front = syntax.certain_at_front(clause.group)
        self.variables = clause.projected  #: of the solutions
        self.columns = self.variables or (_COUNTER,)  #: of the answer

    def text(self, bindings: Solutions | None = None, limit: int | None = None) -> str:
        """The query, restricted to *bindings*, or to the first *limit* solutions.

        The bindings are put into the pattern itself where that means the same as a join with the whole of
        it; endpoints evaluate that form well. Where an OPTIONAL, MINUS or BIND comes before the variables
        are bound it would not mean the same, and the pattern stays in braces of its own.
        """
        head = " ".join(f"?{name}" for name in self.variables) or f"(1 AS ?{_COUNTER})"
        if bindings is None:
            where = self._pattern
        elif frozenset(bindings.variables) <= self._at_front:
            where = f"{{\n{values(bindings)}\n{self._pattern[1:]}"
        else:
            where = f"{{\n{values(bindings)}\n{self._pattern}\n}}"
        lines = [self._declarations, f"SELECT {head} WHERE {where}"]
        if limit is not None:
            lines.append(f"LIMIT {limit}")
        return "\n".join(line for line in lines if line) + "\n"

    def with_own_blank_nodes(self, answer: Solutions) -> Solutions:
        """*answer* over the variables of the clause, its blank nodes different from those of any other."""
        token = secrets.token_hex(6)
        if not self.variables:
            return Solutions((), [()] * len(answer.rows))
        if not any(isinstance(term, ox.BlankNode) for row in answer.rows for term in row):
            return answer
        return Solutions(answer.variables, [_renamed(row, token) for row in answer.rows])


def _renamed(row: Row, token: str) -> Row:
    return tuple(_with_own_blank_nodes(term, token) for term in row)


def _with_own_blank_nodes(term: Term | None, token: str) -> Term | None:
    return ox.BlankNode(f"s{token}{term.value}") if isinstance(term, ox.BlankNode) else term
