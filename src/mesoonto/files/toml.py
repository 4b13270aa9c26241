"""Configuration files: TOML, of the server's options and of the endpoints that SERVICE may ask."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from mesoonto.errors import InputError, Place


def read(path: Path) -> dict[str, Any]:
    """The tables and keys of the TOML file *path*; an InputError names it when it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError((error.strerror or str(error)).lower(), Place(str(path))) from error
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8; save the file with that encoding", Place(str(path))) from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"not TOML: {error}", Place(str(path))) from error
