"""The map: mechanisms by layer, interventions by kind, and what is known between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import pyoxigraph as ox

from mesoonto.namespaces import MESO
from mesoonto.views.facts import SUBCLASS, Facts
from mesoonto.views.landscape import LAYERS, below, kinds_of_interventions
from mesoonto.views.populations import is_histology, speaks_of
from mesoonto.views.statements import CERTAINTIES, about, certainty
from mesoonto.views.tried import trials_of

#: Units of the drawing: height of a row, of a heading, and the two columns between which edges run.
ROW, HEADING = 19.0, 32.0
WIDTH = 980.0

#: What the map can be narrowed by.
MAP_CHOICES = ("layer", "kind", "certainty", "level", "line", "histology", "biomarker", "focus")

#: Levels of evidence, the strongest first.
LEVELS = ("A", "B", "C", "D", "E")


@dataclass(frozen=True, slots=True)
class MapNode:
    """A mechanism or an intervention at its place."""

    label: str
    iri: str
    y: float


@dataclass(frozen=True, slots=True)
class Heading:
    """The name of a layer or kind above its nodes."""

    label: str
    y: float


@dataclass(frozen=True, slots=True)
class Edge:
    """An intervention that counters a mechanism; *certainty* is what the statements say together."""

    mechanism: str
    intervention: str
    start: float
    end: float
    certainty: str  #: one of CERTAINTIES
    level: str  #: the best level among the statements, A to E, or nothing
    statements: int
    trials: int  #: that gave the intervention, whatever they measured
    title: str


@dataclass(frozen=True, slots=True)
class Side:
    """One column."""

    headings: tuple[Heading, ...]
    nodes: tuple[MapNode, ...]


@dataclass(frozen=True, slots=True)
class MapChoices:
    """What the map can be narrowed by; each in the order in which it is offered."""

    layer: tuple[str, ...]
    kind: tuple[str, ...]
    certainty: tuple[str, ...]
    level: tuple[str, ...]
    line: tuple[str, ...]
    histology: tuple[str, ...]
    biomarker: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EvidenceMap:
    """All of it, in a drawing of *width* by *height*."""

    mechanisms: Side
    interventions: Side
    edges: tuple[Edge, ...]
    choices: MapChoices
    width: float
    height: float


def evidence_map(
    facts: Facts,
    *,
    layer: str = "",
    kind: str = "",
    certainty: str = "",
    level: str = "",
    line: str = "",
    histology: str = "",
    biomarker: str = "",
    focus: str = "",
) -> EvidenceMap:
    """The map, or the part of it that every choice leaves.

    Mechanisms of one *layer*; interventions of one *kind*, or tried in one *line* of treatment; edges of one
    *certainty*, or with a statement of *level* or a stronger one; edges of which something on record speaks
    of tumours of a *histology*, or of a *biomarker* (`mesoonto.views.populations.speaks_of`); or what is tied
    to the entity *focus*.
    """
    layers = {facts.label(ox.NamedNode(iri)): below(facts, iri) for iri in LAYERS}
    kinds = {facts.label(node): [node, *below(facts, node.value)] for node in kinds_of_interventions(facts)}
    chosen = {name: nodes for name, nodes in layers.items() if layer in ("", name)}
    of_kind = {name: nodes for name, nodes in kinds.items() if kind in ("", name)}
    given = trials_of(facts)
    lines = _lines(facts, given)
    spoken = speaks_of(facts)
    every = [
        edge
        for mechanism in dict.fromkeys(n for nodes in layers.values() for n in nodes)
        for edge in _edges(facts, mechanism, {n for nodes in kinds.values() for n in nodes}, given)
    ]
    kept = {n.value for groups in (chosen, of_kind) for nodes in groups.values() for n in nodes}
    edges = [
        edge
        for edge in every
        if {edge.mechanism, edge.intervention} <= kept
        and certainty in ("", edge.certainty)
        and (not level or "" < edge.level <= level)
        and (not line or edge.intervention in lines.get(line, ()))
        and focus in ("", edge.mechanism, edge.intervention)
        and all(
            not state or {edge.mechanism, edge.intervention} & spoken.get(state, set())
            for state in (histology, biomarker)
        )
    ]
    left, right = _placed(facts, chosen, of_kind, edges)
    places = {node.iri: node.y for side in (left, right) for node in side.nodes}
    tied = {iri for edge in every for iri in (edge.mechanism, edge.intervention)}
    states = sorted(name for name, iris in spoken.items() if iris & tied)
    return EvidenceMap(
        mechanisms=left,
        interventions=right,
        edges=tuple(
            replace(e, start=places[e.mechanism], end=places[e.intervention])
            for e in sorted(edges, key=lambda e: e.certainty != "rationale")
        ),
        choices=MapChoices(
            layer=tuple(layers),
            kind=tuple(kinds),
            certainty=CERTAINTIES,
            level=LEVELS,
            line=tuple(sorted(lines)),
            histology=tuple(name for name in states if is_histology(name)),
            biomarker=tuple(name for name in states if not is_histology(name)),
        ),
        width=WIDTH,
        height=max([n.y for side in (left, right) for n in side.nodes], default=0.0) + ROW,
    )


def _edges(
    facts: Facts,
    mechanism: ox.NamedNode,
    among: set[ox.NamedNode],
    given: Mapping[ox.NamedNode, set[ox.NamedNode]],
) -> Iterable[Edge]:
    against = [n for n in facts.entities(mechanism, f"{MESO}counteredBy") if n in among]
    general = {p for n in against for p in facts.entities(n, SUBCLASS) if p != n}
    for node in against:
        said = [s for s in about(facts, node) if s.object is not None and s.object.iri == mechanism.value]
        said = [s for s in said if not s.superseded]
        if node in general and not said:
            continue  # a kind of agents, whose members are there
        level = min((s.level for s in said if s.level), default="")
        found = certainty(said)
        title = f"{facts.label(node)} counters {facts.label(mechanism)}: {found}"
        title += f", level {level}" if level else ""
        tried = len(given.get(node, ()))
        yield Edge(mechanism.value, node.value, 0.0, 0.0, found, level, len(said), tried, title)


def _lines(facts: Facts, given: Mapping[ox.NamedNode, set[ox.NamedNode]]) -> dict[str, set[str]]:
    """The interventions that were tried in each line of treatment."""
    found: dict[str, set[str]] = defaultdict(set)
    for agent, studies in given.items():
        for study in studies:
            for setting in facts.linked(study, f"{MESO}hasTreatmentSetting"):
                found[setting.label].add(agent.value)
    return found


def _placed(
    facts: Facts,
    layers: Mapping[str, list[ox.NamedNode]],
    kinds: Mapping[str, list[ox.NamedNode]],
    edges: list[Edge],
) -> tuple[Side, Side]:
    """Both columns: neighbours near each other, so that few edges cross, and both of the same height."""
    ties: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        ties[edge.mechanism].append(edge.intervention)
        ties[edge.intervention].append(edge.mechanism)
    left = _grouped(facts, layers, ties)
    right = _grouped(facts, kinds, ties)
    for _ in range(3):
        places = _places(left)
        right = _sorted(right, ties, places)
        places = _places(right)
        left = {name: _by_neighbours(nodes, ties, places) for name, nodes in left.items()}
    heights = [sum(HEADING + ROW * len(nodes) for nodes in side.values()) for side in (left, right)]
    return (
        _side(facts, left, heights[1] / heights[0] if 0 < heights[0] < heights[1] else 1.0),
        _side(facts, right, heights[0] / heights[1] if 0 < heights[1] < heights[0] else 1.0),
    )


_Groups = dict[str, list[str]]


def _grouped(
    facts: Facts, groups: Mapping[str, list[ox.NamedNode]], ties: Mapping[str, list[str]]
) -> _Groups:
    """The tied members of each group, by name; what is in two groups stands in the first."""
    placed: set[str] = set()
    found = {}
    for name, members in groups.items():
        here = sorted(
            {n for n in members if n.value in ties and n.value not in placed},
            key=lambda n: facts.label(n).lower(),
        )
        if here:
            found[name] = [n.value for n in here]
            placed.update(found[name])
    return found


def _places(groups: _Groups) -> dict[str, float]:
    """How far down each node stands, of 1."""
    order = [iri for nodes in groups.values() for iri in nodes]
    return {iri: (n + 0.5) / len(order) for n, iri in enumerate(order)}


def _sorted(groups: _Groups, ties: Mapping[str, list[str]], places: Mapping[str, float]) -> _Groups:
    """Groups, and nodes within them, in the order of their neighbours."""
    inside = {name: _by_neighbours(nodes, ties, places) for name, nodes in groups.items()}
    means = {name: _mean([p for n in nodes for p in ties[n]], places) for name, nodes in inside.items()}
    return {name: inside[name] for name in sorted(inside, key=lambda name: (means[name], name))}


def _by_neighbours(nodes: list[str], ties: Mapping[str, list[str]], places: Mapping[str, float]) -> list[str]:
    return sorted(nodes, key=lambda iri: _mean(ties[iri], places))


def _mean(iris: list[str], places: Mapping[str, float]) -> float:
    found = [places[iri] for iri in iris if iri in places]
    return sum(found) / len(found) if found else 0.0


def _side(facts: Facts, groups: _Groups, stretch: float) -> Side:
    headings, nodes = [], []
    y = 0.0
    for name, members in groups.items():
        headings.append(Heading(name, y + HEADING * stretch - ROW * 0.6))
        y += HEADING * stretch
        for iri in members:
            nodes.append(MapNode(facts.label(ox.NamedNode(iri)), iri, round(y + ROW * stretch / 2, 1)))
            y += ROW * stretch
    return Side(tuple(headings), tuple(nodes))
