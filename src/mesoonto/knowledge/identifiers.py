"""Compares the identifiers and labels of other vocabularies that the files mention with tables of them.

A table is ``<prefix>.tsv.gz`` with the columns id, label, obsolete, replaced_by, synonyms and xrefs. The
tables are not part of the project; the directory that holds them is named by the user.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mesoonto import resources
from mesoonto.errors import InputError, Place
from mesoonto.namespaces import OBO_PREFIXES

_COLUMNS = ["id", "label", "obsolete", "replaced_by", "synonyms", "xrefs"]

#: An identifier of an outside vocabulary as it stands in Turtle, prefixed or as a full IRI.
_IN_TURTLE = re.compile(
    rf"\bobo:(?P<obo>{'|'.join(OBO_PREFIXES)})_(?P<number>\w+)"
    rf"|<http://purl\.obolibrary\.org/obo/(?P<obo_iri>{'|'.join(OBO_PREFIXES)})_(?P<number_iri>\w+)>"
    r"|\buniprot:(?P<uniprot>[A-Z0-9]{6,10})\b"
)


@dataclass(frozen=True, slots=True)
class Mention:
    """One identifier at one place, with the label that stands beside it, if one does."""

    curie: str
    label: str | None
    place: Place


@dataclass(frozen=True, slots=True)
class VocabularyEntry:
    """What a table says of an identifier."""

    label: str
    retired: bool
    replaced_by: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What comparing found: the mistakes, and how much was compared."""

    mistakes: tuple[str, ...]
    checked: int  #: mentions that were looked up
    unchecked: tuple[str, ...]  #: prefixes without a table


def compare(tables: Path) -> Comparison:
    """Look up every identifier that the shipped ontology, records and mappings mention in *tables*.

    Raises InputError when *tables* is no directory with tables, or a table is broken.
    """
    available = {path.name.removesuffix(".tsv.gz"): path for path in sorted(tables.glob("*.tsv.gz"))}
    if not available:
        raise InputError("no tables here; expected files such as ncit.tsv.gz", Place(str(tables)))
    by_table: dict[str, list[Mention]] = defaultdict(list)
    for mention in mentions():
        by_table[mention.curie.partition(":")[0].lower()].append(mention)
    mistakes: list[str] = []
    checked = 0
    for name in sorted(by_table.keys() & available.keys()):
        entries = _read_table(available[name], {m.curie.lower() for m in by_table[name]})
        checked += len(by_table[name])
        mistakes += [text for m in by_table[name] if (text := _mistake(m, entries.get(m.curie.lower())))]
    return Comparison(tuple(mistakes), checked, tuple(sorted(by_table.keys() - available.keys())))


def mentions() -> Iterator[Mention]:
    """Every identifier of an outside vocabulary in the shipped files."""
    folder = resources.ontology_dir()
    for path in sorted((folder / "imports").glob("*_terms.txt")):
        yield from _in_columns(path, [("id", "label")])
    for path in resources.mapping_files():
        yield from _in_columns(path, [("object_id", "object_label")])
    for path in [*resources.module_files(), *resources.record_files()]:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            for found in _IN_TURTLE.finditer(line):
                yield Mention(_curie(found), None, Place(str(path), number, found.start() + 1))


def _curie(found: re.Match[str]) -> str:
    if found["uniprot"]:
        return f"UniProtKB:{found['uniprot']}"
    return f"{found['obo'] or found['obo_iri']}:{found['number'] or found['number_iri']}"


def _in_columns(path: Path, pairs: Iterable[tuple[str, str]]) -> Iterator[Mention]:
    lines = path.read_text("utf-8").splitlines()
    start = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    rows = csv.DictReader(lines[start:], delimiter="\t", quoting=csv.QUOTE_NONE)
    for number, row in enumerate(rows, start=start + 2):
        for curie, label in pairs:
            yield Mention(row[curie], row[label], Place(str(path), number))


def _read_table(path: Path, wanted: set[str]) -> dict[str, VocabularyEntry]:
    """The rows of the table *path* whose identifier, in lower case, is in *wanted*."""
    entries = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
        if next(file, "").rstrip("\n").split("\t") != _COLUMNS:
            raise InputError(
                f"the first line must be {' '.join(_COLUMNS)}, separated by tabs", Place(str(path), 1)
            )
        for line in file:
            curie, label, obsolete, replaced_by = line.split("\t", 4)[:4]
            if curie.lower() in wanted:
                entries[curie.lower()] = VocabularyEntry(label, obsolete == "true", replaced_by)
    return entries


def _mistake(mention: Mention, entry: VocabularyEntry | None) -> str | None:
    if entry is None:
        return f"{mention.place}: {mention.curie} is unknown"
    if entry.retired:
        advice = f"; replaced by {entry.replaced_by}" if entry.replaced_by else ""
        return f"{mention.place}: {mention.curie} is retired{advice}"
    if mention.label is not None and _folded(mention.label) != _folded(entry.label):
        return (
            f"{mention.place}: {mention.curie} is labelled '{entry.label}' there and '{mention.label}' here"
        )
    return None


def _folded(label: str) -> str:
    return " ".join(label.split())
