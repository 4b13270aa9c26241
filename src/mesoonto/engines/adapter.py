"""What differs between engines: how they are asked, and what they say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from mesoonto.dataset.formats import Kind
from mesoonto.engines.address import EngineAddress, EngineService
from mesoonto.errors import MesoontoError


@dataclass(frozen=True, slots=True)
class EngineQuery:
    """A query as an engine is to evaluate it."""

    text: str  #: with all its prefixes, and without SERVICE
    accept: str  #: the media type that is wanted
    union: bool = True  #: whether the default graph is the union of all graphs
    default_graphs: tuple[str, ...] = ()  #: these, and the next, make up the dataset where either is given
    named_graphs: tuple[str, ...] = ()
    seconds: float = 30.0  #: that it may take

    def accepting(self, media_type: str) -> EngineQuery:
        """The same for another media type; `dataclasses.replace` takes four times as long."""
        return EngineQuery(
            self.text, media_type, self.union, self.default_graphs, self.named_graphs, self.seconds
        )


@dataclass(frozen=True, slots=True)
class EngineUpdate:
    """A SPARQL update as an engine is to carry it out."""

    text: str
    union: bool = True
    using_graphs: tuple[str, ...] = ()
    using_named_graphs: tuple[str, ...] = ()
    seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class EngineRequest:
    """One HTTP request, but for what all requests have."""

    service: EngineService
    method: str
    path: str  #: of the service, with what follows the question mark
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no result."""

    status: int
    media_type: str
    text: str  #: its first characters, without markup and credentials
    headers: dict[str, str] = field(default_factory=dict)  #: names in lower case


class Adapter(Protocol):
    """The habits of one kind of engine."""

    @property
    def kind(self) -> str:
        """Its name, a key of `kinds.KINDS`."""

    @property
    def atomic_updates(self) -> bool:
        """Whether all operations of one update request happen or none."""

    @property
    def takes_chunks(self) -> bool:
        """Whether it takes a body whose length is not told beforehand."""

    @property
    def decimals_need_point(self) -> bool:
        """Whether it takes a decimal in the template of an update for an integer where that has no point."""

    @property
    def has_default_graph(self) -> bool:
        """Whether statements can stand in its default graph, apart from all named ones."""

    @property
    def advice_on_union(self) -> str:
        """How its default graph becomes the union of all graphs."""

    def completed(self, address: EngineAddress) -> EngineAddress:
        """*address* with the URLs of services that follow from that for queries, where none were named."""

    def is_native(self, format_name: str, kind: Kind) -> bool:
        """Whether the engine writes results of *kind* in that format (a name of `formats.FORMATS`) as they
        are to be; other formats are written here.
        """

    def is_whole(self, format_name: str, kind: Kind, end: bytes) -> bool:
        """Whether *end*, the last kilobyte at most of a result, can be the end of a whole one."""

    def query(self, address: EngineAddress, asked: EngineQuery) -> EngineRequest:
        """How *asked* is sent."""

    def update(self, address: EngineAddress, asked: EngineUpdate) -> EngineRequest:
        """How *asked* is sent; an InputError where the engine takes no updates."""

    def graph(self, address: EngineAddress, method: str, graph: str | None, media_type: str) -> EngineRequest:
        """A request of the Graph Store Protocol, without its body; None names the default graph."""

    def mended(self, headers: Mapping[str, str], media_type: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The body of a successful answer that comes in *chunks*, as the W3C has results of *media_type*.

        Raises EngineError where *headers*, names in lower case, tell that it is not the whole result.
        """

    def refused(self, refusal: Refusal) -> MesoontoError:
        """What *refusal* means, in words."""
