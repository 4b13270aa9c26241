"""The W3C's cases for its protocols, asked of a mesoonto before real engines that hold nothing else.

They are those of tests/conformance, with another endpoint: ``pytest -m engines_full tests/engines``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.endpoint import Endpoint
from tests.conformance.test_graph_store import *  # noqa: F403
from tests.conformance.test_protocol import *  # noqa: F403
from tests.conftest import running_server
from tests.engines.conftest import REAL
from tests.engines.known_failures import PROTOCOL
from tests.engines.servers import SERVERS
from tests.wire import Client

pytestmark = pytest.mark.engines_full


@pytest.fixture(scope="module", params=REAL)
def endpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """A mesoonto before an engine of its own, which anybody may write to."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    with (
        SERVERS[request.param](folder) as url,
        running_server("--engine", url, "--empty", "--allow-update", "--query-workers", "2") as address,
        Client(address) as client,
    ):
        yield Endpoint(address, client)


@pytest.fixture(autouse=True)
def _known(request: pytest.FixtureRequest) -> None:
    """A failure that is known must be one."""
    kind = request.node.callspec.params["endpoint"]
    reason = PROTOCOL[kind].get(request.node.originalname)
    if reason is not None:
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
