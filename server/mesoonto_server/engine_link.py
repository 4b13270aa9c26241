"""What a worker and the dialer tell each other: the one way from a worker to the engine.

A worker has no network. It has inherited one socket, the door, on which it hands over the end of another
(SCM_RIGHTS) for each connection that it wants. There it says to which service, and gets the connected
socket, or why there is none; or it asks the dialer to look at the engine at once.
"""

from __future__ import annotations

import array
import contextlib
import socket
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mesoonto.engines.address import EngineAddress, EngineService
from mesoonto.engines.client import EngineClient
from mesoonto.engines.health import EngineStatus, is_noted
from mesoonto.engines.kinds import adapter_of
from mesoonto.engines.remote import RemoteEngine
from mesoonto.errors import EngineDownError, ServeError
from mesoonto.processes.limits import ProcessLimits
from mesoonto_server.handover import handed_over
from mesoonto_server.shared_status import SharedStatus

#: Asks for a look; any other byte is the number of a service of the address.
LOOK = 255

#: The answer: what follows is a connection, as file descriptor; or it is the reason why there is none.
CONNECTED, REFUSED = b"+", b"-"

#: Bytes of an answer.
LONGEST = 1000

#: Seconds beyond those of a connection until the dialer has said something, and for a look.
_GRACE = 1.0
_LOOK = 15.0

#: Tries: the dialer may have been killed, and another follows within a moment.
_TRIES = 2

_ENDED = "the process that opens connections to the engine has ended; ask again in a moment"

#: Seconds of a query's time that are left to tell that the engine was late, before its worker is ended.
_RESERVE = 0.5


class Door:
    """The way to the engine at *address*; `connect` is a `client.Connect`."""

    def __init__(self, address: EngineAddress, door: socket.socket) -> None:
        self._hosts = [(one.host, one.port) for one in address.services]
        self.socket = door

    def connect(self, service: EngineService, seconds: float) -> socket.socket:
        """A connected socket; raises EngineDownError."""
        what = bytes([self._hosts.index((service.host, service.port))])
        for _ in range(_TRIES):
            data, descriptors = self._asked(what, seconds + _GRACE)
            if data[:1] == CONNECTED and descriptors:
                return socket.socket(fileno=descriptors[0])
            if data[:1] == REFUSED:
                raise EngineDownError(data[1:].decode("utf-8", "replace"))
        raise EngineDownError(f"cannot be reached: {_ENDED}")

    def look(self) -> None:
        """Let the dialer look at the engine; what it finds stands in the shared status when this returns."""
        with contextlib.suppress(EngineDownError):  # it looks again in a moment
            self._asked(bytes([LOOK]), _LOOK)

    def _asked(self, what: bytes, seconds: float) -> tuple[bytes, list[int]]:
        try:
            with handed_over(self.socket, _ENDED) as sock:
                sock.settimeout(seconds)
                sock.sendall(what)
                space = socket.CMSG_SPACE(array.array("i").itemsize)
                data, ancillary, _, _ = sock.recvmsg(LONGEST, space)
        except TimeoutError as error:
            raise EngineDownError("cannot be reached: no connection came within its time") from error
        except (OSError, ServeError):
            return b"", []
        return data, [number for _, _, content in ancillary for number in array.array("i", content)]


@dataclass(slots=True)
class EngineLink:
    """The engine as workers have it; each makes a client of its own."""

    address: EngineAddress
    door: Door
    status: SharedStatus[EngineStatus]
    limits: ProcessLimits
    union: bool
    lock: Path | None = None  #: a file that who writes to it holds
    _client: EngineClient | None = None

    @property
    def client(self) -> EngineClient:
        """The client of this process, made when it is first needed."""
        if self._client is None:
            adapter = adapter_of(self.status.read().kind)
            self._client = EngineClient(self.address, self.door.connect, adapter)
        return self._client

    def version(self, stored: str, state: str) -> str:
        """Names the *state* of the engine's data together with that of the data *stored* here."""
        return msgspec.structs.replace(self.status.read(), state=state).version(stored)

    def engine(self, version: str, timeout: float | None, *, union: bool = True) -> RemoteEngine:
        """The data of the engine, of which the state is *version*, for a query that asks for *timeout*.

        Without *union* its default graph is not the union of all graphs.
        """
        seconds = min(timeout or self.limits.timeout, self.limits.max_timeout)
        seconds = max(seconds - _RESERVE, seconds / 2)
        return RemoteEngine(
            self.client, version, union=union and self.union, noted=is_noted(version), seconds=seconds
        )
