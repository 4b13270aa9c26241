"""The endpoint that the conformance cases run against.

It is a served ``mesoonto --empty --allow-update``. With MESOONTO_CONFORMANCE_ENDPOINT set to an address and
three paths, "http://127.0.0.1:7000 /query /update /store", the same cases run against another server, whose
data they delete.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.conformance.endpoint import Endpoint
from tests.conftest import running_server
from tests.wire import Client


@contextmanager
def opened() -> Iterator[Endpoint]:
    """An endpoint that may be filled and emptied."""
    given = os.environ.get("MESOONTO_CONFORMANCE_ENDPOINT")
    if given:
        address, query, update, store = given.split()
        with Client(address) as client:
            yield Endpoint(address, client, query, update, store)
    else:
        with running_server("--empty", "--allow-update") as address, Client(address) as client:
            yield Endpoint(address, client)


@pytest.fixture(scope="session")
def endpoint() -> Iterator[Endpoint]:
    """An endpoint that each test may fill and empty."""
    with opened() as found:
        yield found
