"""Starts the outward process, and again when it dies. It holds no data and no connection of a client."""

from __future__ import annotations

import socket
import threading
from functools import partial

from mesoonto.federation.config import Endpoints
from mesoonto.processes.worker import limit_memory
from mesoonto_server import kept_process
from mesoonto_server.outward.requests import Requests

#: Bytes of the stack of a thread, of which there are several for each query.
_STACK = 1 << 20


def start(endpoints: Endpoints, memory: int, unneeded: socket.socket | None) -> socket.socket:
    """Start the process that asks *endpoints*, and no others, for whoever has the socket that is returned.

    It may map *memory* bytes more than now, closes *unneeded*, and ends when nobody has that socket any more.
    To be called before the process starts threads.
    """
    door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    first = [door.close] if unneeded is None else [door.close, unneeded.close]
    kept_process.start("outward", partial(_serve, endpoints, memory, theirs), first)
    theirs.close()
    return door


def _serve(endpoints: Endpoints, memory: int, door: socket.socket) -> None:
    """In the process that asks."""
    threading.stack_size(_STACK)
    limit_memory(memory)
    Requests(endpoints).serve(door)
