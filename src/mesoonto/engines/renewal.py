"""The renewal of an engine's note by a write, as the condition on which the write is carried out.

The note says the state (see `engines.note`), which states writes have made, and of a write of several
operations that it has begun. Each operation of a write has the state in its pattern. So it does nothing when
somebody else has written since, and a look at the note afterwards tells what came of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

import pyoxigraph as ox

from mesoonto.engines import note
from mesoonto.errors import EngineError

_MADE = f"{note.GRAPH}#made"
_BEGUN = f"{note.GRAPH}#begun"

#: Asks for what `read` reads.
QUERY = (
    f"SELECT ?state ?made ?begun {{ GRAPH <{note.GRAPH}> {{ <{note.GRAPH}> <{note.STATE}> ?state . "
    f"OPTIONAL {{ <{note.GRAPH}> <{_MADE}> ?made }} OPTIONAL {{ <{note.GRAPH}> <{_BEGUN}> ?begun }} "
    "} } LIMIT 100"
)

#: States that are noted.
_KEPT = 32


class WriteFate(Enum):
    """What came of a write."""

    DONE = "done"
    PARTLY = "partly"  #: some of its operations were carried out, as only engines without transactions do it
    NOT_DONE = "not done"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class NoteFound:
    """What an engine notes."""

    state: str = ""  #: "" where there is no note
    made: tuple[str, ...] = ()  #: states that writes made, the last one first
    begun: str = ""  #: the state that a write began to make, and perhaps did not end
    lists: tuple[str, ...] = ()  #: what was made as it is written there; two after a repair of two notes


def read(rows: Iterable[ox.QuerySolution]) -> NoteFound:
    """The note from *rows*, the answer to `QUERY`; an EngineError where there is more than one."""
    found = [tuple(getattr(term, "value", "") for term in row) for row in rows]
    if len({state for state, _, _ in found}) > 1:
        raise EngineError(
            f"the engine holds two notes in {note.GRAPH}; put the shipped graphs there anew with "
            "`mesoonto load --engine`"
        )
    if not found:
        return NoteFound()
    lists = tuple(dict.fromkeys(made for _, made, _ in found if made))
    begun = next((begun for _, _, begun in found if begun), "")
    return NoteFound(found[0][0], tuple(" ".join(lists).split()), begun, lists)


@dataclass(frozen=True, slots=True)
class Renewal:
    """A note that takes the place of another."""

    before: NoteFound
    state: str

    @property
    def removed(self) -> str:
        """What of the note goes."""
        before = self.before
        lists = [(_MADE, written) for written in before.lists]
        return _statements([(note.STATE, before.state), *lists, (_BEGUN, before.begun)])

    @property
    def added(self) -> str:
        """What comes to it."""
        made = (self.state, *self.before.made)[:_KEPT]
        return _statements([(note.STATE, self.state), (_MADE, " ".join(made))])

    @property
    def begun(self) -> str:
        """What stands in it while a write of several operations is carried out."""
        return _statements([(_BEGUN, self.state)])

    @property
    def condition(self) -> str:
        """A pattern that matches once where the note is as it was."""
        if not self.before.state:
            return f"FILTER NOT EXISTS {{ GRAPH <{note.GRAPH}> {{ <{note.GRAPH}> <{note.STATE}> ?noted }} }}"
        return _statements([(note.STATE, self.before.state)])

    @property
    def guard(self) -> str:
        """A pattern that matches once where the note has been renewed."""
        return _statements([(note.STATE, self.state)])

    def outcome(self, now: NoteFound) -> WriteFate:
        """What *now* tells of the write that this is a part of."""
        if self.state == now.begun:
            return WriteFate.PARTLY
        if self.state in now.made:
            return WriteFate.DONE
        # It would stand there, unless so many came after it that none is left of those before.
        known = len(now.made) < _KEPT or bool(set(self.before.made) & set(now.made))
        return WriteFate.NOT_DONE if known else WriteFate.UNKNOWN


def _statements(lines: Iterable[tuple[str, str]]) -> str:
    body = " . ".join(f"<{note.GRAPH}> <{name}> {ox.Literal(value)}" for name, value in lines if value)
    return f"GRAPH <{note.GRAPH}> {{ {body} }}" if body else ""
