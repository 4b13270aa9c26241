"""Whether an engine answers, since when, and which data it says that it has: looked at again and again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import msgspec

from mesoonto.engines import note
from mesoonto.engines.adapter import EngineQuery
from mesoonto.engines.address import EngineAddress
from mesoonto.engines.client import Connect, EngineClient, connect_directly
from mesoonto.engines.kinds import adapter_of, kind_told_by
from mesoonto.errors import MesoontoError

#: Failures in a row after which nobody is let to the engine until a look has gone well.
_FAILURES = 3

#: Seconds for a look, and bytes of its answer.
_LOOK = 10.0
_MOST = 1 << 16

#: Characters of an error.
_SHOWN = 500


#: How the version ends where the engine notes no state of its data.
_UNNOTED = ".engine"


def is_noted(version: str) -> bool:
    """Whether *version* of `EngineStatus.version` names a state of the data, so that answers may be kept."""
    return not version.endswith(_UNNOTED)


class EngineStatus(msgspec.Struct, frozen=True):
    """What is known of an engine. Times are seconds since the epoch, 0 for never."""

    url: str
    up: bool = False
    since: float = 0.0  #: when it came up, or went down
    checked: float = 0.0  #: the last look
    failures: int = 0  #: in a row, looks and connections; 0 where the last went well
    error: str = ""  #: why the last failed
    kind: str = ""  #: as it was told, or found out
    shipped: str = ""  #: the version of the shipped graphs that it notes; "" where it notes none
    state: str = ""  #: that of its data that it notes; "" where it notes none

    @property
    def is_closed_off(self) -> bool:
        """Whether nobody is let to it."""
        return self.failures >= _FAILURES

    def version(self, stored: str) -> str:
        """Names the state of what is answered from, here the data *stored* and those of the engine."""
        if not self.state:
            return f"{stored}{_UNNOTED}"
        return f"{stored}.{self.state}" if self.shipped == stored else f"{stored}.{self.shipped}.{self.state}"


class HealthWatch:
    """Looks at the engine at *address*, and gives what it finds to *tell*. Safe to use from threads."""

    def __init__(
        self, address: EngineAddress, tell: Callable[[EngineStatus], None], before: EngineStatus,
        connect: Connect = connect_directly,
    ) -> None:  # fmt: skip
        self._address = address
        self._tell = tell
        self._connect = connect
        self._looking = threading.Lock()
        self._noting = threading.Lock()
        self.status = before  #: what is known already

    def look(self) -> None:
        """Ask the engine what it notes of its data."""
        with self._looking:
            client = EngineClient(self._address, self._connect, adapter_of(self._address.kind))
            asked = EngineQuery(note.QUERY, "application/sparql-results+json", union=False, seconds=_LOOK)
            try:
                answer = client.query(asked)
                found = note.Note.read(answer.read(_MOST))
                kind = self._address.kind or kind_told_by(answer.headers)
            except MesoontoError as error:
                self.fail(error.message, looked=True)
                return
            finally:
                client.close()
        with self._noting:
            now, before = time.time(), self.status
            self._be(EngineStatus(
                before.url, True, before.since if before.up else now, now, 0, "", kind,
                found.version if found else "", found.state if found else "",
            ))  # fmt: skip

    def fail(self, error: str, *, looked: bool = False) -> None:
        """Note that the engine could not be reached, or gave no answer when it was *looked* at."""
        with self._noting:
            now, before = time.time(), self.status
            error = error.removeprefix(f"the engine {before.url} ")
            failures = before.failures + 1
            up = before.up and failures < _FAILURES
            self._be(msgspec.structs.replace(
                before, up=up, since=before.since if before.up == up and before.since else now,
                checked=now if looked else before.checked, failures=failures, error=error[:_SHOWN],
            ))  # fmt: skip

    def _be(self, status: EngineStatus) -> None:
        self.status = status
        self._tell(status)
