"""Published versions in a directory, which may be shared by a network file system."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedWriter, FileIO
from pathlib import Path

from mesoonto.dataset import store_files
from mesoonto.errors import AbsentError, StorageError
from mesoonto.replicas.storage import CHUNK, Content, Sent, StoredFile

_PARTIAL = ".partial"


class Directory:
    """The publication in the directory *path*, which is made when something is first written."""

    grace = 0.0  #: whoever publishes holds a lock

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        """Its path."""
        return str(self.path)

    @contextmanager
    def open(self, name: str, *, offset: int = 0, unless: str = "") -> Iterator[Content | None]:
        """See `PublicationSource`."""
        with self._told(name):
            descriptor = os.open(self.path / name, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise StorageError(f"{self.path / name}: is no file")
            tag = f"{found.st_mtime_ns}-{found.st_size}-{found.st_ino}"
            file = FileIO(descriptor, closefd=False)
            file.seek(offset)
            yield None if tag == unless else Content(self._parts(file, name), tag, offset)
        finally:
            os.close(descriptor)

    def _parts(self, file: FileIO, name: str) -> Iterator[bytes]:
        while True:
            with self._told(name):
                part = file.read(CHUNK)
            if not part:
                return
            yield part

    def size(self, name: str) -> int | None:
        """See `Storage`."""
        with self._told(name), contextlib.suppress(FileNotFoundError):
            return (self.path / name).stat().st_size
        return None

    def put(self, name: str, path: Path, sent: Sent) -> None:
        """See `Storage`."""
        with self._replacing(name) as partial, path.open("rb") as source, partial.open("wb") as sink:
            while part := source.read(CHUNK):
                sink.write(part)
                sent(len(part))
            _keep(sink)

    def write(self, name: str, content: bytes) -> None:
        """See `Storage`."""
        with self._replacing(name) as partial, partial.open("wb") as sink:
            sink.write(content)
            _keep(sink)

    def replace(self, name: str, content: bytes, tag: str) -> None:  # noqa: ARG002  # `publishing` has a lock
        """See `Storage`."""
        self.write(name, content)

    def entries(self, prefix: str) -> Iterator[StoredFile]:
        """See `Storage`."""
        with self._told(prefix), contextlib.suppress(FileNotFoundError):
            for entry in os.scandir(self.path / prefix):
                yield StoredFile(prefix + entry.name, entry.stat().st_mtime)

    def remove(self, name: str) -> None:
        """See `Storage`."""
        with self._told(name):
            (self.path / name).unlink(missing_ok=True)

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """See `Storage`."""
        with self._told(""):
            self.path.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StorageError(f"{self.path}: somebody else is publishing; try again later") from None
            for left in self.path.glob(f"*/*{_PARTIAL}"):  # by one that was killed
                left.unlink(missing_ok=True)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def _replacing(self, name: str) -> Iterator[Path]:
        """A new file that takes the place of *name* where no error comes between."""
        target = self.path / name
        partial = target.with_name(f"{target.name}.{secrets.token_hex(4)}{_PARTIAL}")
        try:
            with self._told(name):
                target.parent.mkdir(parents=True, exist_ok=True)
                yield partial
                partial.replace(target)
                store_files.sync(target.parent)
        finally:
            partial.unlink(missing_ok=True)

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise AbsentError(f"{self.path / name}: no such file") from error
        except OSError as error:
            raise StorageError(f"{self.path / name}: {(error.strerror or str(error)).lower()}") from error


def _keep(file: BufferedWriter) -> None:
    """Let what was written outlive a loss of power."""
    file.flush()
    os.fsync(file.fileno())
