"""The query for the local solutions that a SERVICE clause can join with.

The context of a clause is a pattern that holds in every solution of the whole query to which the clause
contributes. It is made from what stands around the clause, and may hold in more solutions than the query
has, never in fewer: a part whose effect is not known while the clause is unknown is left out. The algebra
that this rests on is that of SPARQL 1.1, section 18.5: Join is commutative and associative, and a solution
that goes through Join, the left side of LeftJoin or Minus, Filter and Extend keeps all its bindings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mesoonto.dataset import query_features
from mesoonto.federation import syntax
from mesoonto.federation.syntax import NOTHING, Clause, FederatedQuery, Names
from mesoonto.sparql.tree import Node


@dataclass(frozen=True, slots=True)
class Context:
    """What surrounds a clause, as a pattern in braces, empty when nothing of use does."""

    text: str = ""
    scope: Names = NOTHING
    certain: Names = NOTHING


@dataclass(frozen=True, slots=True)
class LocalQuery:
    """The SELECT query for the bindings of *variables*, which the clause can be restricted by."""

    text: str
    variables: tuple[str, ...]


def local_query(
    query: FederatedQuery, clause: Clause, fetched: Mapping[Node, str], limit: int
) -> LocalQuery | None:
    """The query for the first *limit* solutions of the local side of *clause*, or None when nothing binds any
    of its variables.

    *fetched* has the patterns in place of the clauses whose solutions are known, by the id of their nodes.
    """
    wanted = clause.certain | ({clause.variable} if clause.variable else NOTHING)
    climb = _Climb(query, {c.node for c in query.clauses} - fetched.keys(), fetched)
    context = climb.around(clause.node, wanted)
    names = tuple(sorted(context.scope & climb.allowed))
    if not names:
        return None
    head = f"SELECT DISTINCT {' '.join(f'?{name}' for name in names)}"
    return LocalQuery(
        f"{query.prologue()}\n{head} {query.dataset()}\nWHERE {context.text}\nLIMIT {limit}\n".lstrip(), names
    )


def rewrite(query: FederatedQuery, fetched: Mapping[Node, str]) -> str:
    """The text of *query* with each clause replaced by the pattern that *fetched* has for it."""
    return _with_patterns(query.root, fetched)


def outline(query: FederatedQuery) -> query_features.Outline:
    """The outline of *query* once its clauses are replaced, and of the local queries made from its parts.

    It is that of the text with an empty group in the place of each clause: what is put there instead is
    written by `solutions.pattern`, which holds terms and nothing that an outline tells of. What other
    endpoints say may differ the next time, so that the result counts as volatile.
    """
    return replace(
        query_features.outline(rewrite(query, {c.node: "{}" for c in query.clauses})), volatile=True
    )


def _with_patterns(node: Node, fetched: Mapping[Node, str]) -> str:
    """The text of *node*, its SERVICE clauses replaced."""
    source, start = node.text, node.start
    parts, done = [], 0
    for clause in sorted(_clauses_in(node, fetched), key=lambda c: c.start):
        parts.append(source[done : clause.start - start])
        parts.append(fetched[clause])
        done = clause.end - start
    return "".join(parts) + source[done:]


def _clauses_in(node: Node, ids: Mapping[Node, str] | set[Node]) -> list[Node]:
    return [n for n in node.walk() if n.kind == "ServiceGraphPattern" and n in ids]


class _Climb:
    """Goes from a clause outwards and gathers its context."""

    def __init__(self, query: FederatedQuery, pending: set[Node], fetched: Mapping[Node, str]) -> None:
        self._query = query
        self._pending = pending
        self._fetched = fetched
        self.allowed: Names = NOTHING  #: variables whose local bindings may restrict the clause

    def around(self, clause: Node, wanted: Names) -> Context:
        self.allowed = wanted
        context, node = Context(), clause
        while True:
            group = node.parent
            if group is None or group.kind != "GroupGraphPattern":
                return context  # an EXISTS in a place that is not understood
            context = self._relax(group, node, context)
            container = group.parent
            if container is None:
                return context
            match container.kind:
                case "GroupOrUnionGraphPattern":
                    node = container
                case "GraphGraphPattern":
                    context, node = self._in_graph(container, context), container
                case "OptionalGraphPattern" | "MinusGraphPattern":
                    outer = container.parent
                    assert outer is not None  # noqa: S101  # as the grammar says
                    return self._relax(outer, container, context, only_before=True)
                case "ExistsFunc" | "NotExistsFunc":
                    return self._around_exists(container)
                case "WhereClause":
                    select = container.parent
                    assert select is not None  # noqa: S101  # as the grammar says
                    if select.kind != "SubSelect":
                        return self._with_trailing_values(context)
                    if syntax.cuts(select) or context.scope & self.allowed:
                        return context
                    plain, _ = syntax.projection(select)
                    self.allowed = self.allowed if plain is None else self.allowed & plain
                    context, node = Context(), select
                case _:
                    return context

    def _around_exists(self, exists: Node) -> Context:
        """What surrounds the FILTER in which *exists* stands. What stands beside the clause inside EXISTS is
        evaluated with the outer solution substituted, so that it tells nothing by itself.
        """
        node = exists
        while node.kind != "Filter":
            if node.parent is None or node.kind == "GroupGraphPattern":
                return Context()
            node = node.parent
        group = node.parent
        assert group is not None  # noqa: S101  # as the grammar says
        return self._relax(group, node, Context())

    def _with_trailing_values(self, context: Context) -> Context:
        block = syntax.trailing_values(self._query.form)
        if block is None or self._query.aggregates:
            return context
        names = syntax.scope_of_values(block)
        return Context(
            f"{{ {context.text} {block.text} }}",
            context.scope | names,
            context.certain | syntax.certain_of_values(block),
        )

    def _in_graph(self, graph: Node, inner: Context) -> Context:
        term = graph.children[1]
        names = frozenset((term.text[1:],)) if term.kind == "VAR" else NOTHING
        if not inner.text and not names:
            return inner
        return Context(
            f"{{ GRAPH {term.text} {inner.text or '{}'} }}",
            inner.scope | names,
            inner.certain | names,
        )

    def _relax(self, group: Node, path: Node | None, inner: Context, *, only_before: bool = False) -> Context:
        """What of *group* holds whatever its pending clauses yield.

        *path* is the element that holds the clause, and *inner* the context gathered inside it. With
        *only_before*, elements behind *path* are left out, as they are not part of its left side.
        """
        kept: list[str] = []
        scope: set[str] = set()
        certain: set[str] = set()
        dropped: set[str] = set()  # what the parts left out could bind
        filters: list[Node] = []
        passed = False
        for element in syntax.elements(group):
            if path is not None and element is path:
                if inner.text:
                    kept.append(inner.text)
                scope |= inner.scope
                certain |= inner.certain
                dropped |= syntax.scope(element)
                passed = True
            elif element.kind == "Filter":
                filters.append(element)
            elif (passed and only_before) or syntax.is_volatile(element):
                dropped |= syntax.scope(element)
            elif _clauses_in(element, self._pending):
                part = self._relaxed_part(element)
                dropped |= syntax.scope(element)
                if part.text:
                    kept.append(part.text)
                scope |= part.scope
                certain |= part.certain
            elif _is_fixed(element, certain, scope, dropped):
                kept.append(_with_patterns(element, self._fetched) + _full_stop(element))
                scope |= syntax.scope(element)
                certain |= syntax.certain(element)
            else:
                dropped |= syntax.scope(element)
        known = certain | (scope - dropped)
        for constraint in filters:
            mentioned = syntax.variables(constraint)
            if path is not None and constraint is path:
                continue
            if syntax.has_exists(constraint) or syntax.is_volatile(constraint):
                continue
            if mentioned <= known | scope:
                kept.append(_guarded(constraint, mentioned - known))
        if not scope:
            return Context()
        lines = "\n".join(kept)
        return Context(f"{{\n{lines}\n}}", frozenset(scope), frozenset(certain))

    def _relaxed_part(self, element: Node) -> Context:
        """What of *element*, in which a pending clause stands, holds in any case."""
        if element.kind == "GroupOrUnionGraphPattern":
            branches = [self._relax(b, None, Context()) for b in syntax.elements(element)]
            return Context(
                "{ " + " UNION ".join(b.text or "{}" for b in branches) + " }",
                frozenset().union(*(b.scope for b in branches)),
                frozenset.intersection(*(b.certain for b in branches)),
            )
        if element.kind == "GraphGraphPattern":
            return self._in_graph(element, self._relax(syntax.group_of(element), None, Context()))
        return Context()


def _guarded(constraint: Node, unsure: Names) -> str:
    """The FILTER *constraint*, passed by solutions that leave one of *unsure* to the clause to bind.

    What a solution binds, no later join can change, so that the constraint counts for all others.
    """
    text = next(c for c in constraint.children if not c.is_token).text
    guards = "".join(f"!BOUND(?{name}) || " for name in sorted(unsure))
    return f"FILTER({guards}{text})"


def _full_stop(element: Node) -> str:
    """The full stop that *element* needs, since other triples may come to stand behind it."""
    return " ." if element.kind == "TriplesBlock" and element.children[-1].kind != "." else ""


def _is_fixed(element: Node, certain: set[str], scope: set[str], dropped: set[str]) -> bool:
    """Whether *element*, behind elements of which some were left out, yields what it yields in the query."""
    match element.kind:
        case "OptionalGraphPattern" | "LateralGraphPattern" | "MinusGraphPattern":
            return (syntax.variables(element) & dropped) <= certain
        case "Bind":
            mentioned, _ = syntax.bound_by_bind(element)
            return not syntax.has_exists(element) and mentioned <= certain | (scope - dropped)
        case _:
            return True
