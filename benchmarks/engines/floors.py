"""What is left of a front that does nothing: the floors under what mesoonto can cost before an engine.

- **nginx**, in C, with kept connections to the engine.
- **relay**: sixteen processes of Python, each of which receives from its client, sends the same bytes to the
  engine, receives, and sends those back. It reads nothing, so it is no server that anybody could use.
- **asgi**: uvicorn with uvloop, in as many processes as there are cores. It sends the body of each request on
  by asyncio's streams and reads no more of the answer than its head and length.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from benchmarks.endpoint.peers import BenchmarkError, Peer

_PROCESSES = 16
_READ = 1 << 16
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

_NGINX = """
daemon off; pid {folder}/pid; worker_processes auto; error_log {folder}/error.log; events {{}}
http {{
    access_log off; {paths}
    keepalive_requests 1000000000;
    upstream engine {{ server 127.0.0.1:{engine}; keepalive 32; keepalive_requests 1000000000; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://engine; proxy_http_version 1.1; proxy_set_header Connection ""; }}
    }}
}}
"""


def peers(engine: Peer, names: list[str]) -> list[Peer]:
    """The floors called *names*, before *engine*, which runs."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    relay = f"{{python}} -m benchmarks.engines.floors {engine.port} {{port}}"
    asgi = (
        "{python} -m uvicorn benchmarks.engines.floors:application --host 127.0.0.1 --port {port} "
        f"--no-access-log --log-level warning --workers {os.cpu_count()}"
    )
    os.environ["ENGINE_PORT"] = str(engine.port)
    known = {
        "nginx": Peer(
            "nginx", f"{program} -e {{directory}}/error.log -c {{directory}}/nginx.conf", engine.path,
            setup=partial(_configure, engine.port),
        ),
        "relay": Peer("relay", relay, engine.path),
        "asgi": Peer("asgi", asgi, engine.path),
    }  # fmt: skip
    unknown = set(names) - set(known)
    if unknown:
        raise BenchmarkError(f"no floor is called {', '.join(sorted(unknown))}; take of {', '.join(known)}")
    return [known[name] for name in names]


def _configure(engine: int, peer: Peer) -> None:
    folder = peer.directory
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = _NGINX.format(folder=folder, paths=paths, engine=engine, port=peer.port)
    (folder / "nginx.conf").write_text(text)


# The relay.


def _relay(engine: int, port: int) -> None:
    """Let one process for each client at one time pass on what comes to *port*."""
    listener = socket.create_server(("127.0.0.1", port), backlog=128)
    for _ in range(_PROCESSES - 1):
        if os.fork() == 0:
            break
    upstream = _connected(engine)
    while True:
        client, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with client:
            while data := client.recv(_READ):
                upstream.sendall(data)
                answer = upstream.recv(_READ)
                if not answer:  # an engine closes what was idle
                    upstream.close()
                    upstream = _connected(engine)
                    upstream.sendall(data)
                while not _is_whole(answer):
                    more = upstream.recv(_READ)
                    if not more:
                        raise BenchmarkError("the engine has closed the connection in its answer")
                    answer += more
                client.sendall(answer)


def _connected(port: int) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _is_whole(answer: bytes) -> bool:
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    length = _LENGTH.search(answer, 0, end)
    if length is not None:
        return len(answer) == end + 4 + int(length[1])
    return answer.endswith(b"\r\n0\r\n\r\n")


# ASGI.

_Send = Callable[[dict[str, Any]], Awaitable[None]]
_idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []


async def application(scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: _Send) -> None:
    """Pass one request on."""
    if scope["type"] != "http":
        return
    await receive()
    reader, writer = (
        _idle.pop() if _idle else await asyncio.open_connection("127.0.0.1", int(os.environ["ENGINE_PORT"]))
    )
    accept = dict(scope["headers"]).get(b"accept", b"*/*")
    target = scope["raw_path"] + b"?" + scope["query_string"]
    writer.write(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\nAccept: " + accept + b"\r\n\r\n")
    answer = await reader.read(_READ)
    while not _is_whole(answer):
        answer += await reader.read(_READ)
    _idle.append((reader, writer))
    head, _, body = answer.partition(b"\r\n\r\n")
    if _LENGTH.search(head) is None:
        body = _unchunked(body)
    headers = [(b"content-length", str(len(body)).encode()), (b"content-type", accept)]
    await send({"type": "http.response.start", "status": int(head[9:12]), "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _unchunked(body: bytes) -> bytes:
    parts, at = [], 0
    while True:
        end = body.index(b"\r\n", at)
        size = int(body[at:end], 16)
        if not size:
            return b"".join(parts)
        parts.append(body[end + 2 : end + 2 + size])
        at = end + 4 + size


if __name__ == "__main__":
    _relay(int(sys.argv[1]), int(sys.argv[2]))
