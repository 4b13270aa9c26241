"""A Virtuoso server on loopback, with its database in a folder of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import free_port
from tests.federation.waiting import wait_for

_SETTINGS = """
[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
LockFile = {folder}/virtuoso.lck
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
[TempDatabase]
DatabaseFile = {folder}/temporary.db
TransactionFile = {folder}/temporary.trx
[Parameters]
ServerPort = 127.0.0.1:{port}
DirsAllowed = {folder}
NumberOfBuffers = 85000
MaxDirtyBuffers = 65000
ServerThreads = 10
[HTTPServer]
ServerPort = 127.0.0.1:{http_port}
ServerRoot = {folder}
ServerThreads = 20
MaxKeepAlives = 18
KeepAliveTimeout = 60
[SPARQL]
ResultSetMaxRows = 1000000
"""

#: What a Virtuoso needs to send SERVICE on, as its documentation of federated queries has it.
_GRANTS = """grant select on "DB.DBA.SPARQL_SINV_2" to "SPARQL";
grant execute on "DB.DBA.SPARQL_SINV_IMP" to "SPARQL";"""


@contextmanager
def virtuoso_server(folder: Path, files: dict[str, Path], grants: str = "") -> Iterator[str]:
    """Virtuoso with each N-Triples file of *files* in the graph it is listed under; yields its address.

    *grants* are more statements of SQL, such as what lets strangers write.
    """
    port, http_port = free_port(), free_port()
    settings = folder / "virtuoso.ini"
    settings.write_text(_SETTINGS.format(folder=folder, port=port, http_port=http_port))
    command = ["virtuoso-t", "+foreground", "+configfile", str(settings)]
    with (
        (folder / "output").open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output) as process,
    ):
        try:
            url = f"http://127.0.0.1:{http_port}/sparql"
            wait_for(f"{url}?query=ASK%7B%7D", process, seconds=180)
            steps = [_GRANTS, grants]
            steps += [
                f"DB.DBA.TTLP_MT(file_to_string_output('{path}'), '', '{graph}');"
                for graph, path in files.items()
            ]
            _execute(port, " ".join(steps))
            yield url
        finally:
            process.terminate()


def _execute(port: int, statements: str) -> None:
    command = ["isql-vt", f"127.0.0.1:{port}", "dba", "dba", "ERRORS=STDOUT", f"exec={statements}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    assert "***" not in done.stdout, done.stdout
