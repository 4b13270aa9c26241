"""The facts of the shipped dataset."""

from __future__ import annotations

import pytest

from mesoonto.dataset.store import Engine
from mesoonto.views.facts import Facts


@pytest.fixture(scope="session")
def facts(engine: Engine) -> Facts:
    return Facts(engine.store)
