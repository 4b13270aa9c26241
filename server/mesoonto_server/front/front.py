"""The process that owns the connections of clients: what it consists of, how it starts and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable
from wsgiref.types import WSGIApplication

import uvloop

from mesoonto.errors import MesoontoError
from mesoonto_server.front import malloc
from mesoonto_server.front.acceptor import Acceptor, has_connection_workers
from mesoonto_server.front.application import Application
from mesoonto_server.front.client_limits import ClientLimits
from mesoonto_server.front.gateway import Gateway
from mesoonto_server.front.http_protocol import Service
from mesoonto_server.front.long_queries import LongQueries
from mesoonto_server.front.wsgi import Bridge
from mesoonto_server.settings import Settings
from mesoonto_server.shared_rate import SharedRate
from mesoonto_server.telemetry.report import Telemetry

#: Seconds between two looks at what is published on disk.
_LOOK = 1.0


def run(front: Front, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM comes, then finish what is under way; *ready* is called once it accepts any."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(front.serve(ready))


class Front:
    """Answers on the connections that *listener* takes, by *gateway* and the WSGI *application*."""

    def __init__(
        self, gateway: Gateway, settings: Settings, application: Callable[[Telemetry], WSGIApplication],
        listener: socket.socket, rate: SharedRate | None,
    ) -> None:  # fmt: skip
        self._gateway = gateway
        self._settings = settings
        pool = gateway.pool
        telemetry = Telemetry(pool, settings, gateway.following, gateway.engine)
        limits = ClientLimits(settings, rate)
        flask = Bridge(application(telemetry))
        self._application = Application(gateway, settings, limits, telemetry, flask)
        service = Service(
            self._application.answer,
            3 * (settings.max_query << 10),
            settings.send_timeout,
            settings.trusted_proxy,
        )  # every byte of a query may come as three
        self._acceptor = Acceptor(listener, service, pool, telemetry, settings)
        self._long_queries = LongQueries(self._acceptor.workforce, pool, limits, settings.trusted_proxy)

    async def serve(self, ready: Callable[[], None]) -> None:
        """Serve until SIGTERM comes or the data are gone."""
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        pool = self._gateway.pool
        pool.on_loss = _end_at_once
        await self._gateway.open()
        pool.on_renewal = self._renew
        await self._acceptor.open()
        tasks = [loop.create_task(self._look_for_versions()), loop.create_task(malloc.keep_small())]
        if has_connection_workers(self._settings):
            tasks.append(loop.create_task(self._long_queries.watch()))
        ready()
        await stop.wait()
        await self._acceptor.close()
        for task in tasks:
            task.cancel()
        await pool.close()

    async def _renew(self) -> None:
        """Answer from the newest data."""
        self._application.cache.clear()
        await self._acceptor.renew()

    async def _look_for_versions(self) -> None:
        """Follow what `mesoonto load` or `restore` publish while we serve."""
        published = self._gateway.published
        while published is not None:
            await asyncio.sleep(_LOOK)
            if published() not in ("", self._gateway.pool.version):
                with contextlib.suppress(MesoontoError):  # told again in a second, if it stays so
                    await self._gateway.pool.renew()


def _end_at_once() -> None:
    """The data are gone, and with them whatever could be answered."""
    os._exit(1)
