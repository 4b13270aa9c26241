"""The kinds of engine that are known, by name and by what they say of themselves."""

from __future__ import annotations

from collections.abc import Mapping

from mesoonto.engines.adapter import Adapter
from mesoonto.engines.generic import Generic
from mesoonto.errors import InputError

KINDS: Mapping[str, Adapter] = {adapter.kind: adapter for adapter in (Generic(),)}


def adapter_of(kind: str) -> Adapter:
    """The adapter called *kind*; that for any engine where it is ""; an InputError where there is none."""
    found = KINDS.get(kind or "generic")
    if found is None:
        raise InputError(f"no engine of kind {kind} is known; use one of {', '.join(sorted(KINDS))}")
    return found


def kind_told_by(headers: Mapping[str, str]) -> str:
    """The kind of engine that answered with *headers*, names in lower case; "" where they do not tell."""
    server = headers.get("server", "").lower()
    return next((kind for kind in KINDS if kind != "generic" and kind in server), "")
