"""Starts the processes: a fork server that holds the data, its workers, and the one that speaks MCP."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from mesoonto import extras
from mesoonto.errors import ServeError
from mesoonto.processes import fork_server
from mesoonto.processes.fork_server import Link, Role
from mesoonto.processes.pool import Pool
from mesoonto.processes.worker import jobs as answering

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

#: The path of the HTTP transport, the bytes of the largest request there, and connections at one time.
PATH = "/mcp"
_LARGEST_REQUEST, _CONNECTIONS = 1 << 18, 100


def serve_stdio() -> None:
    """Serve one client on standard input and output until it closes them; raises as `serve_http`."""
    _serve(_on_stdio)


def serve_http(host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve at *host* and *port* until interrupted; *on_ready* is called with the address.

    NotInstalledError where the SDK is missing, ServeError for an address that cannot be listened on and for
    data that cannot be loaded.
    """
    try:
        listener = socket.create_server((host, port), family=_family(host), backlog=128)
    except (OSError, OverflowError) as error:
        raise ServeError(f"{host}:{port} cannot be listened on: {error}") from error
    with listener:
        bracketed = f"[{host}]" if ":" in host else host
        ready = partial(on_ready, f"http://{bracketed}:{listener.getsockname()[1]}{PATH}")
        _serve(partial(_on_http, host, listener, ready), listener)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _serve(work: Callable[[Link], Awaitable[None]], listener: socket.socket | None = None) -> None:
    extras.need("mcp", "the MCP server")
    link = fork_server.start(partial(_prepare, listener))
    import anyio

    try:
        anyio.run(work, link)
    except KeyboardInterrupt:
        pass
    finally:
        os.close(link.lifeline)
        link.door.close()


def _prepare(listener: socket.socket | None) -> Mapping[str, Role]:
    """Load what workers share, in the fork server, which must not touch the client's pipes or door."""
    from mesoonto.mcp import data, jobs
    from mesoonto.mcp.calls import LIMITS

    if listener is not None:
        listener.close()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(nowhere, standard)
    os.close(nowhere)
    loaded = data.load()
    return {"query": Role(lambda: loaded.engine, answering(jobs.handler(loaded)), LIMITS.memory)}


async def _on_stdio(link: Link) -> None:
    from mesoonto.mcp.server import server

    workers = await _workers(link)
    try:
        await server(workers).run_stdio_async()
    finally:
        await workers.close()


async def _on_http(host: str, listener: socket.socket, ready: Callable[[], None], link: Link) -> None:
    from uvicorn import Config, Server

    from mesoonto.mcp.server import server

    workers = await _workers(link)
    application = server(workers).streamable_http_app(
        streamable_http_path=PATH,
        json_response=True,
        stateless_http=True,  # nothing of a client is kept, so that no number of them fills the memory
        max_request_body_size=_LARGEST_REQUEST,
        host=host,
    )
    config = Config(
        partial(_posts, application),
        interface="asgi3",
        log_level="warning",
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
    )
    ready()  # the door is open: who comes now waits there for a moment
    try:
        await Server(config).serve([listener])
    finally:
        await workers.close()


async def _posts(application: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Hand on what clients send; the stream of a GET would stay open for news that there are none of."""
    from starlette.responses import PlainTextResponse

    if scope["type"] == "http" and scope["method"] != "POST":
        refusal = PlainTextResponse("only POST\n", 405, {"allow": "POST"})
        await refusal(scope, receive, send)
    else:
        await application(scope, receive, send)


async def _workers(link: Link) -> Pool:
    from mesoonto.mcp.calls import LIMITS

    pool = Pool(link, LIMITS)
    pool.on_loss = lambda: os.kill(os.getpid(), signal.SIGTERM)  # nothing can be answered without the data
    await pool.open()
    return pool
