"""The table of formats that records are written in, and the writing of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from rapidfuzz import process

from mesoonto import extras
from mesoonto.errors import FormatError, NoRecordError
from mesoonto.namespaces import DATA, MESO, PREFIXES

if TYPE_CHECKING:
    import pyoxigraph as ox

    from mesoonto.views.facts import Facts

#: How like a name must be, of 100, to be offered for one that is not known.
_LIKE = 60


#: What is lost of a record that is left out.
WHOLE = "record"


@dataclass(frozen=True, slots=True)
class Loss:
    """What a record says and a format does not, or the other way round."""

    record: str  #: the record, with its prefix
    what: str  #: a property, without prefix, or a field that stays empty; `WHOLE` where all is left out
    why: str


@dataclass(frozen=True, slots=True)
class Exported:
    """Records in a format."""

    text: str
    losses: tuple[Loss, ...]  #: in the order of the records


@dataclass(frozen=True, slots=True)
class ExchangeFormat:
    """One format: a row of `FORMATS`.

    Its module has ``write(facts, records, step) -> Exported``; ``step()`` is called after each record.
    """

    name: str  #: as the command line takes it
    words: str  #: what it is, for the help of the command
    kind: str  #: local name of the class whose records it carries
    module: str
    needs: str = ""  #: the library that it is written by, of the extra ``exchange``


FORMATS = (
    ExchangeFormat(
        "nanopub",
        "evidence statements as unsigned nanopublications, in TriG",
        "EvidenceStatement",
        "mesoonto.exchange.nanopublications",
        needs="nanopub",
    ),
    ExchangeFormat(
        "va-spec",
        "evidence statements as objects of GA4GH VA-Spec, in JSON",
        "EvidenceStatement",
        "mesoonto.exchange.va_spec",
        needs="ga4gh.va_spec",
    ),
    ExchangeFormat(
        "civic",
        "evidence statements as CIViC's table of evidence, in TSV",
        "EvidenceStatement",
        "mesoonto.exchange.civic",
    ),
    ExchangeFormat(
        "bioschemas",
        "studies as schema.org's MedicalTrial by profiles of Bioschemas, in JSON-LD",
        "Study",
        "mesoonto.exchange.bioschemas",
    ),
)


#: Formats that are read.
READABLE = ("civic",)


def named(name: str) -> ExchangeFormat:
    """The format *name*; a FormatError with the nearest name for another."""
    known = {row.name: row for row in FORMATS}
    if name not in known:
        raise FormatError(f"{name}: unknown format; {_offer(name, known)}")
    return known[name]


def readable(name: str) -> None:
    """Raises FormatError, with the nearest name, where *name* is no format that is read."""
    if name not in READABLE:
        raise FormatError(f"{name}: unknown format; {_offer(name, READABLE)}")


def records(facts: Facts, form: ExchangeFormat, names: Sequence[str] = ()) -> list[ox.NamedNode]:
    """The records that *form* carries, or those of *names*, in that order, each once.

    A name is an IRI or what stands behind ``mesod:``, with or without that prefix. Raises NoRecordError, with
    the nearest name, for what is no such record.
    """
    import pyoxigraph as ox

    found = facts.subjects(f"{PREFIXES['rdf']}type", ox.NamedNode(MESO + form.kind))
    if not names:
        return found
    known = {node.value.removeprefix(DATA): node for node in found}
    chosen = []
    for name in dict.fromkeys(names):
        key = name.removeprefix(DATA).removeprefix("mesod:")
        if key not in known:
            raise NoRecordError(f"{name}: no record that {form.name} carries; {_offer(key, known)}")
        chosen.append(known[key])
    return list(dict.fromkeys(chosen))


def write(
    facts: Facts,
    form: ExchangeFormat,
    chosen: Sequence[ox.NamedNode],
    step: Callable[[], None] = lambda: None,
) -> Exported:
    """The records *chosen* in *form*; *step* is called after each.

    Raises NotInstalledError where the library is missing that the format needs.
    """
    if form.needs:
        extras.need("exchange", form.name)
    exported = import_module(form.module).write(facts, chosen, step)
    assert isinstance(exported, Exported)  # noqa: S101  # as the table says
    return exported


def record_name(node: ox.NamedNode) -> str:
    """How messages and reports name the record *node*."""
    return node.value.replace(DATA, "mesod:", 1)


def loss_table(losses: Iterable[Loss]) -> str:
    """*losses* as a table with tabs between columns."""
    rows = (f"{loss.record}\t{loss.what}\t{loss.why}\n" for loss in losses)
    return "record\twhat\twhy\n" + "".join(rows)


def summary(number: int, losses: Sequence[Loss], things: str = "records") -> str:
    """How many of *number* records, or other *things*, were kept, and how many values of those were not."""
    left_out = len({loss.record for loss in losses if loss.what == WHOLE})
    values = len(losses) - left_out
    lost = f"{values} value{'s' * (values != 1)} of theirs lost" if losses else "nothing lost"
    return f"{number - left_out} of {number} {things}, {lost}"


def _offer(name: str, known: Iterable[str]) -> str:
    """What to say of *name*, which is none of *known*."""
    names = list(known)
    near = process.extractOne(name, names, score_cutoff=_LIKE)
    if near is not None:
        return f"did you mean {near[0]}?"
    return f"choose from {', '.join(names)}" if len(names) < 10 else "mesoonto query lists them"
