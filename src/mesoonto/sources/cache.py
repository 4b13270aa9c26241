"""Answers of sources, kept in a folder, so that an interrupted run goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mesoonto.errors import InputError, OutputError, Place
from mesoonto.files.replacing import replacing


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer: its status (200 or 404) and its JSON, which is None for 404."""

    status: int
    body: object


def usual_folder() -> Path:
    """Where answers lie unless told otherwise (XDG Base Directory Specification)."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    try:
        cache = Path(given) if Path(given).is_absolute() else Path.home() / ".cache"
    except RuntimeError as error:
        raise InputError("there is no home folder for the cache; name one with --cache") from error
    return cache / "mesoonto" / "sources"


class AnswerCache:
    """One file per address in *folder*; what is older than *max_age* seconds counts as absent."""

    def __init__(self, folder: Path, max_age: float, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._max_age = max_age
        self._now = now
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError((error.strerror or str(error)).lower(), Place(str(folder))) from error

    def get(self, address: str) -> KeptAnswer | None:
        """The answer that was kept for *address*; None where there is none that can be used."""
        with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            kept = json.loads(self._path(address).read_bytes())
            age = self._now() - float(kept["at"])
            if kept["address"] == address and 0 <= age <= self._max_age and kept["status"] in (200, 404):
                return KeptAnswer(kept["status"], kept["body"])
        return None

    def put(self, address: str, answer: KeptAnswer) -> None:
        """Keep *answer*, whole or not at all; raises OutputError when it cannot be written."""
        text = json.dumps(
            {"address": address, "at": self._now(), "status": answer.status, "body": answer.body}
        )
        with replacing(self._path(address)) as partial:
            partial.write_text(text, encoding="utf-8")

    def _path(self, address: str) -> Path:
        return self._folder / f"{hashlib.sha256(address.encode()).hexdigest()[:32]}.json"
