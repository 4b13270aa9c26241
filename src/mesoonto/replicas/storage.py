"""Where published versions lie: a directory, an S3-compatible bucket, or to read any web server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from mesoonto.errors import PublicationError, StorageError

#: Told how many bytes more were sent.
Sent = Callable[[int], None]

#: Bytes that are read or written at one time.
CHUNK = 1 << 16

#: Seconds for a source to connect, and to send the next bytes.
PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Content:
    """What a source sends of a file; to be read where it was opened."""

    parts: Iterator[bytes]  #: raises StorageError
    tag: str = ""  #: changes with the content
    offset: int = 0  #: where in the file the parts begin


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a publication."""

    name: str
    changed: float  #: seconds since the epoch


class PublicationSource(Protocol):
    """A publication to read. Names are those of `mesoonto.replicas.manifest`."""

    @property
    def name(self) -> str:
        """Its address, to be shown."""

    def open(self, name: str, *, offset: int = 0, unless: str = "") -> AbstractContextManager[Content | None]:
        """The file *name* from *offset* on; None when its tag is still *unless*.

        Raises AbsentError when it is not there, and StorageError.
        """


class Storage(PublicationSource, Protocol):
    """A publication to read and to write."""

    #: Seconds for which a file stays that no manifest names: somebody else may be publishing just now.
    grace: float

    def size(self, name: str) -> int | None:
        """Bytes of the file *name*; None when there is none. Raises StorageError."""

    def put(self, name: str, path: Path, sent: Sent) -> None:
        """Let the file *path* be the file *name*, whole or not at all. Raises StorageError."""

    def write(self, name: str, content: bytes) -> None:
        """Let *content* be the file *name*, by one step. Raises StorageError."""

    def replace(self, name: str, content: bytes, tag: str) -> None:
        """The same where the file still has *tag*, or is still absent where that is empty.

        Raises StorageError, as when somebody else has written it meanwhile.
        """

    def entries(self, prefix: str) -> Iterator[StoredFile]:
        """The files whose names begin with *prefix*. Raises StorageError."""

    def remove(self, name: str) -> None:
        """Remove the file *name*; nothing happens when there is none. Raises StorageError."""

    def publishing(self) -> AbstractContextManager[None]:
        """Held while something is published, by one at a time where that can be had. Raises StorageError."""


def read(source: PublicationSource, name: str, most: int) -> tuple[bytes, str]:
    """The file *name*, of at most *most* bytes, and its tag.

    Raises AbsentError, StorageError, and PublicationError for one that is larger.
    """
    found = read_unless(source, name, most, "")
    if found is None:
        raise StorageError(f"{source.name}: {name} is said not to have changed since it was never read")
    return found


def read_unless(source: PublicationSource, name: str, most: int, unless: str) -> tuple[bytes, str] | None:
    """The same; None when its tag is still *unless*."""
    with source.open(name, unless=unless) as content:
        if content is None:
            return None
        taken = bytearray()
        for part in content.parts:
            taken += part
            if len(taken) > most:
                raise PublicationError(f"{name} is larger than {most:,} bytes")
        return bytes(taken), content.tag


def storage(target: str, endpoint_url: str | None = None) -> Storage:
    """The directory or bucket that *target* names, to publish to; a StorageError for what is neither."""
    from mesoonto.replicas.directory import Directory

    if target.startswith("s3://"):
        from mesoonto.replicas.bucket import Bucket

        return Bucket(target, endpoint_url)
    if urlsplit(target).scheme in ("http", "https"):
        raise StorageError(f"{target}: publish to a directory or to s3://BUCKET/PREFIX")
    return Directory(Path(target))


def source(address: str, endpoint_url: str | None = None) -> PublicationSource:
    """The publication at *address*, to read; a StorageError for an address of no known kind."""
    if urlsplit(address).scheme in ("http", "https"):
        from mesoonto.replicas.web import WebServer

        return WebServer(address)
    return storage(address, endpoint_url)
