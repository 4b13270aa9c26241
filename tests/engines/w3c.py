"""The W3C's cases that real engines are asked, of which a run without ``engines_full`` takes some."""

from __future__ import annotations

import pytest

from tests import suites
from tests.conformance import manifests
from tests.conformance.manifests import Case, Kind

ROOT = suites.folder("sparql")

#: One case in so many is always asked.
_EVERY = 24


def cases(kind: Kind) -> list[Case]:
    """Those of SPARQL 1.1; none where the suite is not there."""
    found = manifests.cases(ROOT) if ROOT else []
    return [case for case in found if case.kind is kind and case.name.startswith("sparql11/")]


def name(case: Case) -> str:
    """What `known_failures` call it."""
    return case.name.removeprefix("sparql11/")


def parameters(asked: list[Case]) -> list[object]:
    """*asked* as parameters of a test."""
    return [
        pytest.param(case, id=name(case), marks=[pytest.mark.engines_full] if place % _EVERY else [])
        for place, case in enumerate(asked)
    ] or [pytest.param(None, id="none")]
