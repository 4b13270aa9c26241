"""Starts the outward process, and again when it dies. It holds no data and no connection of a client."""

from __future__ import annotations

import os
import socket
import threading
import traceback
from functools import partial

from mesoonto.federation.config import Endpoints
from mesoonto.processes.worker import limit_memory
from mesoonto_server.kept_process import keep_running
from mesoonto_server.outward.requests import Requests

#: Bytes of the stack of a thread, of which there are several for each query.
_STACK = 1 << 20


def start(endpoints: Endpoints, memory: int, unneeded: socket.socket | None) -> socket.socket:
    """Start the process that asks *endpoints*, and no others, for whoever has the socket that is returned.

    It may map *memory* bytes more than now, closes *unneeded*, and ends when nobody has that socket any more.
    To be called before the process starts threads.
    """
    door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    if os.fork() == 0:
        try:
            door.close()
            if unneeded is not None:
                unneeded.close()
            keep_running("outward", partial(_serve, endpoints, memory, theirs))
        except BaseException:  # noqa: BLE001  # the boundary of a process: it goes to standard error
            traceback.print_exc()
        finally:
            os._exit(1)
    theirs.close()
    return door


def _serve(endpoints: Endpoints, memory: int, door: socket.socket) -> None:
    """In the process that asks."""
    threading.stack_size(_STACK)
    limit_memory(memory)
    Requests(endpoints).serve(door)
