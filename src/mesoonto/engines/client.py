"""Asks one engine over HTTP, on a connection that is kept."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property, partial

from mesoonto.engines.adapter import Adapter, EngineQuery, EngineRequest, EngineUpdate, Refusal
from mesoonto.engines.address import EngineAddress, EngineService
from mesoonto.engines.connection import AnswerHead, ClosedError, EngineConnection
from mesoonto.engines.generic import Generic
from mesoonto.errors import EngineDownError, EngineError, MesoontoError

#: Opens a connection to a service within so many seconds. TLS is put on it here.
#: Raises EngineDownError, and OverloadedError.
Connect = Callable[[EngineService, float], socket.socket]

#: Seconds before a query is sent again whose connection was closed, each time.
_PAUSES = (0.0, 0.1)

#: Seconds for a connection.
CONNECT = 5.0

#: Heads of requests that are remembered.
_REMEMBERED = 64

#: How OpenSSL numbers names and addresses that are not in a certificate (openssl-verification-options(1)).
_OF_ANOTHER = frozenset((62, 64))

#: Bytes of a refusal that are read, and characters that are told.
_READ_OF_REFUSAL = 1 << 16
_SHOWN = 300

_MARKUP = re.compile(r"<(style|script|head)\b.*?</\1\s*>|<[^<>]*>", re.DOTALL | re.IGNORECASE)


def connect_directly(service: EngineService, seconds: float) -> socket.socket:
    """A `Connect` for a process that has the network."""
    try:
        return socket.create_connection((service.host, service.port), seconds)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise EngineDownError(f"cannot be reached: {reason}") from error


def _why_no_tls(error: OSError) -> str:
    """What *error* in the beginning of TLS means, and what to do about it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        what = error.verify_message
        if error.verify_code in _OF_ANOTHER:
            return (
                f"shows a certificate of another host ({what}); give its address by a name in the certificate"
            )
        return (
            f"shows a certificate that is not trusted ({what}); let the system trust who issued it, or name "
            "a file with their certificate in SSL_CERT_FILE"
        )
    reason = error.reason if isinstance(error, ssl.SSLError) else error.strerror
    return f"cannot be reached by TLS: {(reason or str(error)).replace('_', ' ').lower()}"


