"""A file that is replaced whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mesoonto.errors import OutputError, Place


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new file, to be written; it takes the place of *path* where no error comes between.

    A link stays a link, to the file that is replaced; mode and owner of that file are kept. What cannot be
    replaced is overwritten: a file with several names (hard links), so that it stays one file, and a device
    or pipe. Raises OutputError when the system says no.
    """
    target = path.resolve()
    partial: Path | None = None
    try:
        before = target.stat() if target.exists() else None
        in_place = before is not None and (not target.is_file() or before.st_nlink > 1)
        folder = Path(tempfile.gettempdir()) if in_place else target.parent
        partial = folder / f".{target.name}.{secrets.token_hex(4)}.partial"
        partial.touch(exist_ok=False)
        yield partial
        if in_place:
            with partial.open("rb") as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)
            return
        if before is not None:
            partial.chmod(before.st_mode & 0o7777)
            with suppress(PermissionError):
                os.chown(partial, before.st_uid, before.st_gid)
        partial.replace(target)
    except OSError as error:
        raise OutputError((error.strerror or str(error)).lower(), Place(str(path))) from error
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)
