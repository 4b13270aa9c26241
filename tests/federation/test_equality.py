"""A federated query gives what one store that holds everything gives."""

from __future__ import annotations

import collections
import dataclasses

import pyoxigraph as ox
import pytest

from mesoonto.dataset import query_features
from mesoonto.federation import Endpoint, Endpoints, Federation, FederationLimits
from tests.federation import generator, servers
from tests.federation.standins import StoreLocal, StoreTransport

#: The cases of an ordinary run are the first; ``pytest -m federation_full`` takes all the others.
FEW, MANY = 400, 8000


def bag(result: ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples) -> object:
    """*result* as a multiset of solutions; blank nodes are alike, since their labels mean nothing."""
    if isinstance(result, ox.QueryBoolean):
        return bool(result)
    assert isinstance(result, ox.QuerySolutions)
    names = [variable.value for variable in result.variables]
    return collections.Counter(
        tuple((n, "_:" if isinstance(s[n], ox.BlankNode) else str(s[n])) for n in names) for s in result
    )


def check(seed: int) -> tuple[bool, set[str]]:
    """Compare one case; tells whether it has a solution, and which ways of fetching it took."""
    case = generator.case(seed)
    wanted = bag(case.everything.query(case.oracle))
    endpoints = Endpoints([Endpoint(url, url, batch=case.batch) for url in generator.ENDPOINTS])
    probe = seed % 5 + 1  # so small that both sides are at times the larger one
    limits = FederationLimits(clauses=100, probe=probe)
    federation = Federation(endpoints, limits, StoreTransport(case.remotes))
    outcome = federation.evaluate(case.query, StoreLocal(case.local))
    assert bag(case.local.query(outcome.query)) == wanted, f"seed {seed}: {case.query}"
    seen = query_features.outline(outcome.query)
    assert outcome.outline == dataclasses.replace(seen, volatile=True), f"seed {seed}: {case.query}"
    for service in outcome.report.services:
        assert len(service.requests) <= -(-(service.bindings or 1) // case.batch) + 1, f"seed {seed}"
    return bool(wanted), {service.strategy.split()[0] for service in outcome.report.services}


def check_all(seeds: range) -> None:
    outcomes = [check(seed) for seed in seeds]
    # The comparison means something only when there are answers, and when every way of fetching was taken.
    assert sum(found for found, _ in outcomes) > len(seeds) / 6
    ways = collections.Counter(way for _, taken in outcomes for way in taken)
    assert all(ways[way] > len(seeds) / 40 for way in ("bound", "fetched", "sent", "not")), ways


@pytest.mark.slow
def test_federated_answers_are_those_of_one_store() -> None:
    check_all(range(FEW))


@pytest.mark.federation_full
def test_federated_answers_are_those_of_one_store_in_many_cases() -> None:
    check_all(range(FEW, MANY))


def test_federated_answers_over_http_are_those_of_one_store() -> None:
    stores = {url: ox.Store() for url in generator.ENDPOINTS}
    with (
        servers.serving(servers.over(stores[generator.ENDPOINTS[0]])) as a,
        servers.serving(servers.over(stores[generator.ENDPOINTS[1]])) as b,
    ):
        found = 0
        for seed in range(40):
            case = generator.case(seed)
            for url, store in stores.items():
                store.clear()
                store.extend(case.remotes[url])
            query = case.query
            for url, real in zip(generator.ENDPOINTS, (a.url, b.url), strict=True):
                query = query.replace(f"<{url}>", f"<{real}>")
            listed = [
                Endpoint(url, url, batch=case.batch, cache=0, allow_private=True) for url in (a.url, b.url)
            ]
            federation = Federation(Endpoints(listed), FederationLimits(clauses=100))
            outcome = federation.evaluate(query, StoreLocal(case.local))
            federation.close()
            wanted = bag(case.everything.query(case.oracle))
            assert bag(case.local.query(outcome.query)) == wanted, f"seed {seed}"
            found += bool(wanted)
        assert found > 5
        assert a.received
        assert b.received
