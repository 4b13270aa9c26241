"""What a constraint asks for, in words: for findings, and for the documentation of the shapes."""

from __future__ import annotations

import pyoxigraph as ox

from mesoonto.files.terms import Term
from mesoonto.validation.data.graph import brief
from mesoonto.validation.data.vocabulary import SH
from mesoonto.validation.shapes import model

_KINDS = {
    "BlankNode": "a blank node",
    "IRI": "an IRI",
    "Literal": "a literal",
    "BlankNodeOrIRI": "an IRI or a blank node",
    "BlankNodeOrLiteral": "a literal or a blank node",
    "IRIOrLiteral": "an IRI or a literal",
}
_BOUNDS = {
    model.Operator.GREATER: "above",
    model.Operator.GREATER_OR_EQUAL: "at least",
    model.Operator.LESS: "below",
    model.Operator.LESS_OR_EQUAL: "at most",
}
_PAIRS = {
    "Equals": "the same values as",
    "Disjoint": "no value that is also one of",
    "LessThan": "less than each value of",
    "LessThanOrEquals": "not more than any value of",
}
_MOST = 12


def expected(shape: model.Shape, component: str) -> str:
    """What the constraints of *shape* with the component IRI *component* ask for; empty when none tells."""
    local = component.removeprefix(SH)
    found = [in_words(c) for c in shape.constraints if c.component == local]
    return ", and ".join(text for text in found if text)


def in_words(constraint: model.Constraint) -> str:
    """One constraint as a phrase that goes on after "expected"."""
    match constraint:
        case model.Class(term=term):
            return f"an instance of {brief(term)}"
        case model.Datatype(datatype=datatype):
            return f"a literal of datatype {brief(ox.NamedNode(datatype))}"
        case model.NodeKind(kind=kind):
            return _KINDS[kind]
        case model.Count(component=component, limit=limit):
            return f"at {'least' if component.startswith('Min') else 'most'} {_values(limit)}"
        case model.Bound(operator=operator, literal=literal):
            return f"a value {_BOUNDS[operator]} {literal.value}"
        case model.Length(component=component, limit=limit):
            return f"at {'least' if component.startswith('Min') else 'most'} {limit} characters"
        case model.Pattern(pattern=pattern):
            return f"text that matches {pattern}"
        case model.LanguageIn(tags=tags):
            return f"text in one of the languages {', '.join(tags)}"
        case model.UniqueLang():
            return "at most one text in each language"
        case model.In(terms=terms):
            return f"one of {_listed(terms)}"
        case model.HasValue(term=term):
            return f"the value {brief(term)}"
        case model.Pair(component=component, predicate=predicate):
            return f"{_PAIRS[component.removesuffix('ConstraintComponent')]} {brief(predicate)}"
        case model.Closed(allowed=allowed):
            return f"no other property than {_listed(allowed)}"
        case model.Logical(component=component, shapes=shapes):
            return _logical(component, shapes)
        case model.Qualified(component=component, shape=node, limit=limit):
            least = "least" if component.startswith("QualifiedMin") else "most"
            return f"at {least} {_values(limit)} that conform{'s' if limit == 1 else ''} to {brief(node)}"
        case model.ShapeQuery():
            return "no solution of the query"
        case model.Foreign(what=what):
            return what
    return ""


def _logical(component: str, shapes: tuple[Term, ...]) -> str:
    unnamed = all(isinstance(shape, ox.BlankNode) for shape in shapes)
    names = ", ".join("an unnamed shape" if isinstance(s, ox.BlankNode) else brief(s) for s in shapes)
    several = f"{len(shapes)} alternatives" + ("" if unnamed else f": {names}")
    match component.removesuffix("ConstraintComponent"):
        case "Not":
            return f"a node that does not conform to {names}"
        case "Or":
            return f"a node that conforms to at least one of {several}"
        case "Xone":
            return f"a node that conforms to exactly one of {several}"
        case _:
            return f"a node that conforms to {names}"


def _values(number: int) -> str:
    return f"{number} value" if number == 1 else f"{number} values"


def _listed(terms: tuple[Term, ...] | tuple[ox.NamedNode, ...]) -> str:
    shown = ", ".join(brief(term) for term in terms[:_MOST])
    more = len(terms) - _MOST
    return f"{shown} and {more} more" if more > 0 else shown
