"""Bodies that are too large, never end, stall, lie about their length, or unpack to something else."""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from random import Random

from tests.hostile.attack import WIRE, Attack, Target, send
from tests.hostile.raw import Outcome, connect, exchange, head, leave
from tests.wire import FORM, QUERY, TURTLE, UPDATE

_MEGABYTE = 1 << 20
#: The size that must be refused.
_LARGE = 50 * _MEGABYTE
#: An unending body is given up here; a server that still reads then has no limit.
_UNENDING = 400 * _MEGABYTE

TOO_LARGE = frozenset({"413"})

#: The bound of size, or that of time where a busy machine does not bring it so soon.
_STOPPED = TOO_LARGE | {"408"}
_LEFT = frozenset({"left"})


def _posting(
    name: str,
    path: str,
    media_type: str,
    body: Callable[[Random], bytes],
    allowed: frozenset[str],
    *,
    headers: tuple[tuple[str, str], ...] = (),
    heavy: bool = False,
) -> Attack:
    def launch(target: Target, random: Random) -> Outcome:
        return send(target, "POST", path, body(random), [("Content-Type", media_type), *headers])

    return Attack(name, launch, allowed, heavy=heavy)


def _chunks(content: Iterable[bytes]) -> Iterator[bytes]:
    for piece in content:
        yield b"%x\r\n%s\r\n" % (len(piece), piece)


