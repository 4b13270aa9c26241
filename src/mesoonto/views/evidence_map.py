"""The map: mechanisms by layer, interventions by kind, and what is known between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import MESO
from mesoonto.views.facts import Facts
from mesoonto.views.landscape import LAYERS, below, kinds_of_interventions
from mesoonto.views.statements import CERTAINTIES, about, certainty

#: Units of the drawing: height of a row, of a heading, and the two columns between which edges run.
ROW, HEADING = 18.0, 30.0
WIDTH = 1100.0


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
    """An intervention that counters a mechanism; *certainty* is that of the best statement."""

    mechanism: str
    intervention: str
    start: float
    end: float
    certainty: str  #: one of CERTAINTIES
    level: str  #: the best level among the statements, A to E, or nothing
    title: str


@dataclass(frozen=True, slots=True)
class Side:
    """One column."""

    headings: tuple[Heading, ...]
    nodes: tuple[MapNode, ...]


@dataclass(frozen=True, slots=True)
class EvidenceMap:
    """All of it, in a drawing of *width* by *height*."""

    mechanisms: Side
    interventions: Side
    edges: tuple[Edge, ...]
    layers: tuple[str, ...]  #: that one may choose from
    kinds: tuple[str, ...]
    certainties: tuple[str, ...]
    width: float
    height: float


def evidence_map(
    facts: Facts, *, layer: str = "", kind: str = "", certainty: str = "", focus: str = ""
) -> EvidenceMap:
    """The map, with mechanisms of one *layer*, interventions of one *kind*, edges of one *certainty*, or only
    what is tied to the entity *focus*.
    """
    layers = {facts.label(ox.NamedNode(iri)): below(facts, iri) for iri in LAYERS}
    kinds = {facts.label(node): [node, *below(facts, node.value)] for node in kinds_of_interventions(facts)}
    chosen = {name: nodes for name, nodes in layers.items() if layer in ("", name)}
    of_kind = {name: nodes for name, nodes in kinds.items() if kind in ("", name)}
    edges = [
        edge
        for mechanism in dict.fromkeys(n for nodes in chosen.values() for n in nodes)
        for edge in _edges(facts, mechanism, {n for nodes in of_kind.values() for n in nodes})
        if certainty in ("", edge.certainty) and focus in ("", edge.mechanism, edge.intervention)
    ]
    left = _side(facts, chosen, {edge.mechanism for edge in edges})
    right = _side(facts, of_kind, {edge.intervention for edge in edges})
    places = {node.iri: node.y for side in (left, right) for node in side.nodes}
    return EvidenceMap(
        mechanisms=left,
        interventions=right,
        edges=tuple(
            Edge(e.mechanism, e.intervention, places[e.mechanism], places[e.intervention], *_rest(e))
            for e in sorted(edges, key=lambda e: e.certainty != "rationale")
        ),
        layers=tuple(layers),
        kinds=tuple(kinds),
        certainties=CERTAINTIES,
        width=WIDTH,
        height=max([n.y for side in (left, right) for n in side.nodes], default=0.0) + ROW,
    )


def _rest(edge: Edge) -> tuple[str, str, str]:
    return edge.certainty, edge.level, edge.title


def _edges(facts: Facts, mechanism: ox.NamedNode, among: set[ox.NamedNode]) -> Iterable[Edge]:
    against = [n for n in facts.entities(mechanism, f"{MESO}counteredBy") if n in among]
    general = {p for n in against for p in against if p != n and n in below(facts, p.value)}
    for node in against:
        said = [s for s in about(facts, node) if s.object is not None and s.object.iri == mechanism.value]
        if node in general and not said:
            continue  # a kind of agents, whose members are there
        level = min((s.level for s in said if s.level), default="")
        found = certainty(said)
        title = f"{facts.label(node)} counters {facts.label(mechanism)}: {found}"
        title += f", level {level}" if level else ""
        yield Edge(mechanism.value, node.value, 0.0, 0.0, found, level, title)


def _side(facts: Facts, groups: dict[str, list[ox.NamedNode]], used: set[str]) -> Side:
    headings, nodes = [], []
    y = 0.0
    placed: set[str] = set()
    for name, members in groups.items():
        here = sorted((n for n in members if n.value in used - placed), key=lambda n: facts.label(n).lower())
        if not here:
            continue
        headings.append(Heading(name, y + HEADING - ROW / 2))
        y += HEADING
        for node in here:
            nodes.append(MapNode(facts.label(node), node.value, y + ROW / 2))
            placed.add(node.value)
            y += ROW
    return Side(tuple(headings), tuple(nodes))
