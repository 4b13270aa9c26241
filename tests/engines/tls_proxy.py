"""nginx on loopback, which speaks TLS and asks for a password, before an engine that does neither."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.conftest import program

USER, PASSWORD = "reader", "s3cret-of-the-engine"

_SETTINGS = """
daemon off; master_process off; pid {folder}/pid; events {{}}
http {{
    {paths}
    log_format told '$status $remote_user $connection $request';
    access_log {folder}/access told;
    client_max_body_size 32m;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        auth_basic engine;
        auth_basic_user_file {folder}/users;
        location / {{ proxy_pass {engine}; proxy_http_version 1.1; }}
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key, which nobody trusts unless they are told to."""

    file: Path
    key: Path

    @classmethod
    def made(cls, folder: Path, name: str) -> Certificate:
        """One that says of itself to be that of *name*, such as ``IP:127.0.0.1``."""
        folder.mkdir()
        file, key = folder / "certificate.pem", folder / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", file,
             "-days", "2", "-subj", "/CN=engine", "-addext", f"subjectAltName={name}"],
            check=True, capture_output=True,
        )  # fmt: skip
        return cls(file, key)


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """What nginx noted of one request."""

    status: int
    user: str  #: "-" where nobody was let in
    connection: str
    path: str


@contextmanager
def tls_proxy(folder: Path, engine: str, certificate: Certificate, port: int) -> Iterator[None]:
    """Lets `USER` in to the services of *engine* at *port*, by https."""
    folder.mkdir(exist_ok=True)
    (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    url = urlsplit(engine)
    settings = _SETTINGS.format(
        folder=folder, paths=paths, port=port, certificate=certificate.file, key=certificate.key,
        engine=f"{url.scheme}://{url.netloc}",
    )  # fmt: skip
    (folder / "nginx.conf").write_text(settings)
    command = [str(program("nginx")), "-e", str(folder / "error"), "-c", str(folder / "nginx.conf")]
    with subprocess.Popen(command) as process:
        try:
            _wait_for(process, port)
            yield
        finally:
            process.terminate()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    """Return when *process* listens at *port*."""
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            assert process.poll() is None, f"nginx ended with {process.returncode}"
            assert time.monotonic() < deadline, "nginx does not listen"
            time.sleep(0.05)
        else:
            return


def logged(folder: Path) -> list[LoggedRequest]:
    """The requests that came to the proxy in *folder*."""
    lines = (line.split(" ") for line in (folder / "access").read_text().splitlines())
    return [LoggedRequest(int(fields[0]), fields[1], fields[2], fields[4]) for fields in lines]
