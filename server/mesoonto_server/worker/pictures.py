"""The views behind the pictures of the field: matrix, comparisons, timeline, approvals, map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyoxigraph as ox

from mesoonto.dataset.store import Engine
from mesoonto.errors import NoGraphError
from mesoonto.namespaces import MESO
from mesoonto.views.approvals import approvals
from mesoonto.views.comparisons import comparisons
from mesoonto.views.evidence_map import MAP_CHOICES, evidence_map
from mesoonto.views.facts import Facts
from mesoonto.views.matrix import cell, matrix
from mesoonto.views.terms import INTERVENTION, MECHANISM
from mesoonto.views.timeline import timeline
from mesoonto.views.years import by_year
from mesoonto_server.http.problems import RequestError

Parameters = dict[str, list[str]]


def _first(parameters: Parameters, name: str) -> str:
    return parameters.get(name, [""])[0]


def _chosen(parameters: Parameters, *names: str) -> dict[str, str]:
    return {name: _first(parameters, name) for name in names}


def _cell(engine: Engine, parameters: Parameters) -> Any:
    facts = Facts(engine.store)
    return cell(
        facts,
        _term(facts, parameters, "mechanism", MECHANISM),
        _term(facts, parameters, "kind", INTERVENTION),
    )


def _term(facts: Facts, parameters: Parameters, name: str, top: str) -> ox.NamedNode:
    """The class that the parameter *name* gives by the end of its IRI."""
    try:
        node = ox.NamedNode(MESO + _first(parameters, name))
    except ValueError as error:
        raise RequestError(400, f"{name} is no identifier: {error}") from error
    if node.value != top and not facts.is_a(node, top):
        raise NoGraphError(f"{name}: nothing of this kind is known as {node.value}")
    return node


def _comparisons(engine: Engine, parameters: Parameters) -> Any:
    asked = _chosen(parameters, "end_point", "population", "tested", "setting")
    return comparisons(Facts(engine.store), **asked, earlier=bool(_first(parameters, "earlier")))


#: Views by name.
VIEWS: dict[str, Callable[[Engine, Parameters], Any]] = {
    "matrix": lambda engine, asked: matrix(Facts(engine.store), **_chosen(asked, "layer", "show")),
    "cell": _cell,
    "comparisons": _comparisons,
    "timeline": lambda engine, asked: timeline(Facts(engine.store), **_chosen(asked, "setting")),
    "years": lambda engine, _: by_year(Facts(engine.store)),
    "approvals": lambda engine, asked: approvals(Facts(engine.store), **_chosen(asked, "kind")),
    "map": lambda engine, asked: evidence_map(Facts(engine.store), **_chosen(asked, *MAP_CHOICES)),
}
