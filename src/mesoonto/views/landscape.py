"""The field at a glance: mechanisms against kinds of interventions, randomised comparisons, hierarchies."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import MESO
from mesoonto.views.facts import SUBCLASS, EntityLink, Facts
from mesoonto.views.forest import Forest, forest
from mesoonto.views.results import HAZARD_RATIO, ResultView, result
from mesoonto.views.terms import BIOMARKER, INTERVENTION, MECHANISM

#: The layers of mechanisms.
LAYERS = tuple(f"{MESO}MESO_000100{n}" for n in range(1, 7))


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """A mechanism and a kind of intervention."""

    interventions: tuple[EntityLink, ...]  #: of the kind, that counter the mechanism
    supporting: int  #: statements for one of these, about the mechanism or about benefit
    opposing: int  #: statements against


@dataclass(frozen=True, slots=True)
class MatrixLine:
    """A mechanism and its cells, one for each kind."""

    mechanism: EntityLink
    layer: str
    supporting: int  #: statements about the mechanism
    opposing: int
    cells: tuple[MatrixCell, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Mechanisms by kinds of intervention."""

    kinds: tuple[EntityLink, ...]
    lines: tuple[MatrixLine, ...]


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Randomised comparisons of one end point."""

    end_point: str
    plot: Forest | None
    left_out: tuple[ResultView, ...]  #: of trials that were not designed to compare their arms


def below(facts: Facts, kind: str) -> list[ox.NamedNode]:
    """The classes below *kind*, without itself."""
    return [n for n in facts.subjects(SUBCLASS, ox.NamedNode(kind)) if n.value != kind]


def matrix(facts: Facts) -> Matrix:
    """Each mechanism that is a leaf or has evidence, against the kinds of intervention that counter any."""
    kinds = kinds_of_interventions(facts)
    members = {kind: set(below(facts, kind.value)) | {kind} for kind in kinds}
    lines = []
    for layer in LAYERS:
        for node in sorted(below(facts, layer), key=facts.label):
            against = set(facts.entities(node, f"{MESO}counteredBy"))
            for_, opposed = _claims(facts, node)
            if not (against or for_ or opposed):
                continue
            cells = tuple(_cell(facts, against & members[kind], node) for kind in kinds)
            lines.append(MatrixLine(facts.link(node), facts.label(ox.NamedNode(layer)), for_, opposed, cells))
    used = [i for i in range(len(kinds)) if any(line.cells[i].interventions for line in lines)]
    return Matrix(
        kinds=tuple(facts.link(kinds[i]) for i in used),
        lines=tuple(
            MatrixLine(x.mechanism, x.layer, x.supporting, x.opposing, tuple(x.cells[i] for i in used))
            for x in lines
        ),
    )


def kinds_of_interventions(facts: Facts) -> list[ox.NamedNode]:
    """The broad kinds: classes of agents and procedures that have classes below them, nearest to the top."""
    found = []
    for top in (f"{MESO}MESO_0000003", f"{MESO}MESO_0000004"):
        under = below(facts, top)
        for node in under:
            parents = {p for p in facts.entities(node, SUBCLASS) if p in under and p != node}
            if not parents and below(facts, node.value):
                found.append(node)
    return sorted(found, key=facts.label)


def _claims(facts: Facts, node: ox.NamedNode) -> tuple[int, int]:
    counted = {True: 0, False: 0}
    for name in ("hasClaimSubject", "hasClaimObject"):
        for statement in facts.subjects(MESO + name, node):
            counted[
                facts.objects_contain(statement, f"{MESO}hasDirection", ox.NamedNode(f"{MESO}Supports"))
            ] += 1
    return counted[True], counted[False]


def _cell(facts: Facts, interventions: set[ox.NamedNode], mechanism: ox.NamedNode) -> MatrixCell:
    supporting = opposing = 0
    for node in interventions:
        for statement in facts.subjects(f"{MESO}hasClaimSubject", node):
            if facts.objects_contain(statement, f"{MESO}hasClaimObject", mechanism):
                supports = ox.NamedNode(f"{MESO}Supports")
                if facts.objects_contain(statement, f"{MESO}hasDirection", supports):
                    supporting += 1
                else:
                    opposing += 1
    return MatrixCell(facts.links(interventions), supporting, opposing)


def comparisons(facts: Facts) -> tuple[Comparisons, ...]:
    """Hazard ratios of all randomised comparisons, current ones of whole populations, by end point."""
    found: dict[str, list[ResultView]] = defaultdict(list)
    for node in facts.subjects(f"{MESO}hasStatistic", ox.NamedNode(HAZARD_RATIO)):
        one = result(facts, node)
        if not one.superseded and one.end_point is not None and len(one.arms) == 2:
            found[one.end_point.label].append(one)
    order = sorted(found, key=lambda name: (name != "overall survival", name))
    return tuple(_compared(name, sorted(found[name], key=lambda r: (r.whose, r.weight))) for name in order)


def _compared(end_point: str, results: list[ResultView]) -> Comparisons:
    plot = forest([r for r in results if r.comparative], across=True)
    return Comparisons(end_point, plot, tuple(r for r in results if not r.comparative))


def hierarchy(facts: Facts, top: str) -> tuple[tuple[int, EntityLink], ...]:
    """The classes below *top* as an indented list: depth and class; one with two parents stands twice."""
    under = set(below(facts, top))
    parents = {
        node: {p for p in facts.entities(node, SUBCLASS) if p != node and (p in under or p.value == top)}
        for node in under
    }
    nearest = {
        node: {p for p in above if not any(p in parents.get(q, ()) for q in above if q != p)}
        for node, above in parents.items()
    }
    rows: list[tuple[int, EntityLink]] = []

    def descend(node: ox.NamedNode, depth: int) -> None:
        for child in sorted((n for n in under if node in nearest[n]), key=lambda n: facts.label(n).lower()):
            rows.append((depth, facts.link(child)))
            descend(child, depth + 1)

    descend(ox.NamedNode(top), 0)
    return tuple(rows)


#: What can be browsed, by the name in the address.
TOPS = {"mechanisms": MECHANISM, "interventions": INTERVENTION, "biomarkers": BIOMARKER}
