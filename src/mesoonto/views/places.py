"""Where the shipped files describe an entity."""

from __future__ import annotations

import re
from functools import cache

from mesoonto import resources
from mesoonto.errors import Place
from mesoonto.namespaces import PREFIXES

#: How a description begins in a file that `mesoonto fmt` wrote: a name at the start of a line.
_SUBJECT = re.compile(r"(?:<([^<>]*)>|([a-z]+):([^\s\\]+)) ")


def place_of(iri: str) -> str:
    """File and line at which the description of *iri* begins in the shipped modules and records, or "".

    Lines are found by the form of the files, in which only subjects stand at the start of a line: to read
    them as Turtle with places takes a second, and a page waits for this.
    """
    return _places().get(iri, "")


@cache
def _places() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in (*resources.module_files(), *resources.record_files()):
        shown = str(path.relative_to(resources.root()))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            if (iri := _subject(line)) is not None:
                found.setdefault(iri, str(Place(shown, number)))
    return found


def _subject(line: str) -> str | None:
    match = _SUBJECT.match(line)
    if match is None:
        return None
    iri, prefix, local = match.groups()
    if iri is not None:
        return str(iri)
    stem = PREFIXES.get(prefix)
    return None if stem is None else f"{stem}{local}"
