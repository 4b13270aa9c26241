"""Any SPARQL endpoint in Python, with the same queries as the shipped dataset."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

from mesoonto.api.rows import Queryable, Rows
from mesoonto.dataset.query_features import LONGEST
from mesoonto.errors import EndpointError, EndpointSyntaxError, QuerySyntaxError
from mesoonto.federation import Endpoint, Endpoints
from mesoonto.federation.client import Client, RemoteAnswer

_JSON = "application/sparql-results+json"

#: Bytes of the largest answer that is taken.
_LARGEST = 1 << 30

#: Requests of one `AsyncRemoteDataset` that are under way at once.
_AT_ONCE = 8

_T = TypeVar("_T")


class RemoteDataset(Queryable):
    """A SPARQL 1.1 endpoint, read only without a token. Use it in a ``with`` statement, or close it.

    An EndpointError says what the endpoint answered in place of a result. Where that refused what is not
    SPARQL, it is a QuerySyntaxError, too. It may be used by several threads.
    """

    def __init__(
        self, address: str, *, timeout: float = 60.0, token: str | None = None, update: str = ""
    ) -> None:
        self._endpoint = _endpoint("asked", address, timeout, token)
        self._writing = _endpoint("written to", update, timeout, token) if update else self._endpoint
        self._client = Client(Endpoints(dict.fromkeys((self._endpoint, self._writing))))

    def update(self, text: str) -> None:
        """Carry out the SPARQL update *text*; an EndpointError without a token, and for a refusal."""
        if self._writing.token is None:
            raise EndpointError("without a token it is read only: connect(address, token=...)")
        self._client.update(self._writing, text)

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def answer(self, text: str, accept: str) -> RemoteAnswer:
        """The endpoint's own answer to the query *text*, in a media type of the header *accept*."""
        try:
            return self._client.ask(self._endpoint, text, accept)
        except EndpointError as error:
            mistake = _mistake(text) if "answered 400" in error.message else None
            if mistake is None:
                raise
            raise EndpointSyntaxError(mistake.message, mistake.place, mistake.excerpt) from error

    def _results_json(self, text: str) -> bytes:
        return self.answer(text, _JSON).body


class AsyncRemoteDataset:
    """A `RemoteDataset` whose methods are awaited, several at once. Use it in an ``async with`` statement.

    Whoever stops waiting is free at once; the request itself goes on until its time is over.
    """

    def __init__(self, remote: RemoteDataset) -> None:
        self._remote = remote
        self._threads = ThreadPoolExecutor(_AT_ONCE, "mesoonto-endpoint")

    async def query(self, text: str) -> Rows:
        """As `RemoteDataset.query`."""
        return await self._away(self._remote.query, text)

    async def ask(self, text: str) -> bool:
        """As `RemoteDataset.ask`."""
        return await self._away(self._remote.ask, text)

    async def update(self, text: str) -> None:
        """As `RemoteDataset.update`."""
        await self._away(self._remote.update, text)

    async def close(self) -> None:
        """End the connections."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._remote.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _away(self, function: Callable[[str], _T], text: str) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, text)


def connect(
    address: str, *, timeout: float = 60.0, token: str | None = None, update: str = ""
) -> RemoteDataset:
    """The endpoint at *address*; each request has *timeout* seconds.

    With a bearer *token* it can be written to, at the address *update* where that is another. Raises
    EndpointError for what is no address of the web, and for a token that would leave this machine as it is.
    """
    return RemoteDataset(address, timeout=timeout, token=token, update=update)


def connect_async(
    address: str, *, timeout: float = 60.0, token: str | None = None, update: str = ""
) -> AsyncRemoteDataset:
    """As `connect`, to be awaited."""
    return AsyncRemoteDataset(connect(address, timeout=timeout, token=token, update=update))


def _endpoint(name: str, address: str, timeout: float, token: str | None) -> Endpoint:
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise EndpointError(f"{address}: no address: {error}") from error
    if parts.scheme not in ("http", "https"):
        raise EndpointError(f"{address}: not an http or https address")
    if token is not None and parts.scheme == "http" and not _is_here(parts.hostname or ""):
        raise EndpointError(f"{address}: a token goes by https, or to this machine")
    # Whoever names the address may reach what this machine reaches.
    return Endpoint(name, address, timeout=timeout, max_bytes=_LARGEST, allow_private=True, token=token)


def _mistake(text: str) -> QuerySyntaxError | None:
    """What is wrong with *text*, where it is no query by the grammar of SPARQL."""
    from mesoonto.sparql.messages import mistake
    from mesoonto.sparql.parser import NotSparqlError, parse_query

    if len(text) > LONGEST:
        return None
    try:
        parse_query(text)
    except NotSparqlError as error:
        return mistake(error, text)
    return None


def _is_here(host: str) -> bool:
    """Whether *host* is this machine for sure."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
