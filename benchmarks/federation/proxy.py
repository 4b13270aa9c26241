"""A TCP proxy that counts the requests and bytes that pass it; its second port tells them and starts anew.

Run: python proxy.py TARGET_PORT. It prints its two ports, first the one that forwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys

counts = {"requests": 0, "bytes": 0}


async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_request: bool) -> None:
    with contextlib.suppress(ConnectionError):  # engines that break off
        while chunk := await reader.read(65536):
            if is_request:
                counts["requests"] += chunk.count(b" HTTP/1.1\r\n")
            else:
                counts["bytes"] += len(chunk)
            writer.write(chunk)
            await writer.drain()
    writer.close()


async def main(target: int) -> None:
    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(
            forward(reader, back, is_request=True),
            forward(there, writer, is_request=False),
            return_exceptions=True,
        )

    async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = json.dumps(counts).encode()
        counts.update(requests=0, bytes=0)
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(body), body)
        )
        await writer.drain()
        writer.close()

    servers = [await asyncio.start_server(handler, "127.0.0.1", 0) for handler in (proxy, tell)]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


asyncio.run(main(int(sys.argv[1])))
