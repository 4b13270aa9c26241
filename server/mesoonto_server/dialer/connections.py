"""Opens connections to the engine for workers, as long as it seems to be there."""

from __future__ import annotations

import logging
import socket
import time

from mesoonto.engines.address import EngineAddress
from mesoonto.engines.client import CONNECT, connect_directly
from mesoonto.engines.health import HealthWatch
from mesoonto.errors import EngineDownError
from mesoonto_server.engine_link import CONNECTED, LONGEST, LOOK, REFUSED
from mesoonto_server.handover import each_handed_over

_log = logging.getLogger(__name__)

#: Seconds for a worker to say what it wants.
_SAY = 5.0


class Connections:
    """Each request of a worker is in a thread of its own."""

    def __init__(self, address: EngineAddress, watch: HealthWatch) -> None:
        self._services = address.services
        self._watch = watch

    def serve(self, door: socket.socket) -> None:
        """Take requests from *door* until nobody is left who has its other end."""
        each_handed_over(door, self._request)

    def look_again_and_again(self, interval: float) -> None:
        """Look at the engine every *interval* seconds, for ever."""
        up: bool | None = None
        while True:
            self._watch.look()
            status = self._watch.status
            if status.up != up:
                up = status.up
                _log.warning("the engine %s %s", status.url, "answers" if up else f"is down: {status.error}")
            time.sleep(interval)

    def _request(self, sock: socket.socket) -> None:
        sock.settimeout(_SAY)
        asked = sock.recv(1)
        if not asked:
            return
        if asked[0] == LOOK:
            self._watch.look()
            sock.sendall(CONNECTED)
            return
        status = self._watch.status
        if status.is_closed_off:
            self._refuse(sock, f"is down: {status.error}")
            return
        try:
            connection = connect_directly(self._services[asked[0]], CONNECT)
        except EngineDownError as error:
            self._watch.fail(error.message)
            self._refuse(sock, error.message)
            return
        with connection:
            socket.send_fds(sock, [CONNECTED], [connection.fileno()])

    @staticmethod
    def _refuse(sock: socket.socket, reason: str) -> None:
        sock.sendall((REFUSED + reason.encode())[:LONGEST])
