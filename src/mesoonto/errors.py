"""The errors that a user of mesoonto can cause, each with a message that says what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where in an input something is: a file, or ``query``, with line and column counted from one."""

    source: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.source, self.line, self.column) if part is not None)


class MesoontoError(Exception):
    """Bad input. Its text is one line, fit to be shown to the person who gave the input."""

    def __init__(self, message: str, place: Place | None = None) -> None:
        line = " ".join(message.split())
        super().__init__(f"{place}: {line}" if place else line)
        self.message = line  #: the text without the place
        self.place = place


class InputError(MesoontoError):
    """A file that cannot be read or parsed."""


class TooLargeError(InputError):
    """An upload that says more than is taken at one time."""


class OutputError(MesoontoError):
    """A file that cannot be written."""


class TemporaryFileError(OutputError):
    """There is no directory in which a temporary file can be written, or no room in it."""


class QuerySyntaxError(MesoontoError):
    """A query that is not SPARQL."""

    def __init__(self, message: str, place: Place | None = None, excerpt: str = "") -> None:
        super().__init__(message, place)
        self.excerpt = (
            excerpt  #: the line in which it stops to be SPARQL, and a line with a mark under the place
        )


class UnmatchedWarning(UserWarning):
    """A query asks for a name or literal that no triple of the data has in that place."""


class TooLongError(MesoontoError):
    """A query or update that is longer than what is taken apart."""


class QueryRefusedError(MesoontoError):
    """A query that is SPARQL and is not allowed here, such as one with SERVICE."""


class ServiceRefusedError(QueryRefusedError):
    """A query with SERVICE, where the engine is to answer it alone."""


class QueryFailedError(MesoontoError):
    """A query that is allowed and could not be evaluated to its end."""


class QueryFaultError(QueryFailedError):
    """A query or update that is SPARQL and asks for what cannot be done, such as an unknown function."""


class OutOfTimeError(QueryFailedError):
    """A query, write or validation that was ended at its deadline."""


class OutOfMemoryError(QueryFailedError):
    """A query or write that was ended because it needed more memory than it may have."""


class AbandonedError(MesoontoError):
    """A request whose client has gone, so that nobody waits for an answer."""


class NestingError(MesoontoError):
    """A query or document that nests more deeply than the engine can follow."""


class RejectedError(MesoontoError):
    """A write that would have left data that the shapes do not allow; nothing was changed."""

    def __init__(self, message: str, report: str) -> None:
        super().__init__(message)
        self.report = report  #: the SHACL validation report, in Turtle


class PreconditionError(MesoontoError):
    """A write that was meant for another state of the data than the one it met; nothing was changed."""


class NoGraphError(MesoontoError):
    """A graph that does not exist."""


class NoRecordError(MesoontoError):
    """A record that does not exist, or is not of the kind that is asked for."""


class ExchangeError(MesoontoError):
    """A record that a format's own library does not accept."""


class OverloadedError(MesoontoError):
    """Too much is being asked at once; the same request may be answered later."""


class FormatError(MesoontoError):
    """A format that does not exist, or does not fit the kind of result."""


class ShapeError(MesoontoError):
    """Shapes that are not SHACL."""

    def __init__(self, message: str, place: Place | None = None, node: object = None) -> None:
        super().__init__(message, place)
        self.node = node  #: the shape, a term, where the place is not known yet


class StoreError(MesoontoError):
    """A store directory that cannot be used."""


class StoreFullError(StoreError):
    """The disk has no room for what is to be written; what was there stays."""


class PublicationError(MesoontoError):
    """A published version that is not whole, not what its manifest says, or of an unknown format."""


class StorageError(MesoontoError):
    """A directory, bucket or server of published versions that cannot be reached, read or written."""


class AbsentError(StorageError):
    """A file of a publication that is not there."""


class EndpointError(MesoontoError):
    """A remote endpoint that does not answer, or answers with something else than a result."""


class EndpointSyntaxError(QuerySyntaxError, EndpointError):
    """A query that a remote endpoint refused, and that is not SPARQL."""


class EndpointTimeoutError(EndpointError):
    """A remote endpoint that has not answered within its time."""


class EngineError(MesoontoError):
    """An engine behind the server, another SPARQL server, that answers with something else than a result."""


class EngineDownError(EngineError):
    """An engine that cannot be reached."""


class EngineTimeoutError(EngineError):
    """An engine that has not answered within its time."""


class ClusterError(MesoontoError):
    """A cluster that cannot be reached, has no workers, or went away."""


class ServeError(MesoontoError):
    """A server that cannot start."""


class ForkServerLostError(ServeError):
    """The process that holds the data has ended, and the server ends with it."""

    def __init__(self) -> None:
        super().__init__("the server is being started again; ask again in a moment")


class NotInstalledError(MesoontoError, ImportError):
    """A library that this work needs and that an extra of the package brings."""


class ReasonerError(MesoontoError):
    """A reasoner that cannot give a verdict."""


class NoJavaError(ReasonerError):
    """There is no Java runtime to run the reasoner with."""


class UnsupportedConstructError(ReasonerError):
    """The ontology uses something that the reasoner does not accept."""