class EngineAnswer:
    """A successful answer; take it to its end, or close it."""

    def __init__(
        self, head: AnswerHead, chunks: Iterator[bytes], end: Callable[[bool], None] | None = None
    ) -> None:
        self.status = head.status
        self.media_type = head.media_type  #: without parameters, in lower case
        self.headers = head.headers  #: names in lower case
        self._end = end  #: is told whether all was taken; None where all is there
        #: The pieces of the body as they come; raises EngineError where they break off.
        self.chunks = chunks if end is None else self._taken(chunks)

    def close(self) -> None:
        """Want no more of it."""
        self._finish(whole=False)

    def _taken(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        whole = False
        try:
            yield from chunks
            whole = True
        finally:
            self._finish(whole=whole)

    def _finish(self, *, whole: bool) -> None:
        end, self._end = self._end, None
        if end is not None:
            end(whole)

    def read(self, most: int = 1 << 30) -> bytes:
        """The whole body; an EngineError where it has more than *most* bytes."""
        body = bytearray()
        for chunk in self.chunks:
            body += chunk
            if len(body) > most:
                self.close()
                raise EngineError(f"sent more than {most} bytes")
        return bytes(body)


class EngineClient:
    """For one thread: it has one connection to each service at most, and one request at a time."""

    def __init__(
        self, address: EngineAddress, connect: Connect = connect_directly, adapter: Adapter | None = None
    ) -> None:
        self.adapter = adapter or Generic()
        self.address = self.adapter.completed(address)
        self._connect = connect
        self._idle: dict[tuple[str, int], EngineConnection] = {}
        self._lines: dict[tuple[object, ...], bytes] = {}  #: of requests that differ in their bodies alone

    def close(self) -> None:
        """Close all connections."""
        while self._idle:
            self._idle.popitem()[1].close()

    def query(self, asked: EngineQuery) -> EngineAnswer:
        """The answer to *asked*, whose body is still to come.

        Raises EngineDownError, EngineTimeoutError, EngineError for what is no result, OverloadedError, and
        QueryFaultError or QuerySyntaxError where the engine does not take the query.
        """
        answer = self._asked(self.adapter.query(self.address, asked), asked.seconds, safe=True)
        try:
            answer.chunks = self.adapter.mended(answer.headers, answer.media_type, answer.chunks)
        except EngineError as error:
            answer.close()
            raise self._named(self.address.query, error) from error
        return answer

    def update(self, asked: EngineUpdate) -> None:
        """Let the engine carry out *asked*; raises as `query`. It is never sent twice."""
        self._asked(self.adapter.update(self.address, asked), asked.seconds).read(_READ_OF_REFUSAL)

    def get_graph(self, graph: str | None, media_type: str, seconds: float) -> EngineAnswer:
        """The *graph* in *media_type*; None is the default graph. Raises as `query`."""
        request = self.adapter.graph(self.address, "GET", graph, media_type)
        return self._asked(request, seconds, safe=True)

    def put_graph(self, graph: str | None, media_type: str, body: Iterator[bytes], seconds: float) -> None:
        """Let *body* be the *graph*; raises as `query`."""
        self._stored("PUT", graph, media_type, body, seconds)

    def post_graph(self, graph: str | None, media_type: str, body: Iterator[bytes], seconds: float) -> None:
        """Add *body* to the *graph*; raises as `query`."""
        self._stored("POST", graph, media_type, body, seconds)

    def delete_graph(self, graph: str | None, seconds: float) -> None:
        """Delete the *graph*; raises as `query`."""
        self._asked(self.adapter.graph(self.address, "DELETE", graph, ""), seconds).read(_READ_OF_REFUSAL)

    def _stored(
        self, method: str, graph: str | None, media_type: str, body: Iterator[bytes], seconds: float
    ) -> None:
        request = self.adapter.graph(self.address, method, graph, media_type)
        if not self.adapter.takes_chunks:
            self._asked(replace(request, body=b"".join(body)), seconds).read(_READ_OF_REFUSAL)
            return
        self._asked(request, seconds, body=body).read(_READ_OF_REFUSAL)

    def _asked(
        self,
        request: EngineRequest,
        seconds: float,
        *,
        safe: bool = False,
        body: Iterator[bytes] | None = None,
    ) -> EngineAnswer:
        """The answer to *request*; one that is *safe* is sent again where its connection was closed."""
        deadline = time.monotonic() + seconds
        pauses = iter(_PAUSES if safe else ())
        while True:
            try:
                return self._sent(request, deadline, body)
            except ClosedError as error:
                pause = next(pauses, None)
                if pause is None or time.monotonic() + pause >= deadline:
                    raise self._named(request.service, error) from error
                time.sleep(pause)
            except EngineError as error:
                raise self._named(request.service, error) from error

    def _sent(self, request: EngineRequest, deadline: float, body: Iterator[bytes] | None) -> EngineAnswer:
        service = request.service
        connection = self._connection(service, deadline)
        try:
            connection.send(self._start(request, chunked=body is not None), deadline, body)
            head = connection.head()
            if head.headers.get("content-encoding", "identity").lower() != "identity":
                raise EngineError("sent its answer compressed, which was not asked for")
            if not 200 <= head.status < 300:
                raise self._refusal(head, connection.body(head))
            whole = connection.whole(head)
        except BaseException:
            connection.close()
            raise
        if whole is not None:
            self._keep(service, connection, head, whole=True)
            return EngineAnswer(head, iter((whole,) if whole else ()))
        return EngineAnswer(
            head, self._coming(service, connection.body(head)), partial(self._keep, service, connection, head)
        )

    def _coming(self, service: EngineService, chunks: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from chunks
        except EngineError as error:
            raise self._named(service, error) from error

    def _keep(
        self, service: EngineService, connection: EngineConnection, head: AnswerHead, whole: bool
    ) -> None:
        """Keep a connection whose answer was taken as a *whole*, if it may be kept."""
        if whole and head.persistent:
            self._idle[service.host, service.port] = connection
        else:
            connection.close()

    def _connection(self, service: EngineService, deadline: float) -> EngineConnection:
        kept = self._idle.pop((service.host, service.port), None)
        if kept is not None:
            if not kept.is_stale:
                return kept
            kept.close()
        left = max(0.001, min(CONNECT, deadline - time.monotonic()))
        sock = self._connect(service, left)
        if service.tls:
            sock.settimeout(left)
            try:
                sock = self._tls.wrap_socket(sock, server_hostname=service.host)
            except OSError as error:
                sock.close()
                raise EngineDownError(_why_no_tls(error)) from error
        return EngineConnection(sock)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    def _start(self, request: EngineRequest, *, chunked: bool) -> bytes:
        """The head of *request*, and its body where that does not come in chunks."""
        same = (request.service, request.method, request.path, request.headers)
        lines = self._lines.get(same)
        if lines is None:
            if len(self._lines) > _REMEMBERED:
                self._lines.clear()
            lines = self._lines[same] = self._head(request)
        if chunked:
            return lines + b"Transfer-Encoding: chunked\r\n\r\n"
        if request.method == "GET":
            return lines + b"\r\n"
        return b"%bContent-Length: %d\r\n\r\n%b" % (lines, len(request.body), request.body)

    def _head(self, request: EngineRequest) -> bytes:
        """The lines of *request* that are always the same."""
        lines = [
            f"{request.method} {request.path} HTTP/1.1", f"Host: {request.service.authority}",
            "User-Agent: mesoonto", "Accept-Encoding: identity",
            *(f"{name}: {value}" for name, value in request.headers),
        ]  # fmt: skip
        if self.address.credentials is not None:
            lines.append(f"Authorization: {self.address.credentials.authorization}")
        return "\r\n".join([*lines, ""]).encode("latin-1")

    def _refusal(self, head: AnswerHead, chunks: Iterator[bytes]) -> MesoontoError:
        body = bytearray()
        with contextlib.suppress(EngineError):  # what came of it is enough
            for chunk in chunks:
                body += chunk
                if len(body) > _READ_OF_REFUSAL:
                    break
        text = body[:_READ_OF_REFUSAL].decode("utf-8", "replace")
        if head.media_type in ("text/html", "application/xhtml+xml"):
            text = _MARKUP.sub(" ", text)
        headers = {name: self.address.redact(value) for name, value in head.headers.items()}
        error = self.adapter.refused(Refusal(head.status, head.media_type, self._shown(text), headers))
        if head.status in (401, 403) and isinstance(error, EngineError):
            return type(error)(f"{error.message}; {self._where_credentials_are}")
        return error

    @property
    def _where_credentials_are(self) -> str:
        if self.address.credentials is None:
            return "name a file with credentials with --credentials-file"
        return f"look at the credentials in {self.address.credentials.file}"

    def _shown(self, text: str) -> str:
        """*text* in one line without control characters and secrets, cut where it is long."""
        line = " ".join("".join(c if c.isprintable() else " " for c in self.address.redact(text)).split())
        return line if len(line) <= _SHOWN else f"{line[:_SHOWN]} ..."

    def _named(self, service: EngineService, error: EngineError) -> EngineError:
        """*error*, which tells which service it is about, and no secret."""
        prefix = f"the engine {service.url} "
        return type(error)(f"{prefix}{self._shown(error.message).removeprefix(prefix)}")
