"""Any SPARQL endpoint in Python, with the same queries as the shipped dataset."""

from __future__ import annotations

from types import TracebackType
from urllib.parse import urlsplit

from mesoonto.api.rows import Queryable
from mesoonto.errors import EndpointError
from mesoonto.federation import Endpoint, Endpoints
from mesoonto.federation.client import Client

_JSON = "application/sparql-results+json"

#: Bytes of the largest answer that is taken.
_LARGEST = 1 << 30


class RemoteDataset(Queryable):
    """A SPARQL 1.1 endpoint, read only. Use it in a ``with`` statement, or close it.

    An EndpointError says what the endpoint answered in place of a result.
    """

    def __init__(self, address: str, *, timeout: float = 60.0) -> None:
        if urlsplit(address).scheme not in ("http", "https"):
            raise EndpointError(f"{address}: not an http or https address")
        # Whoever names the address may reach what this machine reaches.
        self._endpoint = Endpoint("asked", address, timeout=timeout, max_bytes=_LARGEST, allow_private=True)
        self._client = Client(Endpoints([self._endpoint]))

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    def __enter__(self) -> RemoteDataset:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _results_json(self, text: str) -> bytes:
        return self._client.ask(self._endpoint, text, _JSON).body


def connect(address: str, *, timeout: float = 60.0) -> RemoteDataset:
    """The endpoint at *address*; each query has *timeout* seconds."""
    return RemoteDataset(address, timeout=timeout)
