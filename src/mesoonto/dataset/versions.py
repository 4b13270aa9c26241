"""A dataset on disk as a row of immutable versions, one of them current.

::

    LOCATION/current                   one line: the name of the current version
    LOCATION/lock                      held by whoever makes a new version
    LOCATION/versions/000012-9f3a61/   an Oxigraph store that nobody writes to any more; beside it, what
                                       `mesoonto.dataset.store_files` keeps of its default graph

A new version starts as a copy of the current one, in which the files that Oxigraph never changes are shared
by hard links, so it takes milliseconds whatever the size. It is changed, checked, closed, and only then named
in ``current``, by one rename. Whoever is killed at any moment leaves the last published version, whole.

A reader holds a shared lock (flock) on the directory of its version, so that it is not removed while a query
still reads it: the engine opens files when it comes to need them.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from mesoonto.dataset import store_files
from mesoonto.errors import OverloadedError, Place, StoreError, StoreFullError

#: Versions that stay beside the current one, for who wants to go back.
_KEPT = 2

_CURRENT = "current"
_SHIPPED = "shipped"


@dataclass(slots=True)
class Draft:
    """A version in the making."""

    store: ox.Store | None  #: taken away when the draft ends, because that closes its files
    base: str  #: name of the version that it was copied from, or "" where there was none
    name: str  #: name that it will have
    changed: Collection[ox.Quad] | None = None  #: what may differ from the base; None where it is not known

    @property
    def data(self) -> ox.Store:
        """The store to change; only while the draft is open."""
        assert self.store is not None, "the draft has ended"  # noqa: S101
        return self.store


class Location:
    """A directory of versions."""

    def __init__(self, path: Path, *, union: bool = True) -> None:
        self.path = path
        self._union = union  #: whether the union of graphs is to be kept with new versions, as a set
        self._versions = path / "versions"
        self._reading = -1  #: descriptor of the version that is open to read

    def prepare(self) -> None:
        """Make the directory where it is absent; a StoreError when it cannot be used."""
        try:
            self._versions.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._error(error) from error
        if not (self.path / _CURRENT).exists() and any(self.path.glob("*.sst")):
            raise StoreError(
                "holds an Oxigraph store that is not mesoonto's; dump it and use `mesoonto load`",
                Place(str(self.path)),
            )

    def current(self) -> str:
        """The name of the current version, or "" when there is none yet."""
        try:
            return (self.path / _CURRENT).read_text("ascii").strip()
        except FileNotFoundError:
            return ""
        except (OSError, ValueError) as error:
            raise self._error(error) from error

    def directory(self, version: str) -> Path:
        """Where the store of *version* is."""
        return self._versions / version

    def open_current(self) -> tuple[ox.Store, str]:
        """The current version, to read; a StoreError when it cannot be opened.

        It stays on disk until this process ends or opens a version here again.
        """
        for attempt in range(5):
            version = self.current()
            if not version:
                raise StoreError("holds no dataset", Place(str(self.path)))
            try:
                self._hold(version)
                return ox.Store.read_only(str(self.directory(version))), version
            except (OSError, RuntimeError) as error:  # the latter for broken files
                # A version may be removed between the look at its name and the opening of its files.
                if attempt == 4 or self.current() == version:
                    raise self._error(error) from error
        raise AssertionError("unreachable")

    def open_merged(self, version: str) -> ox.Store | None:
        """The merged store of *version*, which has been opened to read; None where no graphs overlap.

        Raises StoreError.
        """
        try:
            return store_files.open_merged(self.directory(version))
        except (OSError, RuntimeError) as error:  # the latter for broken files
            raise self._error(error) from error

    def is_settled(self) -> bool:
        """Whether it is known of the current version if its graphs overlap."""
        return store_files.is_settled(self.directory(self.current()))

    def _hold(self, version: str) -> None:
        """Keep *version* from being removed, and let go of what was held before."""
        if self._reading != -1:
            os.close(self._reading)
            self._reading = -1
        self._reading = os.open(self.directory(version), os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(self._reading, fcntl.LOCK_SH)

    @contextlib.contextmanager
    def draft(self, *, wait: float = 0.0, empty: bool = False, label: str = "") -> Iterator[Draft]:
        """Make a new version; it is published when the block ends well, and leaves no trace otherwise.

        Waits up to *wait* seconds for somebody else's draft. With *empty* it starts without data. Its name
        ends with *label*, or with something by chance.
        """
        self.prepare()
        with self._locked(wait):
            base = self.current()
            name = f"{int(base.partition('-')[0] or '0') + 1:06d}-{label or secrets.token_hex(3)}"
            partial = self._versions / f"{name}.partial"
            self._remove_leftovers(base)
            try:
                origin = self.directory(base) if base and not empty else None
                if origin is not None:
                    store_files.copy(origin, partial)
                draft = Draft(ox.Store(str(partial)), base, name)
                try:
                    yield draft
                    draft.data.flush()
                    if self._union:
                        store_files.settle(draft.data, partial, _since(origin, draft.changed))
                finally:
                    draft.store = None
                partial.rename(self.directory(name))
                self._name_current(name)
            except OSError as error:
                raise self._error(error) from error
            finally:
                shutil.rmtree(partial, ignore_errors=True)

    def shipped(self) -> str:
        """The version of the shipped dataset that was put in last; "" when none was, or after a restore."""
        try:
            return (self.path / _SHIPPED).read_text("ascii").strip()
        except FileNotFoundError:
            return ""

    def note_shipped(self, version: str) -> None:
        """Remember the version of the shipped dataset that has been put in."""
        (self.path / _SHIPPED).write_text(f"{version}\n", "ascii")

    def backup(self, target: Path) -> str:
        """Copy the current version to the new directory *target*, and tell its name."""
        if target.exists():
            raise StoreError("is there already; name a new directory", Place(str(target)))
        partial = target.with_name(f"{target.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        try:
            with self._locked(60):  # so that the version is not removed under our hands
                version = self.current()
                if not version:
                    raise StoreError("holds no dataset", Place(str(self.path)))
                target.parent.mkdir(parents=True, exist_ok=True)
                store_files.copy_with_merged(self.directory(version), partial)
            partial.rename(target)
        except OSError as error:
            shutil.rmtree(partial, ignore_errors=True)
            raise self._error(error) from error
        return version

    def restore(self, source: Path) -> None:
        """Publish the backup *source* as the newest version."""
        if not (source / "CURRENT").is_file():
            raise StoreError("is no backup of mesoonto", Place(str(source)))
        self.prepare()
        with self._locked(60):
            base = self.current()
            name = f"{int(base.partition('-')[0] or '0') + 1:06d}-{secrets.token_hex(3)}"
            partial = self._versions / f"{name}.partial"
            try:
                store_files.copy_with_merged(source, partial)
                len(ox.Store.read_only(str(partial)))  # a broken one is refused now
                if self._union and not store_files.is_settled(partial):
                    store_files.settle(ox.Store(str(partial)), partial)
                partial.rename(self.directory(name))
                (self.path / _SHIPPED).unlink(missing_ok=True)
                self._name_current(name)
            except (OSError, RuntimeError) as error:  # the latter for broken files
                raise self._error(error) from error
            finally:
                shutil.rmtree(partial, ignore_errors=True)

    @contextlib.contextmanager
    def _locked(self, wait: float) -> Iterator[None]:
        deadline = time.monotonic() + wait
        try:
            descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._error(error) from error
        try:
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        raise OverloadedError(
                            f"{self.path}: somebody else is writing; try again in a moment"
                        ) from None
                    time.sleep(0.02)
            yield
        finally:
            os.close(descriptor)

    def _name_current(self, name: str) -> None:
        store_files.sync(self._versions)
        partial = self.path / f"{_CURRENT}.partial"
        with open(partial, "w", encoding="ascii") as file:
            file.write(f"{name}\n")
            file.flush()
            os.fsync(file.fileno())
        partial.rename(self.path / _CURRENT)
        store_files.sync(self.path)

    def _remove_leftovers(self, base: str) -> None:
        """Remove what killed writers left, and versions that are no longer needed."""
        published = sorted(entry.name for entry in self._versions.iterdir() if entry.name <= base)
        for entry in self._versions.iterdir():
            if entry.name not in published[-1 - _KEPT :]:
                _remove_unless_held(entry)

    def _error(self, error: Exception) -> StoreError:
        reason = getattr(error, "strerror", None) or str(error)
        if any(
            os.strerror(number) in reason for number in (errno.ENOSPC, errno.EDQUOT)
        ):  # the engine tells the words
            return StoreFullError(
                "the disk has no room for a new version of the dataset; nothing was changed"
            )
        return StoreError(f"the store cannot be used: {reason}", Place(str(self.path)))


def _since(origin: Path | None, changed: Collection[ox.Quad] | None) -> store_files.Since | None:
    return None if origin is None or changed is None else store_files.Since(origin, changed)


def _remove_unless_held(directory: Path) -> None:
    """Remove *directory* and what is in it, unless somebody reads there; the next write tries again."""
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # it has gone
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(directory, ignore_errors=True)
    except BlockingIOError:
        pass
    finally:
        os.close(descriptor)
