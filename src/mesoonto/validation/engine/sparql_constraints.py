"""Queries that shape authors wrote: SPARQL constraints (SHACL, section 5, appendix A) and targets.

The standard pre-binds ``$this`` and evaluates the query for each focus node. Here the query is evaluated
once for all of them where that comes to the same (`prebinding`), else for each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

import pyoxigraph as ox

from mesoonto.files.terms import Term
from mesoonto.validation.data import queries
from mesoonto.validation.data.graph import brief, unusable
from mesoonto.validation.data.literals import STEMS, by_value, decode
from mesoonto.validation.engine.prebinding import names_this, over_all, projects_this
from mesoonto.validation.engine.query_errors import complaint
from mesoonto.validation.engine.to_sparql import Focus
from mesoonto.validation.shapes.model import Shape, ShapeQuery, Shapes
from mesoonto.validation.shapes.paths import Path

_FORBIDDEN = {"MinusGraphPattern": "MINUS", "InlineData": "VALUES", "ValuesClause": "VALUES"}
_OWN_FOCUS = ox.NamedNode("urn:mesoonto:focus:query")

Ask = Callable[[str], Iterator[tuple[Term, ...]]]


@dataclass(frozen=True, slots=True)
class Violation:
    """One solution of a SPARQL constraint, in terms of the data store."""

    focus: Term
    value: Term | None
    path: Path | None
    messages: tuple[ox.Literal, ...] = field(default=(), compare=False)


def target_nodes(query: str, by_value_store: ox.Store, store: ox.Store) -> set[Term]:
    """The nodes that a SPARQLTarget selects as ``?this``."""
    if "this" not in _variables(by_value_store, query, "a target"):
        raise unusable("the query of a target does not select ?this")
    found = {row["this"] for row in _run(by_value_store, query, "a target") if "this" in row}
    return {node for term in found for node in as_written(term, None, store)}


def check(query: ShapeQuery, shape: Shape, functions: Collection[ox.NamedNode] = ()) -> None:
    """Raise ShapeError for a query that is not SPARQL, or that SHACL forbids (section 5.3.1, appendix A).

    *functions* are those that the shapes define.
    """
    # Most shapes hold no query, and the grammar takes as long to import as all the rest of the engine.
    from mesoonto.sparql.messages import mistake
    from mesoonto.sparql.parser import NotSparqlError, parse_query

    text, name = text_of(query, shape), brief(shape.node)
    _variables(ox.Store(), text, name, shape.node, functions)
    try:
        root = parse_query(text)
    except NotSparqlError as error:
        raise unusable(f"the query of {name}: {mistake(error, text)}", shape.node) from error
    for node in root.walk():
        if node.kind in _FORBIDDEN:
            raise unusable(
                f"the query of {name} holds {_FORBIDDEN[node.kind]}, which SHACL forbids",
                shape.node,
            )
        if node.kind == "SubSelect" and not projects_this(node):
            raise unusable(f"a subquery of {name} does not select $this, which SHACL asks for", shape.node)
        if node.kind in ("Bind", "SelectClause") and names_this(node):
            raise unusable(f"the query of {name} binds $this, which SHACL binds itself", shape.node)


def check_target(query: str, shape: Shape, functions: Collection[ox.NamedNode] = ()) -> None:
    """Raise ShapeError for a query of a target that is not SPARQL, or does not select ``?this``."""
    what = f"a target of {brief(shape.node)}"
    if "this" not in _variables(ox.Store(), query, what, shape.node, functions):
        raise unusable(f"the query of {what} does not select ?this", shape.node)


def check_others(shapes: Shapes) -> None:
    """Raise ShapeError for a query of a rule, a component or a function that is not SPARQL."""
    functions = shapes.functions
    for rule in shapes.rules:
        if rule.construct:
            _parsed(rule.construct, f"the rule of {brief(rule.shape)}", rule.shape, functions=functions)
    for node, text in shapes.queries:
        _parsed(re.sub(r"[?$]PATH\b", "<urn:path>", text), brief(node), node, functions=functions)


def queries_of(shapes: Shapes) -> Iterator[str]:
    """The SELECT queries of constraints and targets of *shapes*."""
    for shape in shapes.by_node.values():
        yield from (target.query for target in shape.targets if target.kind == "query")
        for constraint in shape.constraints:
            if isinstance(constraint, ShapeQuery):
                yield text_of(constraint, shape)


def obstacle(query: ShapeQuery) -> str | None:
    """Why only pySHACL can evaluate *query*, or None."""
    if re.search(r"[?$](?:shapesGraph|currentShape)\b", query.select):
        return "a query uses $shapesGraph or $currentShape"
    return None


def violations(
    query: ShapeQuery, shape: Shape, focus: Focus, store: ox.Store, by_value_store: ox.Store, ask: Ask
) -> Iterator[Violation]:
    """What the solutions of *query* over all of *focus* report: each reports, also one equal to another."""
    text = text_of(query, shape)
    pattern = f"{{ {focus.select()} }}"
    nodes: list[Term] = []
    whole = over_all(text, "") is not None
    if not whole or by_value_store is not store:
        nodes = [row[0] for row in ask(focus.select())]
        graph = ox.NamedNode(f"{_OWN_FOCUS.value}:{id(query)}:{abs(hash(pattern))}")
        if whole:
            by_value_store.extend(ox.Quad(graph, graph, node, graph) for node in nodes)
            pattern = f"GRAPH {graph} {{ {graph} {graph} ?this }}"
    for solution in _solutions(text, pattern, nodes, by_value_store, whole, shape):
        yield from _violations(solution, query, shape, store)


def _solutions(
    text: str, pattern: str, nodes: list[Term], store: ox.Store, whole: bool, shape: Shape
) -> Iterator[dict[str, Term]]:
    if whole:
        yield from _run(store, over_all(text, pattern) or text, brief(shape.node))
        return
    for node in nodes:
        for solution in _run(store, text, brief(shape.node), node):
            yield solution | {"this": node}


def _violations(
    solution: dict[str, Term], query: ShapeQuery, shape: Shape, store: ox.Store
) -> Iterator[Violation]:
    """What one solution reports: one violation for each spelling of its value."""
    if solution.get("failure") == ox.Literal(True):
        raise unusable(f"the query of {brief(shape.node)} reports a failure")
    path, message = solution.get("path"), solution.get("message")
    templates = query.messages or ((message,) if isinstance(message, ox.Literal) else ()) or shape.messages
    for this in as_written(solution["this"], None, store):
        values: list[Term | None] = [None if shape.path is not None else this]
        if "value" in solution:
            values = [*as_written(solution["value"], this, store)]
        for value in values:
            yield Violation(
                this,
                value,
                Path("", path) if shape.path is None and isinstance(path, ox.NamedNode) else None,
                tuple(_filled(template, solution) for template in templates),
            )


def _filled(template: ox.Literal, solution: dict[str, Term]) -> ox.Literal:
    """A message with the values of its variables, ``{?value}`` or ``{$value}`` (section 5.3.2)."""

    def shown(match: re.Match[str]) -> str:
        term = solution.get(match[1])
        return match[0] if term is None else str(getattr(decode(term), "value", term))

    text = re.sub(r"\{[?$](\w+)\}", shown, template.value)
    return ox.Literal(text, language=template.language) if template.language else ox.Literal(text)


def text_of(query: ShapeQuery, shape: Shape) -> str:
    """The query with the path of a property shape in place of ``$PATH``."""
    if shape.path is None:
        return query.select
    path = shape.path.sparql
    return re.sub(r"[?$]PATH\b", lambda _: path, query.select)


def _variables(
    store: ox.Store,
    text: str,
    what: str,
    node: Term | None = None,
    functions: Collection[ox.NamedNode] = (),
) -> tuple[str, ...]:
    """The variables that the SELECT query of *what* selects."""
    found = _parsed(text, what, node, store, functions)
    if found is None:
        raise unusable(f"the query of {what} is not a SELECT query", node)
    return found


def _parsed(
    text: str,
    what: str,
    node: Term | None = None,
    store: ox.Store | None = None,
    functions: Collection[ox.NamedNode] = (),
) -> tuple[str, ...] | None:
    """The variables of the query of *what*, None where it is no SELECT query; a ShapeError where wrong."""
    try:
        return queries.variables(ox.Store() if store is None else store, text, functions)
    except SyntaxError as error:
        raise unusable(f"the query of {what} {complaint(text, error)}", node) from error
    except (ValueError, RuntimeError) as error:
        raise unusable(f"the query of {what}: {error}", node) from error


def _run(store: ox.Store, text: str, what: str, this: Term | None = None) -> Iterator[dict[str, Term]]:
    """The solutions of the query of *what*, each with the variables that it binds."""
    try:
        yield from queries.solutions(store, text, this)
    except (SyntaxError, ValueError, RuntimeError, OSError) as error:
        raise unusable(f"the query of {what}: {error}") from error


def as_written(term: Term, focus: Term | None, store: ox.Store) -> list[Term]:
    """The terms of the data store that a query, which knows values alone, found as *term*.

    The spellings are taken from the statements about *focus*, else from any.
    """
    if not isinstance(term, ox.Literal):
        return [term]
    about = None if isinstance(focus, ox.Literal) else focus
    for subject in dict.fromkeys((about, None)):
        found = dict.fromkeys(
            quad.object
            for quad in store.quads_for_pattern(subject, None, None, ox.DefaultGraph())
            if isinstance(quad.object, ox.Literal) and _means(quad.object, term)
        )
        if found:
            return list(found)
    return [term]


def _means(spelling: ox.Literal, value: ox.Literal) -> bool:
    if spelling.datatype.value.startswith(STEMS):
        return by_value(spelling) == value
    return spelling == value
