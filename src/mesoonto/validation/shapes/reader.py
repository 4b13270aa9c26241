"""From a shapes graph to shapes as objects; what is not well formed (SHACL, appendix B) raises ShapeError."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

import pyoxigraph as ox

from mesoonto.errors import ShapeError
from mesoonto.files.terms import LABEL, OWL, RDFS, SUBCLASS, TYPE, XSD, Term
from mesoonto.validation.data.graph import Graph, brief, unusable
from mesoonto.validation.data.literals import is_well_formed
from mesoonto.validation.data.queries import in_sparql
from mesoonto.validation.data.vocabulary import NODE_KINDS, PARAMETERS, SH, sh
from mesoonto.validation.shapes.constructs import refuse
from mesoonto.validation.shapes.model import (
    Bound,
    Class,
    Closed,
    Constraint,
    Count,
    Datatype,
    Foreign,
    HasValue,
    In,
    LanguageIn,
    Length,
    Logical,
    Nested,
    NodeKind,
    Operator,
    Pair,
    Pattern,
    Qualified,
    Shape,
    ShapeQuery,
    ShapeRule,
    Shapes,
    Target,
    UniqueLang,
    named_shapes,
)
from mesoonto.validation.shapes.paths import Path, read_path

_BOUNDS = {
    "minExclusive": Operator.GREATER,
    "minInclusive": Operator.GREATER_OR_EQUAL,
    "maxExclusive": Operator.LESS,
    "maxInclusive": Operator.LESS_OR_EQUAL,
}
_TARGET_KINDS = {
    "targetClass": "class",
    "targetNode": "node",
    "targetSubjectsOf": "subjects",
    "targetObjectsOf": "objects",
}
#: Parameters that only make sense for a shape with a path (section 4, "property shapes only").
_NEED_PATH = ("minCount", "maxCount", "uniqueLang", "lessThan", "lessThanOrEquals", "qualifiedValueShape")
#: Parameters of which a shape has at most one value (sections 4.1 to 4.4, 4.8.3).
_AT_MOST_ONE = frozenset((
    "datatype", "in", "languageIn", "maxCount", "maxExclusive", "maxInclusive", "maxLength", "minCount",
    "minExclusive", "minInclusive", "minLength", "nodeKind", "uniqueLang",
))  # fmt: skip
_VALIDATORS = ("validator", "nodeValidator", "propertyValidator")


def read_shapes(graph: Graph, inferred: frozenset[str] = frozenset()) -> Shapes:
    """The shapes of *graph*; raises ShapeError when one is not well formed.

    *inferred* are the entailment regimes by which the data are completed before.
    """
    refuse(graph, inferred)
    reader = _ShapeReader(graph)
    for node in [*graph.subjects()]:
        if reader.is_declared(node):
            reader.read(node)
    return Shapes(
        graph,
        reader.shapes,
        tuple(sorted(reader.foreign)),
        tuple(reader.ordered_rules()),
        recursive=frozenset(_leading_back(reader.shapes)),
        queries=tuple(reader.foreign_queries()),
    )


def component_name(parameter: str) -> str:
    """The local name of the constraint component of *parameter*.

    >>> component_name("minCount")
    'MinCountConstraintComponent'
    """
    special = {
        "sparql": "SPARQLConstraintComponent",
        "property": "PropertyShapeComponent",
        "qualifiedMinCount": "QualifiedMinCountConstraintComponent",
    }
    return special.get(parameter, f"{parameter[0].upper()}{parameter[1:]}ConstraintComponent")


def _leading_back(shapes: dict[Term, Shape]) -> Iterator[Term]:
    """The shapes from which references lead back to themselves."""
    referred = {node: {*_referred(shape)} & shapes.keys() for node, shape in shapes.items()}
    # What refers to nothing, or only to such shapes, leads back to nothing; the same from the other side.
    for _ in range(2):
        while ended := [node for node, further in referred.items() if not further]:
            for node in ended:
                del referred[node]
            for further in referred.values():
                further.difference_update(ended)
        turned: dict[Term, set[Term]] = {node: set() for node in referred}
        for node, further in referred.items():
            for other in further:
                turned[other].add(node)
        referred = turned
    for node, further in referred.items():
        waiting, seen = list(further), set(further)
        while waiting and node not in seen:
            new = referred[waiting.pop()] - seen
            seen |= new
            waiting += new
        if node in seen:
            yield node


def _referred(shape: Shape) -> Iterator[Term]:
    for constraint in shape.constraints:
        yield from named_shapes(constraint)


@dataclass
class _ShapeReader:
    graph: Graph
    shapes: dict[Term, Shape] = field(default_factory=dict)
    foreign: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.components = [s for s in self.graph.subjects() if self._is_component(s)]
        self.classes = self._kinds_of_classes()
        for subject in self.graph.subjects():
            if isinstance(subject, ox.NamedNode) and sh("SPARQLFunction") in self.graph.all(subject, TYPE):
                self.foreign.add("SHACL functions")

    def _kinds_of_classes(self) -> set[Term]:
        """The classes whose instances are classes, so that a shape of such a type has itself as target class.

        SHACL (section 2.1.3.3) names rdfs:Class and what the shapes put below it. In OWL a class is one as
        well, and shapes such as Brick's are written so.
        """
        found: set[Term] = {ox.NamedNode(RDFS + "Class"), ox.NamedNode(OWL + "Class")}
        below: dict[Term, list[Term]] = {}
        for subject in self.graph.subjects():
            for above in self.graph.all(subject, SUBCLASS):
                below.setdefault(above, []).append(subject)
        waiting = list(found)
        while waiting:
            new = set(below.get(waiting.pop(), ())) - found
            found |= new
            waiting += new
        return found

    def _is_component(self, node: Term) -> bool:
        return bool(self.graph.all(node, sh("parameter"))) and any(
            self.graph.all(node, sh(validator)) for validator in _VALIDATORS
        )

    def is_declared(self, node: Term) -> bool:
        types = self.graph.all(node, TYPE)
        if sh("NodeShape") in types or sh("PropertyShape") in types:
            return True
        return any(self.graph.all(node, sh(target)) for target in (*_TARGET_KINDS, "target"))

    def read(self, node: Term) -> Term:
        """Read the shape at *node* and those that it names; gives *node*."""
        waiting = [node]
        while waiting:
            current = waiting.pop()
            if current in self.shapes:
                continue
            self.shapes[current] = shape = Shape(current)
            try:
                self._fill(shape)
            except ShapeError as error:
                if error.node is not None:
                    raise
                raise ShapeError(error.message, error.place, current) from error
            for constraint in shape.constraints:
                waiting += named_shapes(constraint)
            for rule in self.graph.all(current, sh("rule")):
                waiting += self.graph.all(rule, sh("condition"))
        return node

    def ordered_rules(self) -> Iterator[ShapeRule]:
        """The rules of all shapes, shapes and rules by their ``sh:order``."""
        for node in sorted(self.shapes, key=self._order):
            for rule in sorted(self.graph.all(node, sh("rule")), key=self._order):
                if not self._flag(rule, "deactivated"):
                    yield self._rule(node, rule)

    def foreign_queries(self) -> Iterator[tuple[Term, str]]:
        """The queries of validators and functions, each with the node that has it."""
        holders = [f for f in self.graph.subjects() if sh("SPARQLFunction") in self.graph.all(f, TYPE)]
        for component in self.components:
            for word in _VALIDATORS:
                holders += self.graph.all(component, sh(word))
        for holder in dict.fromkeys(holders):
            for kind in ("ask", "select"):
                text = self._query(holder, kind, "")
                if text is not None:
                    yield holder, text

    def _rule(self, node: Term, rule: Term) -> ShapeRule:
        conditions = tuple(self.graph.all(rule, sh("condition")))
        if sh("SPARQLRule") in self.graph.all(rule, TYPE):
            return ShapeRule(node, conditions, construct=self._query(rule, "construct", "SPARQLRule") or "")
        parts: list[Term | Path | None] = []
        made = self.graph.one(rule, sh("predicate"))
        predicate = made if isinstance(made, ox.NamedNode) and made != sh("this") else None
        for word in ("subject", "predicate", "object"):
            term = self.graph.one(rule, sh(word))
            if term is None:
                raise unusable(f"the rule of {brief(node)} has no sh:{word}")
            predicates = [*self.graph.predicates(term)] if isinstance(term, ox.BlankNode) else []
            if isinstance(term, ox.BlankNode) and predicates != [sh("path")]:
                return ShapeRule(node, conditions, predicate=predicate)
            at = self.graph.one(term, sh("path")) if predicates else None
            parts.append(
                read_path(self.graph, at) if at is not None else None if term == sh("this") else term
            )
        return ShapeRule(node, conditions, triple=tuple(parts), predicate=predicate)

    def _order(self, node: Term) -> Decimal:
        order = self.graph.one(node, sh("order"))
        if not isinstance(order, ox.Literal):
            return Decimal(0)
        try:
            return Decimal(order.value)
        except InvalidOperation as error:
            raise unusable(f"sh:order of {brief(node)} is not a number") from error

    def _fill(self, shape: Shape) -> None:
        graph, node = self.graph, shape.node
        if isinstance(node, ox.Literal):
            raise unusable(f"{brief(node)} stands where a shape is needed")
        path = graph.all(node, sh("path"))
        if len(path) > 1:
            raise unusable(f"{brief(node)} has more than one sh:path")
        if path:
            shape.path = read_path(graph, path[0])
            if sh("NodeShape") in graph.all(node, TYPE):
                raise unusable(f"the node shape {brief(node)} has a sh:path")
        elif sh("PropertyShape") in graph.all(node, TYPE):
            raise unusable(f"the property shape {brief(node)} has no sh:path")
        shape.deactivated = self._flag(node, "deactivated")
        shape.severity = _iri(graph.one(node, sh("severity")), node, "severity", SH + "Violation")
        shape.messages = self._texts(node, "message")
        labels = [o.value for o in graph.all(node, LABEL) if isinstance(o, ox.Literal)]
        names = [o.value for o in graph.all(node, sh("name")) if isinstance(o, ox.Literal)]
        shape.label = (labels or names or [""])[0]
        shape.targets = tuple(self._targets(node))
        if graph.all(node, sh("rule")):
            self._check_rules(node)
        shape.constraints = tuple(self._constraints(shape))

    def _targets(self, node: Term) -> Iterator[Target]:
        for predicate, kind in _TARGET_KINDS.items():
            for term in self.graph.all(node, sh(predicate)):
                if kind != "node" and not isinstance(term, ox.NamedNode):
                    raise unusable(f"sh:{predicate} of {brief(node)} is not an IRI")
                if isinstance(term, ox.BlankNode):
                    raise unusable(
                        f"sh:{predicate} of {brief(node)} is a blank node, not an IRI or a literal"
                    )
                yield Target(kind, term)
        if isinstance(node, ox.NamedNode) and self.classes & set(self.graph.all(node, TYPE)):
            yield Target("class", node)
        for target in self.graph.all(node, sh("target")):
            text = self._query(target, "select", "SPARQLTarget") or self._typed_target(target)
            if text is None:
                raise unusable(
                    f"the target of {brief(node)} is neither a SPARQLTarget nor of a type of targets"
                )
            yield Target("query", target, text)

    def _typed_target(self, target: Term) -> str | None:
        """The query of a SPARQLTargetType with the parameters of *target* (Advanced Features, 3.2)."""
        types = self.graph.all(target, TYPE)
        kinds = [kind for kind in types if sh("SPARQLTargetType") in self.graph.all(kind, TYPE)]
        if not kinds:
            return None
        text = self._query(kinds[0], "select", "SPARQLTargetType") or ""
        for parameter in self.graph.all(kinds[0], sh("parameter")):
            path = self.graph.one(parameter, sh("path"))
            value = self.graph.one(target, path) if isinstance(path, ox.NamedNode) else None
            if isinstance(path, ox.NamedNode) and value is not None:
                text = _bound(text, re.split("[/#]", path.value)[-1], value)
            elif not self._flag(parameter, "optional"):
                raise unusable(f"the target {brief(target)} lacks the parameter {brief(path or parameter)}")
        return text

    def _query(self, node: Term, kind: str, what: str) -> str | None:
        """The text of the query at *node* with its prefixes, checked as SPARQL and for SERVICE."""
        found = self.graph.all(node, sh(kind))
        if not found:
            if sh(what) in self.graph.all(node, TYPE):
                raise unusable(f"{brief(node)} is a sh:{what} without sh:{kind}")
            return None
        if len(found) > 1 or not isinstance(found[0], ox.Literal):
            raise unusable(f"{brief(node)} needs one text in sh:{kind}")
        # Most shapes hold no query, and the grammar takes its time to import.
        from mesoonto.dataset.query_features import names_service, outline
        from mesoonto.sparql.messages import explained

        text = self._prefixes(node) + found[0].value
        # The path of a property shape takes the place of $PATH later.
        complete = re.sub(r"[?$]PATH\b", "<urn:path>", text)
        if outline(complete, {}).has_service:
            if names_service(complete):
                raise unusable("a query in them holds SERVICE, which is refused")
            raise unusable(f"the query of {brief(node)}: {explained(complete)}")
        return text

    def _prefixes(self, node: Term) -> str:
        """The PREFIX lines that ``sh:prefixes`` of *node* asks for, imports included (section 5.2.1)."""
        waiting = list(self.graph.all(node, sh("prefixes")))
        seen: set[Term] = set()
        lines: dict[str, str] = {}
        while waiting:
            ontology = waiting.pop()
            if ontology in seen:
                continue
            seen.add(ontology)
            waiting += self.graph.all(ontology, ox.NamedNode(OWL + "imports"))
            for declaration in self.graph.all(ontology, sh("declare")):
                prefix = self.graph.one(declaration, sh("prefix"))
                stem = self.graph.one(declaration, sh("namespace"))
                if not isinstance(prefix, ox.Literal) or not isinstance(stem, ox.Literal):
                    raise unusable(f"sh:declare of {brief(ontology)} needs sh:prefix and sh:namespace")
                if lines.setdefault(prefix.value, stem.value) != stem.value:
                    raise unusable(f"the prefix {prefix.value}: is declared twice, for different namespaces")
        return "".join(f"PREFIX {prefix}: <{stem}>\n" for prefix, stem in lines.items())

    def _check_rules(self, node: Term) -> None:
        for rule in self.graph.all(node, sh("rule")):
            types = self.graph.all(rule, TYPE)
            known = [kind for kind in ("TripleRule", "SPARQLRule", "JSRule") if sh(kind) in types]
            if not known:
                raise unusable(f"the rule of {brief(node)} is of no kind that SHACL knows")
            needed = {"TripleRule": "subject", "SPARQLRule": "construct"}.get(known[0])
            if needed and not self.graph.all(rule, sh(needed)):
                raise unusable(f"the rule of {brief(node)} has no sh:{needed}")

    # Constraints

    def _constraints(self, shape: Shape) -> Iterator[Constraint]:
        for parameter in PARAMETERS:
            for value in self.graph.all(shape.node, sh(parameter)):
                if parameter in _NEED_PATH and shape.path is None:
                    raise unusable(f"sh:{parameter} of {brief(shape.node)} needs a sh:path beside it")
                yield from self._constraint(shape, parameter, value)
        if self.graph.all(shape.node, sh("expression")):
            yield Foreign(component_name("expression"), "sh:expression")
        for component in self.components:
            yield from self._custom(shape, component)

    def _constraint(self, shape: Shape, parameter: str, value: Term) -> Iterator[Constraint]:
        name, node = component_name(parameter), shape.node
        if parameter in _AT_MOST_ONE:
            self.graph.one(node, sh(parameter))
        match parameter:
            case "class":
                yield Class(name, ox.NamedNode(_iri(value, node, parameter)))
            case "datatype":
                yield Datatype(name, _iri(value, node, parameter))
            case "nodeKind":
                kind = _iri(value, node, parameter).removeprefix(SH)
                if kind not in NODE_KINDS:
                    raise unusable(
                        f"sh:nodeKind of {brief(node)} is {brief(value)}, not one of the six kinds"
                    )
                yield NodeKind(name, kind)
            case "minCount" | "maxCount":
                yield Count(name, _count(value, node, parameter))
            case "minLength" | "maxLength":
                yield Length(name, _count(value, node, parameter))
            case "minExclusive" | "minInclusive" | "maxExclusive" | "maxInclusive":
                if not isinstance(value, ox.Literal):
                    raise unusable(f"sh:{parameter} of {brief(node)} is not a literal")
                yield Bound(name, _BOUNDS[parameter], value)
            case "pattern":
                yield self._pattern(name, node, value)
            case "languageIn":
                tags = self.graph.items(value)
                yield LanguageIn(name, tuple(_text(tag, node, parameter) for tag in tags))
            case "uniqueLang":
                if _boolean(value, node, parameter):
                    yield UniqueLang(name)
            case "in":
                yield In(name, self.graph.items(value))
            case "hasValue":
                yield HasValue(name, value)
            case "equals" | "disjoint" | "lessThan" | "lessThanOrEquals":
                yield Pair(name, ox.NamedNode(_iri(value, node, parameter)))
            case "closed":
                if _boolean(value, node, parameter):
                    yield Closed(name, tuple(self._allowed(node)))
            case "and" | "or" | "xone":
                yield Logical(
                    name, tuple(self._shape(item, node, parameter) for item in self.graph.items(value))
                )
            case "not" | "node":
                yield Logical(name, (self._shape(value, node, parameter),))
            case "property":
                # Of a node of which nothing is said a doubt tells; DCAT-AP 3.0.1 names one.
                if value in self.graph and not self.graph.all(value, sh("path")):
                    raise unusable(f"sh:property of {brief(node)} names {brief(value)}, which has no sh:path")
                yield Nested(name, value)
            case "qualifiedValueShape":
                yield from self._qualified(shape, value)
            case "sparql":
                yield from self._sparql(name, value)

    def _shape(self, value: Term, node: Term, parameter: str) -> Term:
        if isinstance(value, ox.Literal):
            raise unusable(f"sh:{parameter} of {brief(node)} names {brief(value)}, which is not a shape")
        return value

    def _pattern(self, name: str, node: Term, value: Term) -> Pattern:
        text = _text(value, node, "pattern")
        flags = self.graph.one(node, sh("flags"))
        letters = flags.value if isinstance(flags, ox.Literal) else ""
        try:
            if not in_sparql(text, letters):
                re.compile(text)
        except (re.error, OverflowError, RecursionError) as error:
            raise unusable(f"sh:pattern of {brief(node)}: {error}") from error
        return Pattern(name, text, letters)

    def _allowed(self, node: Term) -> Iterator[ox.NamedNode]:
        for head in self.graph.all(node, sh("ignoredProperties")):
            for item in self.graph.items(head):
                yield ox.NamedNode(_iri(item, node, "ignoredProperties"))
        for part in self.graph.all(node, sh("property")):
            path = self.graph.one(part, sh("path"))
            if isinstance(path, ox.NamedNode):
                yield path

    def _qualified(self, shape: Shape, value: Term) -> Iterator[Constraint]:
        node = shape.node
        siblings: list[Term] = []
        if self._flag(node, "qualifiedValueShapesDisjoint"):
            own = set(self.graph.all(node, sh("qualifiedValueShape")))
            parents = [s for s in self.graph.subjects() if node in self.graph.all(s, sh("property"))]
            for parent in parents:
                for brother in self.graph.all(parent, sh("property")):
                    siblings += [
                        s for s in self.graph.all(brother, sh("qualifiedValueShape")) if s not in own
                    ]
        found = False
        for parameter in ("qualifiedMinCount", "qualifiedMaxCount"):
            limit = self.graph.one(node, sh(parameter))
            if limit is not None:
                found = True
                count = _count(limit, node, parameter)
                yield Qualified(
                    component_name(parameter), self._shape(value, node, parameter), count, tuple(siblings)
                )
        if not found:
            raise unusable(
                f"sh:qualifiedValueShape of {brief(node)} has neither qualifiedMinCount nor qualifiedMaxCount"
            )

    def _sparql(self, name: str, node: Term) -> Iterator[Constraint]:
        text = self._query(node, "select", "SPARQLConstraint")
        if text is None:
            raise unusable(f"sh:sparql names {brief(node)}, which has no sh:select")
        if not self._flag(node, "deactivated"):
            yield ShapeQuery(name, node, text, self._texts(node, "message"))

    def _custom(self, shape: Shape, component: Term) -> Iterator[Constraint]:
        """A Foreign constraint for each use of a component that the shapes graph itself defines."""
        mandatory = []
        for parameter in self.graph.all(component, sh("parameter")):
            path = self.graph.one(parameter, sh("path"))
            if isinstance(path, ox.NamedNode) and not self._flag(parameter, "optional"):
                mandatory.append(path)
        if mandatory and all(self.graph.all(shape.node, path) for path in mandatory):
            yield Foreign(brief(component), f"the constraint component {brief(component)}")

    def _flag(self, node: Term, name: str) -> bool:
        value = self.graph.one(node, sh(name))
        return value is not None and _boolean(value, node, name)

    def _texts(self, node: Term, name: str) -> tuple[ox.Literal, ...]:
        return tuple(term for term in self.graph.all(node, sh(name)) if isinstance(term, ox.Literal))


def _bound(text: str, variable: str, value: Term) -> str:
    """A query with *value* in place of a variable, wherever that stands outside of IRIs and strings."""
    pattern = re.compile(rf'<[^<>"\s]*>|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|[?$]{re.escape(variable)}\b')
    return pattern.sub(lambda match: str(value) if match[0][0] in "?$" else match[0], text)


def _iri(value: Term | None, node: Term, parameter: str, default: str | None = None) -> str:
    if value is None and default is not None:
        return default
    if not isinstance(value, ox.NamedNode):
        raise unusable(f"sh:{parameter} of {brief(node)} is not an IRI")
    return value.value


def _text(value: Term, node: Term, parameter: str) -> str:
    if not isinstance(value, ox.Literal) or value.language or value.datatype.value != XSD + "string":
        raise unusable(f"sh:{parameter} of {brief(node)} is not a text")
    return value.value


def _boolean(value: Term, node: Term, parameter: str) -> bool:
    if isinstance(value, ox.Literal) and value.datatype.value == XSD + "boolean":
        # "1" is the same truth value and another term; the standard asks for the term true.
        return value.value == "true"
    raise unusable(f"sh:{parameter} of {brief(node)} is neither true nor false")


def _count(value: Term, node: Term, parameter: str) -> int:
    if (
        isinstance(value, ox.Literal)
        and value.datatype.value == XSD + "integer"
        and is_well_formed(value.value, XSD + "integer")
        and (count := int(value.value)) >= 0
    ):
        return count
    raise unusable(f"sh:{parameter} of {brief(node)} is not a whole number from 0 on")
