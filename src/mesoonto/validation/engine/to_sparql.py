"""From constraints to SPARQL. Each function gives the text of a query over the whole focus set of a shape.

The queries bind ``?this`` (focus node) and, where there is one, ``?value``. Values are compared as terms, so
the data store must hold literals as ``mesoonto.validation.data.literals`` encodes them.

Two habits of Oxigraph shape the queries (measured with pyoxigraph 0.5.13): FILTER NOT EXISTS around a single
pattern is a look-up, around a join it is quadratic, where MINUS hashes; and a FILTER that raises an error
drops the row, so that everything that can raise stands in COALESCE.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.files.terms import TYPE, XSD, Term
from mesoonto.validation.data.literals import BEYOND, WRITTEN, encode, encode_term
from mesoonto.validation.data.values import NAMES, ORDERED, is_ordered
from mesoonto.validation.data.vocabulary import NODE_KINDS
from mesoonto.validation.shapes import model
from mesoonto.validation.shapes.paths import Path

#: From this many members on, sh:in is a MINUS over VALUES in place of a chain of comparisons.
_LONG_LIST = 12

#: Steps of a sequence that make one join.
_STEPS = 4

#: The focus variable, or an IRI or string, in which the same letters mean nothing.
_THIS = re.compile(r'<[^>]*>|"(?:[^"\\]|\\.)*"|\?this\b')


@dataclass(frozen=True, slots=True)
class Focus:
    """A group pattern that binds ``?this`` to the focus nodes, perhaps several times to one."""

    pattern: str
    depth: int = 0  #: how many value steps led here; keeps the names of variables apart

    def values(self, path: Path) -> Focus:
        """The value nodes of *path* as a focus of their own, for the shapes inside a shape."""
        outer = f"?outer{self.depth}"
        pattern = _THIS.sub(lambda match: outer if match[0] == "?this" else match[0], self.pattern)
        inner = _step(pattern, outer, path, "?this")
        return Focus(f"{{ SELECT DISTINCT ?this WHERE {{ {inner} }} }}", self.depth + 1)

    def select(self) -> str:
        """Every focus node once."""
        return f"SELECT DISTINCT ?this WHERE {{ {self.pattern} }}"

    def pairs(self, path: Path | None) -> str:
        """Every focus node with each of its value nodes; without *path* a node is its own value."""
        return f"SELECT DISTINCT {_row(path)} WHERE {{ {self.matched(path)} }}"

    def matched(self, path: Path | None) -> str:
        """The pattern with the value nodes of *path* as ``?value``."""
        return self.pattern if path is None else _step(self.pattern, "?this", path, "?value")


def _step(pattern: str, start: str, path: Path, end: str) -> str:
    """*pattern*, which binds *start*, with the values of *path* as *end*.

    A long sequence goes in parts, since Oxigraph takes minutes to order a join of hundreds of patterns.
    """
    here, number = start, 0
    while path.kind == "sequence" and len(path.parts) > _STEPS:
        middle = f"{end}{number}"
        inner = _short_step(pattern, here, Path("sequence", parts=path.parts[:_STEPS]), middle)
        pattern = f"{{ SELECT DISTINCT {start} {middle} WHERE {{ {inner} }} }}"
        rest = path.parts[_STEPS:]
        path = rest[0] if len(rest) == 1 else Path("sequence", parts=rest)
        here, number = middle, number + 1
    return _short_step(pattern, here, path, end)


def _short_step(pattern: str, start: str, path: Path, end: str) -> str:
    """As `_step`.

    A path of no step leads from a node to itself, even from one that the data do not know; to SPARQL, where
    both ends are variables, only nodes of the data lead to themselves (SPARQL 1.1, section 18.4).
    """
    step = f"{pattern} {start} {path.sparql} {end} ."
    return f"{{ {step} }} UNION {{ {pattern} BIND({start} AS {end}) }}" if path.nullable else step


def of_classes(classes: Sequence[Term]) -> Focus:
    """The instances of any of *classes*."""
    if len(classes) == 1:
        return Focus(f"?this {TYPE} {classes[0]} .")
    listed = " ".join(map(str, classes))
    return Focus(
        f"{{ SELECT DISTINCT ?this WHERE {{ VALUES ?class {{ {listed} }} ?this {TYPE} ?class . }} }}"
    )


def of_subjects(predicate: Term) -> Focus:
    """The subjects of *predicate*."""
    return Focus(f"{{ SELECT DISTINCT ?this WHERE {{ ?this {predicate} ?any . }} }}")


def of_objects(predicate: Term) -> Focus:
    """The objects of *predicate*."""
    return Focus(f"{{ SELECT DISTINCT ?this WHERE {{ ?any {predicate} ?this . }} }}")


def of_nodes(nodes: Sequence[Term]) -> Focus:
    """The nodes themselves, whether or not the data know them."""
    return Focus(f"VALUES ?this {{ {' '.join(constant(node) for node in nodes)} }}")


def constant(term: Term) -> str:
    """*term* in a query, as the data store has it."""
    return str(encode_term(term))


def value_of(path: Path | None) -> str:
    """The variable of a value: a value of *path*, or the focus node itself."""
    return "?this" if path is None else "?value"


def _row(path: Path | None) -> str:
    """What a query about single values selects: the focus node, and its value where that is another node."""
    return "?this" if path is None else "?this ?value"


# Constraints on single values: an expression that is true for a value that violates


def violates(constraint: model.Constraint, value: str, classes: Sequence[Term] = ()) -> str | None:
    """The expression that is true when the variable *value* violates; None for a constraint of another kind.

    *classes* are the class of a ``sh:class`` and its subclasses.
    """
    match constraint:
        case model.Class():
            return _not_an_instance(value, classes)
        case model.Datatype(datatype=datatype):
            kinds = [f"<{datatype}>"]
            if datatype.startswith(XSD):
                kinds += [f"<{stem}{datatype.removeprefix(XSD)}>" for stem in (WRITTEN, BEYOND)]
            return f"!COALESCE(DATATYPE({value}) IN ({', '.join(kinds)}), false)"
        case model.NodeKind(kind=kind):
            return "!(" + " || ".join(f"{test}({value})" for test in NODE_KINDS[kind]) + ")"
        case model.Bound(operator=operator, literal=literal):
            if not is_ordered(literal):
                return "true"
            kept = encode(literal)
            bound = kept if kept.datatype.value.startswith(BEYOND) else literal
            return f"!{_compared(value, operator.value, str(bound))}"
        case model.Length(component=component, limit=limit):
            sign = ">=" if component.startswith("Min") else "<="
            return f"(isBlank({value}) || !(STRLEN(STR({value})) {sign} {limit}))"
        case model.Pattern(pattern=pattern, flags=flags):
            more = f", {ox.Literal(flags)}" if flags else ""
            return f"(isBlank({value}) || !COALESCE(REGEX(STR({value}), {ox.Literal(pattern)}{more}), false))"
        case model.LanguageIn(tags=tags):
            tests = [
                f'LANGMATCHES(LANG({value}), "{tag}")'
                for tag in tags
                if tag == "*" or tag.replace("-", "").isalnum()
            ]
            return f"!COALESCE({' || '.join(tests) or 'false'}, false)"
        case model.In(terms=terms) if len(terms) < _LONG_LIST:
            tests = [f"sameTerm({value}, {constant(term)})" for term in terms]
            return f"!({' || '.join(tests) or 'false'})"
    return None


def _not_an_instance(value: str, classes: Sequence[Term]) -> str:
    if len(classes) == 1:
        return f"NOT EXISTS {{ {value} {TYPE} {classes[0]} }}"
    return f"NOT EXISTS {{ {value} {TYPE} ?class FILTER(?class IN ({', '.join(map(str, classes))})) }}"


def _compared(left: str, sign: str, right: str) -> str:
    """The comparison of two terms by value; false when they cannot be compared.

    A literal that is kept as written compares with nothing; its value is made anew when the first attempt
    raises an error. Values that the store cannot hold are compared in Python, by a function of ours.
    """
    one, other = _by_value(left), _by_value(right)
    tries = [f"{left} {sign} {right}", f"{one} {sign} {other}"]
    if right.startswith("?") or right.endswith(f"^^<{XSD}boolean>"):
        # Oxigraph does not order booleans, which SPARQL does (section 17.3); as numbers it orders them.
        both = " && ".join(f"DATATYPE({term}) = <{XSD}boolean>" for term in (one, other))
        tries.append(f"IF({both}, <{XSD}integer>({one}) {sign} <{XSD}integer>({other}), 1/0)")
    beyond = " || ".join(f'STRSTARTS(STR(DATATYPE({term})), "{BEYOND}")' for term in (left, right))
    tries.append(f"IF({beyond}, {NAMES[sign]}({left}, {right}), 1/0)")
    return f"COALESCE({', '.join(tries)}, false)"


def _has_order(term: str) -> str:
    """Whether a term of the data is a literal that compares with itself."""
    datatype = f"STR(DATATYPE({term}))"
    known = ", ".join(f'"{iri}"' for iri in ORDERED)
    stems = " || ".join(f'STRSTARTS({datatype}, "{stem}")' for stem in (WRITTEN, BEYOND))
    return f'COALESCE(STR({term}) != "NaN" && ({datatype} IN ({known}) || {stems}), false)'


def _by_value(term: str) -> str:
    if not term.startswith("?"):
        return term
    datatype = f"STR(DATATYPE({term}))"
    original = f'IRI(CONCAT("{XSD}", STRAFTER({datatype}, "{WRITTEN}")))'
    return f'IF(STRSTARTS({datatype}, "{WRITTEN}"), STRDT(STR({term}), {original}), {term})'


Subclasses = Callable[[Term], Sequence[Term]]


def conforms(
    node: Term, value: str, shapes: model.Shapes, subclasses: Subclasses, depth: int = 0
) -> str | None:
    """The expression that is true when *value* conforms to the shape *node*; None when there is no cheap one.

    An expression looks at one node with single patterns. What needs to count or to join goes by sets.
    """
    shape = shapes.by_node[node]
    if node in shapes.recursive:
        return None
    if shape.path is not None:
        return _property_conforms(shape, value, subclasses, depth)
    tests = []
    for constraint in () if shape.deactivated else shape.constraints:
        if isinstance(constraint, model.Nested):
            test = conforms(constraint.shape, value, shapes, subclasses, depth)
        elif isinstance(constraint, model.Logical):
            test = choice(constraint, value, shapes, subclasses, depth)
        else:
            test = _not(violates(constraint, value, _classes(constraint, subclasses)))
        if test is None:
            return None
        tests.append(test)
    return f"({' && '.join(tests) or 'true'})"


def choice(
    constraint: model.Logical, value: str, shapes: model.Shapes, subclasses: Subclasses, depth: int = 0
) -> str | None:
    """The expression that is true when *value* satisfies ``sh:or`` or a sister; None as in ``conforms``."""
    tests = [
        conforms(node, value, shapes, subclasses, depth + number * 100)
        for number, node in enumerate(constraint.shapes)
    ]
    known = [test for test in tests if test is not None]
    if len(known) < len(tests):
        return None
    match constraint.component.removesuffix("ConstraintComponent"):
        case "Or":
            return f"({' || '.join(known) or 'false'})"
        case "Not":
            return f"(!{known[0]})"
        case "Xone":
            return f"(({' + '.join(f'IF({test}, 1, 0)' for test in known) or '0'}) = 1)"
        case _:
            return f"({' && '.join(known) or 'true'})"


def _property_conforms(shape: model.Shape, value: str, subclasses: Subclasses, depth: int) -> str | None:
    if shape.path is None or shape.path.predicate is None or (shape.deactivated and not shape.constraints):
        return None
    inner = f"?v{depth}"
    pattern = f"{value} {shape.path.predicate} {inner}"
    tests = []
    for constraint in () if shape.deactivated else shape.constraints:
        match constraint:
            case model.Count(component=component, limit=limit) if component.startswith("Min") and limit <= 1:
                tests.append(f"EXISTS {{ {pattern} }}" if limit else "true")
            case model.Count(limit=0):
                tests.append(f"NOT EXISTS {{ {pattern} }}")
            case model.HasValue(term=term):
                tests.append(f"EXISTS {{ {value} {shape.path.predicate} {constant(term)} }}")
            case _:
                bad = violates(constraint, inner, _classes(constraint, subclasses))
                if bad is None:
                    return None
                tests.append(f"NOT EXISTS {{ {pattern} FILTER({bad}) }}")
    return f"({' && '.join(tests) or 'true'})"


def _classes(constraint: model.Constraint, subclasses: Subclasses) -> Sequence[Term]:
    return subclasses(constraint.term) if isinstance(constraint, model.Class) else ()


def _not(expression: str | None) -> str | None:
    return None if expression is None else f"!({expression})"


def filtered(
    focus: Focus, path: Path | None, expressions: Sequence[str], low: bool = False, high: bool = False
) -> str:
    """Violating values: ``?this ?value ?c0 ?c1 ...``, where ?c is true for each expression that applies.

    For a path of one predicate the query counts, too, which costs half of what counting by itself does: with
    *low*, a focus node without value comes without ``?value``; with *high*, the last ?c is true for each
    value of a focus node that has several.
    """
    tests = [*expressions]
    matched = focus.matched(path)
    if path is not None and high:
        tests.append(f"EXISTS {{ ?this {path.sparql} ?other FILTER(!sameTerm(?other, ?value)) }}")
    flags = " ".join(f"({test} AS ?c{number})" for number, test in enumerate(tests))
    either = [f"({test})" for test in tests]
    if path is not None and low:
        matched = f"{focus.pattern} OPTIONAL {{ ?this {path.sparql} ?value }}"
        either.insert(0, "!BOUND(?value)")
    return f"SELECT {_row(path)} {flags} WHERE {{ {matched} FILTER({' || '.join(either)}) }}"


# Constraints on the set of values


def not_in(focus: Focus, path: Path | None, terms: Sequence[Term]) -> str:
    """Values that are none of *terms*, for a long list."""
    members = " ".join(constant(term) for term in terms)
    value = value_of(path)
    return f"SELECT {_row(path)} WHERE {{ {focus.matched(path)} MINUS {{ VALUES {value} {{ {members} }} }} }}"


def counted(focus: Focus, path: Path, low: int | None, high: int | None) -> str:
    """Focus nodes with fewer than *low* or more than *high* values: ``?this ?n``."""
    simple = path.predicate is not None
    if simple and high is None and low == 1:
        return f"SELECT ?this WHERE {{ {focus.pattern} FILTER NOT EXISTS {{ ?this {path.sparql} ?any }} }}"
    if low is None and high == 0:
        return f"SELECT DISTINCT ?this WHERE {{ {focus.matched(path)} }}"
    number = "COUNT(DISTINCT ?value)"  # Oxigraph does not know ?n in HAVING
    tests = [f"{number} < {low}"] if low else []
    tests += [f"{number} > {high}"] if high is not None else []
    step = f"?this {path.sparql} ?value"
    if low and not path.nullable:
        matched = f"{focus.pattern} OPTIONAL {{ {focus.matched(path) if path.parts else step} }}"
    else:
        matched = focus.matched(path)
    return f"SELECT ?this ({number} AS ?n) WHERE {{ {matched} }} GROUP BY ?this HAVING({' || '.join(tests)})"


def without_value(focus: Focus, path: Path | None, term: Term) -> str:
    """Focus nodes of which *term* is no value."""
    wanted = constant(term)
    if path is None:
        return f"SELECT ?this WHERE {{ {focus.pattern} FILTER(!sameTerm(?this, {wanted})) }}"
    if path.predicate is not None:
        return (
            f"SELECT ?this WHERE {{ {focus.pattern} FILTER NOT EXISTS {{ ?this {path.sparql} {wanted} }} }}"
        )
    having = f"{focus.matched(path)} FILTER(sameTerm(?value, {wanted}))"
    return f"SELECT ?this WHERE {{ {focus.pattern} MINUS {{ {having} }} }}"


def repeated_language(focus: Focus, path: Path) -> str:
    """Focus nodes with a language tag that more than one value has: ``?this ?tag``."""
    return (
        f"SELECT ?this ?tag WHERE {{ {focus.matched(path)} FILTER(LANG(?value) != '') "
        "BIND(LCASE(LANG(?value)) AS ?tag) } GROUP BY ?this ?tag HAVING(COUNT(DISTINCT ?value) > 1)"
    )


def pair(constraint: model.Pair, focus: Focus, path: Path | None) -> list[str]:
    """The queries for a constraint that compares the values with those of another property."""
    value, other = value_of(path), constraint.predicate
    matched = focus.matched(path)
    match constraint.component.removesuffix("ConstraintComponent"):
        case "Equals":
            missing = f"SELECT {_row(path)} WHERE {{ {matched} MINUS {{ ?this {other} {value} }} }}"
            if path is None:
                more = f"{focus.pattern} ?this {other} ?value FILTER(!sameTerm(?value, ?this))"
            else:
                more = f"{focus.pattern} ?this {other} ?value MINUS {{ {matched} }}"
            return [missing, f"SELECT ?this ?value WHERE {{ {more} }}"]
        case "Disjoint":
            return [f"SELECT {_row(path)} WHERE {{ {matched} ?this {other} {value} }}"]
        case "LessThan":
            sign = "<"
        case _:
            sign = "<="
    # Oxigraph orders texts of one language, which SPARQL does not (section 17.3).
    compared = _compared("?value", sign, "?other")
    test = f'COALESCE(IF(LANG(?value) = "", {compared}, false), false)'
    if sign == "<=":
        # Oxigraph takes every term to be no more than itself, also one that has no order.
        test = f"IF(sameTerm(?value, ?other), {_has_order('?value')}, {test})"
    return [f"SELECT ?this ?value ?other WHERE {{ {matched} ?this {other} ?other FILTER(!{test}) }}"]


def closed(focus: Focus, path: Path | None, allowed: Sequence[ox.NamedNode]) -> str:
    """Statements of the values with a property that is not allowed: ``?this ?predicate ?object``."""
    subject = value_of(path)
    test = f"FILTER(?predicate NOT IN ({', '.join(map(str, allowed))}))" if allowed else ""
    return (
        f"SELECT ?this ?predicate ?object WHERE {{ {focus.matched(path)} "
        f"{subject} ?predicate ?object {test} }}"
    )
