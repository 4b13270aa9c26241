"""Every setting of the server, in one table: option, environment variable and key of the TOML file alike."""

# ruff: noqa: RUF009  # _setting is dataclasses.field with help
from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from mesoonto.processes import allocator
from mesoonto.processes.limits import MIB, ProcessLimits

_LIMITS = ProcessLimits()

#: Workers that wait for an engine, each with a connection to it, where nobody says how many.
_WAITING = 16


def _setting(default: Any, text: str, unit: str = "", *, older: str = "") -> Any:
    return field(default=default, metadata={"help": text, "unit": unit, "older": older})


@dataclass(frozen=True, slots=True)
class Settings:
    """How to serve. Names are those of options: ``max_rows`` is ``--max-rows`` and ``MESOONTO_MAX_ROWS``.

    An older name of a setting is understood, too.
    """

    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(7878, "Port to listen on.")
    dataset_dir: Path | None = _setting(
        None,
        "Keep the dataset in this directory, as a row of versions. The shipped graphs in it are renewed "
        "at the start; other graphs stay. Without it the data are in memory.",
        older="location",
    )
    rdf_file: Path | None = _setting(
        None,
        "Serve this RDF file (or .gz, .zst) instead of the shipped data. What is written to it ends with the "
        "server.",
        older="data",
    )
    releases_dir: Path | None = _setting(
        None,
        "Offer the releases in this folder for download and comparison: one sub-folder for each version, as "
        "`mesoonto release` writes them.",
    )
    follow: str = _setting(
        "",
        "Serve what `mesoonto publish` publishes in this directory, bucket (s3://BUCKET/PREFIX) or below "
        "this address (https://...), each new version as it comes. Read-only.",
    )
    follow_interval: float = _setting(30.0, "Time between two looks for a new version.", "seconds")
    follow_cache: Path | None = _setting(
        None, "Keep the copy of what is followed in this directory; by default in the user's cache."
    )
    follow_max_size: int = _setting(
        16384, "Size of a version to follow, as N-Quads; a larger one is refused.", "MiB"
    )
    follow_max_time: int = _setting(
        3600, "Time to load a version that is followed; loading is given up after it. 0: no limit.", "seconds"
    )
    engine: str = _setting(
        "",
        "Let the SPARQL server at this address, its URL for queries, evaluate queries in place of this one. "
        "Pages are drawn from the shipped data all the same.",
    )
    engine_kind: str = _setting("", "Kind of that engine, such as fuseki. Without it the engine is asked.")
    update_url: str = _setting("", "Its URL for updates, where it does not follow from the kind.")
    graph_store_url: str = _setting("", "Its URL for graphs, where it does not follow from the kind.")
    credentials_file: Path | None = _setting(
        None, "File with one line that lets us in there: USER:PASSWORD, or Bearer TOKEN."
    )
    engine_interval: float = _setting(2.0, "Time between two looks whether the engine answers.", "seconds")
    engine_max_write: int = _setting(
        8,
        "Size of a write to the engine, as the update that it becomes; a larger one is refused.",
        "MiB",
    )
    empty: bool = _setting(
        False, "Serve no shipped data: a bare endpoint, whose default graph is not the union."
    )
    token_file: Path | None = _setting(
        None, "Writing with a bearer token: lines of TOKEN SCOPE[,SCOPE]; scopes are update, store, admin."
    )
    allow_update: bool = _setting(False, "Writing without a token; on loopback only.")
    insecure_writes: bool = _setting(False, "Accept tokens over plain HTTP from other machines.")
    trusted_proxy: str = _setting(
        "", "Address of the reverse proxy whose X-Forwarded-For and X-Forwarded-Proto are believed."
    )
    query_workers: int = _setting(
        0,
        "Short queries evaluated at one time; by default one for each core, and 16 with an engine, for which "
        "they wait.",
        older="workers",
    )
    direct: bool = _setting(
        True,
        "Workers answer plain queries on the connection of the client; off: the front passes all on.",
    )
    max_workers: int = _setting(_LIMITS.max_workers, "Queries evaluated at one time, long ones included.")
    queue: int = _setting(_LIMITS.queue, "Queries that wait for a worker; one more is answered with 503.")
    timeout: float = _setting(_LIMITS.timeout, "Time for a query that asks for no other.", "seconds")
    max_timeout: float = _setting(_LIMITS.max_timeout, "Time that a query may ask for.", "seconds")
    write_timeout: float = _setting(
        _LIMITS.write_timeout, "Time for a write, its validation included.", "seconds"
    )
    query_memory: int = _setting(
        _LIMITS.memory // MIB, "Memory that one query may take beyond the data.", "MiB", older="memory"
    )
    allocator: str = _setting(
        allocator.AUTO,
        "How memory is taken: mimalloc, with which queries are faster; system; or auto, which is mimalloc "
        "where it is installed.",
    )
    max_rows: int = _setting(
        0, "Rows or triples in a result; more are cut off, and the answer says so. 0: no cap."
    )
    max_query: int = _setting(1024, "Size of a query, or of a form with one.", "KiB")
    max_body: int = _setting(256, "Size of an upload or update, after decompression.", "MiB")
    body_timeout: float = _setting(30.0, "Time for a client to send a body.", "seconds")
    send_timeout: float = _setting(
        30.0, "Time without progress after which a client that does not read is left.", "seconds"
    )
    cache: int = _setting(64, "Memory for answers that are asked for again. 0: no cache.", "MiB")
    rate_limit: str = _setting("", "Requests of one client, such as 300/minute. Empty: no limit.")
    client_connections: int = _setting(
        512, "Connections of one client at one time; a trusted proxy may have more."
    )
    client_limit: int = _setting(64, "Requests of one client at one time.")
    log_file: str = _setting("", "Access log, one JSON object a line: a file, or - for standard output.")
    log_clients: bool = _setting(False, "Write client addresses to the access log.")

    def __post_init__(self) -> None:
        if not self.query_workers:
            object.__setattr__(self, "query_workers", _WAITING if self.engine else _LIMITS.workers)

    @property
    def limits(self) -> ProcessLimits:
        """What a query may use."""
        return ProcessLimits(
            timeout=self.timeout,
            max_timeout=max(self.timeout, self.max_timeout),
            write_timeout=self.write_timeout,
            memory=self.query_memory * MIB,
            workers=self.query_workers,
            max_workers=max(self.query_workers * (2 if self.engine else 1), self.max_workers),
            queue=self.queue,
        )

    @property
    def writable(self) -> bool:
        """Whether anybody may write."""
        return self.token_file is not None or self.allow_update

    @property
    def shipped(self) -> bool:
        """Whether the shipped data are served, and not those of somebody's file or none."""
        return self.rdf_file is None and not self.empty

    @property
    def from_files(self) -> bool:
        """Whether the shipped data are those of the files here, and not of another version."""
        return self.shipped and not self.follow


def option_table() -> list[tuple[str, str, str, str]]:
    """Option, environment variable, default and meaning of every setting, for documentation."""
    rows = []
    for setting in fields(Settings):
        option = f"--{setting.name.replace('_', '-')}"
        default = _shown(setting.default)
        if setting.name == "query_workers":
            default = "cores"
        unit = setting.metadata["unit"]
        rows.append(
            (
                option,
                f"MESOONTO_{setting.name.upper()}",
                f"{default} {unit}".strip(),
                setting.metadata["help"],
            )
        )
    return rows


def _shown(default: Any) -> str:
    if default is None:
        return ""
    if isinstance(default, bool):
        return "on" if default else "off"
    return f"{default:g}" if isinstance(default, float) else str(default)
