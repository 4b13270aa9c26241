"""Temporary files and directories, and one line where none can be had."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from mesoonto.errors import TemporaryFileError

_PREFIX = "mesoonto-"


def named_file() -> IO[bytes]:
    """A file that is removed when it is closed. Raises TemporaryFileError."""
    with told():
        return tempfile.NamedTemporaryFile(prefix=_PREFIX)  # closed by the caller


def directory() -> str:
    """A new directory, which the caller removes. Raises TemporaryFileError."""
    with told():
        return tempfile.mkdtemp(prefix=_PREFIX)


@contextmanager
def told() -> Iterator[None]:
    """Tell of what the system says against a temporary file, as a TemporaryFileError."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise TemporaryFileError(
            f"no temporary file can be written ({reason}); let TMPDIR name a directory that has room and can "
            "be written to"
        ) from error
