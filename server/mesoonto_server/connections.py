"""Bounds what a client that does not read can hold of the server."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket

#: Bytes that wait in the kernel for a client that does not read; it doubles the number.
_SEND_BUFFER = 1 << 18

#: Seconds between two looks for the listening socket, and how often to look.
_LOOK = 0.1
_LOOKS = 100


async def bound(seconds: float) -> None:
    """Let the kernel close connections on which nothing could be sent for *seconds*. Linux only.

    granian gives up a response that makes no progress only when it can send again. Accepted connections take
    their options over from the listening socket, which granian opens by itself, so it is looked for among the
    open files.
    """
    for _ in range(_LOOKS):
        if _bound_listeners(seconds):
            return
        await asyncio.sleep(_LOOK)


def _bound_listeners(seconds: float) -> bool:
    found = False
    with contextlib.suppress(OSError, AttributeError):
        for name in os.listdir("/proc/self/fd"):
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(int(name))) as opened:
                internet = opened.family in (socket.AF_INET, socket.AF_INET6)
                if internet and opened.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    milliseconds = int(seconds * 1000)
                    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
                    opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
                    found = True
    return found
