"""Starts the dialer, and again when it dies. It holds no data and no connection of a client."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mesoonto.engines.address import EngineAddress
from mesoonto.engines.health import EngineStatus, HealthWatch
from mesoonto.processes.limits import MIB
from mesoonto.processes.worker import limit_memory
from mesoonto_server import kept_process
from mesoonto_server.dialer.connections import Connections
from mesoonto_server.shared_status import SharedStatus

#: Bytes of the stack of a thread, and of memory.
_STACK = 1 << 20
_MEMORY = 512 * MIB


@dataclass(slots=True)
class Dialer:
    """The others' hold on the dialer."""

    address: EngineAddress
    door: socket.socket  #: by which sockets are handed to it; it ends when nobody has it any more
    status: SharedStatus[EngineStatus]  #: what it finds
    lock: Path | None = None  #: a file that who writes to the engine holds


def start(address: EngineAddress, interval: float, unneeded: socket.socket | None) -> Dialer:
    """Start the process that opens connections to the engine at *address*, and to nobody else.

    It looks at the engine every *interval* seconds and closes *unneeded*. To be called before the process
    starts threads.
    """
    status = SharedStatus(EngineStatus(address.query.url, kind=address.kind, error="not looked at yet"))
    door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    first = [door.close] if unneeded is None else [door.close, unneeded.close]
    kept_process.start("dialer", partial(_serve, address, interval, status, theirs), first)
    theirs.close()
    return Dialer(address, door, status)


def _serve(
    address: EngineAddress, interval: float, status: SharedStatus[EngineStatus], door: socket.socket
) -> None:
    """In the process that dials."""
    threading.stack_size(_STACK)
    limit_memory(_MEMORY)
    watch = HealthWatch(address, status.write, status.read())
    connections = Connections(address, watch)
    threading.Thread(target=connections.look_again_and_again, args=(interval,), daemon=True).start()
    connections.serve(door)
