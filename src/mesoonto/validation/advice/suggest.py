"""Suggests how to mend a finding: the list member, the instance or the property that was meant."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import pyoxigraph as ox

from mesoonto.files.terms import LABEL, RDF, TYPE, XSD, Term
from mesoonto.namespaces import PREFIXES
from mesoonto.validation.data.graph import brief
from mesoonto.validation.data.literals import decode, is_well_formed
from mesoonto.validation.data.vocabulary import SH
from mesoonto.validation.engine.evaluate import Evaluator
from mesoonto.validation.engine.results import Result
from mesoonto.validation.shapes import model

#: How alike two names must be, from 0 to 1.
_ALIKE = 0.72
#: More candidates than this are not compared.
MOST = 2000
#: Suggestions for one constraint; the same mistake, made more often, needs no more of them.
ENOUGH = 20
PREF_LABEL = ox.NamedNode("http://www.w3.org/2004/02/skos/core#prefLabel")


@dataclass
class Suggester:
    """Finds suggestions; keeps the candidates of each class for the next finding."""

    evaluator: Evaluator
    shipped: Callable[[Term], Iterable[Term]]  #: the instances of a class that the shipped ontology knows
    _instances: dict[Term, dict[str, Term]] = field(default_factory=dict)
    _asked: Counter[tuple[Term, str]] = field(default_factory=Counter)

    def suggest(self, result: Result, shape: model.Shape) -> str:
        """A likely mend in a few words, or ""."""
        cause = (shape.node, result.component)
        self._asked[cause] += 1
        if self._asked[cause] > ENOUGH:
            return ""
        for constraint in shape.constraints:
            if SH + constraint.component == result.component and (found := self._for(constraint, result)):
                return found
        return ""

    def _for(self, constraint: model.Constraint, result: Result) -> str:
        value = result.value
        match constraint:
            case model.In(terms=terms) if value is not None:
                return _did_you_mean(_closest(_names(value), {n: t for t in terms for n in _names(t)}))
            case model.Class(term=term) if value is not None:
                return _did_you_mean(_closest(_names(value), self._instances_of(term), _names(value)))
            case model.Logical(component=component, shapes=shapes) if value is not None and _is_choice(
                component
            ):
                known = self.evaluator.shapes
                plain = (node for node in shapes if node not in known.recursive)
                inner = (c for node in plain for c in known.by_node[node].constraints)
                return next((found for c in inner if (found := self._for(c, result))), "")
            case model.Datatype(datatype=datatype) if isinstance(value, ox.Literal):
                return _retyped(value, datatype)
            case model.NodeKind(kind="IRI") if isinstance(value, ox.Literal):
                return _as_iri(value)
            case model.LanguageIn(tags=tags) if isinstance(value, ox.Literal) and tags:
                usable = len(value.value) < 80 and tags[0].replace("-", "").isalnum()
                return f"write {ox.Literal(value.value, language=tags[0])}" if usable else ""
            case model.Count(component=component) if component.startswith("Min"):
                return self._misspelt(result)
            case model.Closed(allowed=allowed) if result.path is not None and result.path.predicate:
                names = {n: t for t in allowed for n in _names(t)}
                return _did_you_mean(_closest(_names(result.path.predicate), names))
        return ""

    def _instances_of(self, term: Term) -> dict[str, Term]:
        """The instances of a class by local name and by label, in lower case."""
        if term not in self._instances:
            found: dict[str, Term] = {}
            store = self.evaluator.store
            for above in self.evaluator.subclasses(term):
                for quad in store.quads_for_pattern(None, TYPE, above, ox.DefaultGraph()):
                    if len(found) > MOST or not isinstance(quad.subject, ox.NamedNode):
                        break
                    for name in _names(quad.subject):
                        found[name] = quad.subject
                    for label in (LABEL, PREF_LABEL):
                        for text in store.quads_for_pattern(quad.subject, label, None, ox.DefaultGraph()):
                            if isinstance(text.object, ox.Literal):
                                found[text.object.value.lower()] = quad.subject
            for node in self.shipped(term):
                for name in _names(node):
                    found.setdefault(name, node)
            self._instances[term] = found
        return self._instances[term]

    def _misspelt(self, result: Result) -> str:
        """A property of the focus node whose name is almost that of the missing one."""
        path, focus = result.path, result.focus
        if path is None or path.predicate is None or isinstance(focus, ox.Literal):
            return ""
        wanted = path.predicate
        used: dict[str, Term] = {}
        for quad in self.evaluator.store.quads_for_pattern(focus, None, None, ox.DefaultGraph()):
            for name in _names(quad.predicate):
                used[name] = quad.predicate
        if wanted in used.values():
            return ""
        found = _closest(_names(wanted), used)
        return f"the record has {brief(found)}; did you mean {brief(wanted)}" if found else ""


def _is_choice(component: str) -> bool:
    return component.startswith(("Or", "Xone"))


def _names(term: Term) -> list[str]:
    """What a term can be known by: the end of its IRI, its CURIE-like form, its text."""
    if isinstance(term, ox.NamedNode):
        return [re.split(r"[/#]", term.value)[-1].lower()]
    return [term.value.lower()] if isinstance(term, ox.Literal) else []


def _closest(
    names: Sequence[str], candidates: Mapping[str, Term], not_itself: Sequence[str] = (), cut: float = _ALIKE
) -> Term | None:
    for name in names:
        if name in candidates and name not in not_itself:
            return candidates[name]
        # Another number is another thing, and no slip of the pen: NCT00000001 is not meant for NCT00000002.
        numbers = _numbers(name)
        alike = [c for c in list(candidates)[:MOST] if _numbers(c) == numbers]
        close = difflib.get_close_matches(name[:100], alike, 1, cut)
        if close:
            return candidates[close[0]]
    return None


@lru_cache(1 << 14)
def _numbers(name: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\d+", name))


def _did_you_mean(term: Term | None) -> str:
    return f"did you mean {brief(decode(term))}" if term is not None else ""


def _retyped(value: ox.Literal, datatype: str) -> str:
    """The same text under the datatype that is asked for, when it can have that."""
    text = value.value
    if len(text) > 80:
        return ""
    if datatype == RDF + "langString":
        return f"write {ox.Literal(text, language='en')}" if not value.language else ""
    if datatype == XSD + "decimal" and re.fullmatch(r"[+-]?\d+", text):
        return f"write {text}.0"
    if not datatype.startswith(XSD) or not is_well_formed(text, datatype):
        return ""
    if datatype in (XSD + "decimal", XSD + "integer", XSD + "boolean"):
        return f"write {text} without quotation marks" if value.datatype.value != datatype else ""
    if datatype == XSD + "string":
        return f"write {ox.Literal(text)}"
    return f'write "{text}"^^{brief(ox.NamedNode(datatype))}'


def _as_iri(value: ox.Literal) -> str:
    text = value.value
    if re.match(r"https?://\S+$", text):
        return f"write <{text}>"
    prefix, colon, _ = text.partition(":")
    return f"write {text} without quotation marks" if colon and prefix in PREFIXES else ""
