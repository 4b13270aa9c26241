"""What follows from the axioms, by completion rules, and from which axioms each consequence follows.

The rules are those of the OWL 2 EL profile (Baader, Brandt and Lutz, "Pushing the EL envelope", IJCAI 2005)
without nominals and datatypes, and unions on the left-hand side. Everything derived is entailed. The shipped
ontology stays within them apart from disjointness, which yields no new subsumption in a consistent ontology;
a test compares the hierarchy with that of HermiT and of ELK.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.ontology.axioms import Axiom, items
from mesoonto.ontology.expressions import SUBCLASS, And, Expression, Or, Some, expression

_OWL = "http://www.w3.org/2002/07/owl#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_THING = f"{_OWL}Thing"
#: Stands for a class that is asked about.
_NEW = "urn:mesoonto:new"


@dataclass(frozen=True, slots=True)
class Fact:
    """A subsumption when *role* is SUBCLASS, else "subject subClassOf (role some filler)"."""

    subject: Expression
    role: str
    filler: Expression


@dataclass(frozen=True, slots=True)
class _Step:
    """How a fact was first derived: from other facts and perhaps an axiom."""

    premises: tuple[Fact, ...]
    axiom: Axiom | None = None


class Entailments:
    """The consequences of a set of axioms."""

    def __init__(self, axioms: Iterable[Axiom]) -> None:
        self._stated: dict[Expression, list[tuple[Expression, Axiom]]] = defaultdict(list)
        self._roles: dict[str, list[tuple[str, Axiom]]] = defaultdict(list)
        self._chains: dict[str, list[tuple[str, str, Axiom]]] = defaultdict(list)
        self._uses: dict[Expression, list[Expression]] = defaultdict(list)
        self._steps: dict[Fact, _Step] = {}
        self._above: dict[Expression, list[Expression]] = defaultdict(list)
        self._out: dict[Expression, list[Fact]] = defaultdict(list)
        self._in: dict[Expression, list[Fact]] = defaultdict(list)
        self._named: list[str] = []
        for axiom in axioms:
            self._read(axiom)
        self._saturate()

    def relations(self) -> Iterator[tuple[str, str, str]]:
        """Every entailed triple between named classes: subClassOf, or a role by an existential."""
        named = set(self._named)
        for fact in self._steps:
            if fact.subject in named and isinstance(fact.filler, str) and fact.filler != _THING:
                if fact.role == SUBCLASS and fact.subject == fact.filler:
                    continue
                yield str(fact.subject), fact.role, fact.filler

    def why(self, subject: str, role: str, filler: str) -> list[Axiom] | None:
        """The axioms of one derivation of the triple, in the order of use; None when it does not follow."""
        goal = Fact(subject, role, filler)
        if goal not in self._steps:
            return None
        found: dict[Axiom, None] = {}
        seen: set[Fact] = set()

        def visit(fact: Fact) -> None:
            if fact in seen:
                return
            seen.add(fact)
            step = self._steps[fact]
            for premise in step.premises:
                visit(premise)
            if step.axiom:
                found.setdefault(step.axiom)

        visit(goal)
        return list(found)

    def above(self, expressions: Iterable[Expression]) -> set[str]:
        """The named classes that hold whatever is in all of *expressions*; what was derived before stays."""
        waiting: deque[Fact] = deque()
        derive = self._deriving(waiting)
        derive(Fact(_NEW, SUBCLASS, _NEW), (), None)
        for upper in expressions:
            derive(Fact(_NEW, SUBCLASS, upper), (), None)
        self._complete(waiting, derive)
        found = {upper for upper in self._above[_NEW] if isinstance(upper, str) and upper != _NEW}
        for link in self._out.pop(_NEW, ()):
            self._in[link.filler].remove(link)
            del self._steps[link]
        for upper in self._above.pop(_NEW):
            del self._steps[Fact(_NEW, SUBCLASS, upper)]
        return found

    def _read(self, axiom: Axiom) -> None:
        head, parts = axiom.head, axiom.parts
        if axiom.declares_class:
            self._named.append(head.subject.value)  # type: ignore[union-attr]
            return
        if not isinstance(head.subject, ox.NamedNode):
            return  # disjointness and the like
        subject, predicate = head.subject.value, head.predicate.value
        if predicate == f"{_OWL}propertyChainAxiom":
            links = [str(getattr(link, "value", link)) for link in items(head.object, parts)]
            if len(links) == 2:
                self._chains[links[0]].append((links[1], subject, axiom))
            return
        if predicate == f"{_RDFS}subPropertyOf" and isinstance(head.object, ox.NamedNode):
            self._roles[subject].append((head.object.value, axiom))
            return
        other = expression(head.object, parts)
        if other is None:
            return
        if predicate in (SUBCLASS, f"{_OWL}equivalentClass"):
            self._add(subject, other, axiom)
        if predicate == f"{_OWL}equivalentClass":
            self._add(other, subject, axiom)
        if predicate == f"{_RDFS}domain":
            self._add(Some(subject, _THING), other, axiom)

    def _add(self, lower: Expression, upper: Expression, axiom: Axiom) -> None:
        self._stated[lower].append((upper, axiom))
        self._note_use(lower)

    def _note_use(self, expression: Expression) -> None:
        """Remember of which expressions on a left-hand side *expression* consists."""
        if isinstance(expression, And | Or):
            for part in expression.parts:
                self._uses[part].append(expression)
                self._note_use(part)
        elif isinstance(expression, Some):
            self._uses[expression.filler].append(expression)
            self._note_use(expression.filler)

    def _saturate(self) -> None:
        waiting: deque[Fact] = deque()
        derive = self._deriving(waiting)
        for name in self._named:
            _start(name, derive)
        self._complete(waiting, derive)

    def _deriving(self, waiting: deque[Fact]) -> _Derive:
        """What keeps a fact that is new, and lets it wait."""

        def derive(fact: Fact, premises: tuple[Fact, ...], axiom: Axiom | None) -> None:
            if fact not in self._steps:
                self._steps[fact] = _Step(premises, axiom)
                waiting.append(fact)

        return derive

    def _complete(self, waiting: deque[Fact], derive: _Derive) -> None:
        while waiting:
            fact = waiting.popleft()
            if fact.role == SUBCLASS:
                self._from_subsumption(fact, derive)
            else:
                _start(fact.filler, derive)
                self._from_role(fact, derive)

    def _from_subsumption(self, fact: Fact, derive: _Derive) -> None:
        node, upper = fact.subject, fact.filler
        self._above[node].append(upper)
        for higher, axiom in self._stated.get(upper, ()):
            derive(Fact(node, SUBCLASS, higher), (fact,), axiom)
        if isinstance(upper, And):
            for part in upper.parts:
                derive(Fact(node, SUBCLASS, part), (fact,), None)
        if isinstance(upper, Some) and not self._is_recognised(fact):
            derive(Fact(node, upper.role, upper.filler), (fact,), None)
        for whole in self._uses.get(upper, ()):
            if isinstance(whole, Or):
                derive(Fact(node, SUBCLASS, whole), (fact,), None)
            elif isinstance(whole, And):
                needed = tuple(Fact(node, SUBCLASS, part) for part in whole.parts)
                if all(other in self._steps for other in needed):
                    derive(Fact(node, SUBCLASS, whole), needed, None)
            elif isinstance(whole, Some):
                for link in self._in.get(node, ()):
                    if link.role == whole.role:
                        derive(Fact(link.subject, SUBCLASS, whole), (link, fact), None)

    def _is_recognised(self, fact: Fact) -> bool:
        """Whether ``node subClassOf (role some C)`` was concluded from a link; it says nothing new then."""
        premises = self._steps[fact].premises
        return bool(premises) and premises[0].role != SUBCLASS

    def _from_role(self, link: Fact, derive: _Derive) -> None:
        self._out[link.subject].append(link)
        self._in[link.filler].append(link)
        for upper in list(self._above.get(link.filler, ())):
            for whole in self._uses.get(upper, ()):
                if isinstance(whole, Some) and whole.role == link.role:
                    above = Fact(link.filler, SUBCLASS, upper)
                    derive(Fact(link.subject, SUBCLASS, whole), (link, above), None)
        for wider, axiom in self._roles.get(link.role, ()):
            derive(Fact(link.subject, wider, link.filler), (link,), axiom)
        for second, result, axiom in self._chains.get(link.role, ()):
            for following in list(self._out.get(link.filler, ())):
                if following.role == second:
                    derive(Fact(link.subject, result, following.filler), (link, following), axiom)
        for first in list(self._in.get(link.subject, ())):
            for second, result, axiom in self._chains.get(first.role, ()):
                if second == link.role:
                    derive(Fact(first.subject, result, link.filler), (first, link), axiom)


def _start(node: Expression, derive: _Derive) -> None:
    derive(Fact(node, SUBCLASS, node), (), None)
    derive(Fact(node, SUBCLASS, _THING), (), None)


#: Adds a fact, with its premises and the axiom that was used.
_Derive = Callable[[Fact, tuple[Fact, ...], Axiom | None], None]