def _unending(path: str, media_type: str, first: bytes, piece: bytes, *headers: tuple[str, str]) -> Attack:
    """A chunked body that goes on until somebody stops it."""

    def launch(target: Target, random: Random) -> Outcome:
        named = [("Content-Type", media_type), ("Transfer-Encoding", "chunked"), *headers]

        def pieces() -> Iterator[bytes]:
            yield head("POST", path, named)
            yield from _chunks([first])
            for _ in range(_UNENDING // len(piece)):
                yield from _chunks([piece])

        return exchange(target.address, pieces())

    return Attack(f"body/unending{path.partition('?')[0].replace('/', '-')}", launch, _STOPPED, heavy=True)


def _stalled(name: str, start: Callable[[Random], bytes]) -> Attack:
    """A request that stops in its middle; its client waits a while and goes."""

    def launch(target: Target, random: Random) -> Outcome:
        sock = connect(target.address)
        sock.sendall(start(random))
        time.sleep(random.random() / 2)
        leave(sock)
        return Outcome("left")

    return Attack(f"stall/{name}", launch, _LEFT)


def _wire(name: str, data: bytes, allowed: frozenset[str] = WIRE, *, patience: float = 5) -> Attack:
    """Bytes as they are; a server that waits for more of them may be left waiting."""

    def launch(target: Target, random: Random) -> Outcome:
        return exchange(target.address, [data], patience)

    return Attack(name, launch, allowed, bare=True)


_POST = b"POST /sparql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/sparql-query\r\n"

#: Lengths that are wrong or no lengths. "silent" is a server that waits for the bytes that were promised.
_LENGTHS = {
    "negative": b"Content-Length: -5\r\n\r\nASK {}",
    "word": b"Content-Length: six\r\n\r\nASK {}",
    "plus": b"Content-Length: +6\r\n\r\nASK {}",
    "hexadecimal": b"Content-Length: 0x6\r\n\r\nASK {}",
    "overflow": b"Content-Length: 99999999999999999999999999\r\n\r\nASK {}",
    "two": b"Content-Length: 6\r\nContent-Length: 7\r\n\r\nASK {}",
    "list": b"Content-Length: 6, 7\r\n\r\nASK {}",
    "empty": b"Content-Length: \r\n\r\nASK {}",
    "with-chunked": b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    "bad-chunk": b"Transfer-Encoding: chunked\r\n\r\nZZZ\r\nASK {}\r\n0\r\n\r\n",
    "negative-chunk": b"Transfer-Encoding: chunked\r\n\r\n-6\r\nASK {}\r\n0\r\n\r\n",
    "huge-chunk": b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\nASK {}\r\n0\r\n\r\n",
    "no-line-after-chunk": b"Transfer-Encoding: chunked\r\n\r\n6\r\nASK {}0\r\n\r\n",
    "unknown-coding": b"Transfer-Encoding: sideways\r\n\r\nASK {}",
    "chunk-extension": b"Transfer-Encoding: chunked\r\n\r\n6;" + b"x" * 100_000 + b"\r\nASK {}\r\n0\r\n\r\n",
}
_SHORT = b"Content-Length: 3\r\n\r\nASK {}\r\n\r\n"
_LONG = b"Content-Length: 600\r\n\r\nASK {}"


def _packed(content: bytes) -> bytes:
    return gzip.compress(content, 1)


@cache
def _bomb(size: int) -> bytes:
    """*size* bytes of spaces as gzip, some thousandth of that, made piece by piece."""
    packer = zlib.compressobj(1, wbits=31)
    piece = b" " * _MEGABYTE
    return b"".join([*(packer.compress(piece) for _ in range(size // _MEGABYTE)), packer.flush()])


_GZIP = (("Content-Encoding", "gzip"),)
_UNPACKED = frozenset({"400", "413", "415"})
_VALID = _packed(b"ASK {}")


def _flipped(random: Random) -> bytes:
    """A valid body with some bits turned over."""
    content = bytearray(_VALID)
    for _ in range(3):
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    return bytes(content)


ATTACKS: list[Attack] = [
    _posting("large/query", "/sparql", QUERY, lambda _: b"ASK {}" + b" " * _LARGE, TOO_LARGE, heavy=True),
    _posting("large/comment", "/sparql", QUERY, lambda _: b"#" * _LARGE + b"\nASK {}", TOO_LARGE, heavy=True),
    _posting(
        "large/literal",
        "/sparql",
        QUERY,
        lambda _: b"ASK { ?s ?p '" + b"a" * _LARGE + b"' }",
        TOO_LARGE,
        heavy=True,
    ),
    _posting(
        "large/form", "/sparql", FORM, lambda _: b"query=ASK+%7B%7D&x=" + b"+" * _LARGE, TOO_LARGE, heavy=True
    ),
    _posting("large/fields", "/sparql", FORM, lambda _: b"a=1&" * 1_000_000, TOO_LARGE | {"400"}, heavy=True),
    _posting("large/percent", "/sparql", FORM, lambda _: b"query=" + b"%41" * 300_000, TOO_LARGE | {"400"}),
    _unending("/sparql", QUERY, b"ASK {} #", b"x" * _MEGABYTE),
    _unending("/update", UPDATE, b"CLEAR SILENT GRAPH <http://e/g> #", b"x" * _MEGABYTE),
    _stalled("query", lambda _: _POST + b"Content-Length: 1000\r\n\r\nASK"),
    _stalled("chunk", lambda _: _POST + b"Transfer-Encoding: chunked\r\n\r\nff\r\nASK"),
    _stalled(
        "upload",
        lambda _: head("PUT", "/store?default", [("Content-Type", TURTLE), ("Content-Length", "99")]),
    ),
    _stalled("head", lambda _: b"GET /sparql?query=ASK HTTP/1.1\r\nHost: local"),
    _stalled("expect", lambda _: _POST + b"Expect: 100-continue\r\nContent-Length: 99\r\n\r\n"),
    _stalled("nothing", lambda _: b""),
    *(_wire(f"length/{name}", _POST + rest, WIRE | {"silent"}) for name, rest in _LENGTHS.items()),
    _wire("length/short", _POST + _SHORT, frozenset({"400"})),
    _wire("length/long", _POST + _LONG, WIRE | {"silent"}, patience=1),
    _posting("gzip/broken", "/sparql", QUERY, _flipped, _UNPACKED | {"200"}, headers=_GZIP),
    _posting("gzip/none", "/sparql", QUERY, lambda _: b"ASK {}", _UNPACKED, headers=_GZIP),
    _posting("gzip/empty", "/sparql", QUERY, lambda _: b"", _UNPACKED, headers=_GZIP),
    _posting("gzip/cut", "/sparql", QUERY, lambda r: _VALID[: r.randrange(1, 20)], _UNPACKED, headers=_GZIP),
    _posting(
        "gzip/bomb", "/sparql", QUERY, lambda _: _bomb(1024 * _MEGABYTE), _UNPACKED, headers=_GZIP, heavy=True
    ),
    _posting(
        "gzip/nested", "/sparql", QUERY, lambda _: _packed(_bomb(64 * _MEGABYTE)), _UNPACKED, headers=_GZIP
    ),
    _posting(
        "gzip/twice",
        "/sparql",
        QUERY,
        lambda _: _packed(_packed(b"ASK {}")),
        _UNPACKED | {"200"},
        headers=(("Content-Encoding", "gzip, gzip"),),
    ),
    _posting(
        "gzip/list",
        "/sparql",
        QUERY,
        lambda _: b"ASK {}",
        _UNPACKED,
        headers=(("Content-Encoding", ", ".join(["gzip"] * 1000)),),
    ),
    _posting(
        "gzip/upload-bomb",
        "/store?graph=http://example.org/bomb",
        TURTLE,
        lambda _: _bomb(1024 * _MEGABYTE),
        _UNPACKED | {"503"},
        headers=_GZIP,
        heavy=True,
    ),
    *(
        _posting(
            f"coding/{name}",
            "/sparql",
            QUERY,
            lambda _: b"\x00\xffASK {}",
            _UNPACKED,
            headers=(("Content-Encoding", name),),
        )
        for name in ("deflate", "br", "zstd", "compress", "sideways", "")
    ),
]
