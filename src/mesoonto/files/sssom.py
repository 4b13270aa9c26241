"""The mappings to other vocabularies: SSSOM tables (https://w3id.org/sssom/spec), read as triples."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from mesoonto.errors import InputError, Place

#: The columns that every row must fill.
REQUIRED = (
    "subject_id",
    "subject_label",
    "predicate_id",
    "object_id",
    "object_label",
    "mapping_justification",
)


@dataclass(frozen=True, slots=True)
class Mapping:
    """One row: subject and object as IRIs with their labels, and the relation between them as IRI."""

    subject: str
    subject_label: str
    predicate: str
    object: str
    object_label: str
    justification: str
    place: Place


def read(path: Path) -> Iterator[Mapping]:
    """The mappings in the SSSOM table *path*; an InputError names the first bad line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    start = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    stems = curie_map(lines[:start], path)
    rows = csv.DictReader(lines[start:], delimiter="\t", quoting=csv.QUOTE_NONE)
    missing = [name for name in REQUIRED if name not in (rows.fieldnames or ())]
    if missing:
        raise InputError(f"no column {missing[0]}", Place(str(path), start + 1))
    for number, row in enumerate(rows, start=start + 2):
        place = Place(str(path), number)
        empty = [name for name in REQUIRED if not row[name]]
        if empty:
            raise InputError(f"{empty[0]} is empty", place)
        yield Mapping(
            _expand(row["subject_id"], stems, place),
            row["subject_label"],
            _expand(row["predicate_id"], stems, place),
            _expand(row["object_id"], stems, place),
            row["object_label"],
            _expand(row["mapping_justification"], stems, place),
            place,
        )


def triples(path: Path) -> Iterator[ox.Triple]:
    """One triple for each mapping in *path*."""
    for mapping in read(path):
        yield ox.Triple(
            ox.NamedNode(mapping.subject), ox.NamedNode(mapping.predicate), ox.NamedNode(mapping.object)
        )


def curie_map(header: list[str], path: Path) -> dict[str, str]:
    """The prefixes declared in the header, which is YAML behind ``#`` signs."""
    stems = {}
    inside = False
    for number, line in enumerate(header, start=1):
        text = line.removeprefix("#")
        if not text.startswith(" "):
            inside = text.strip() == "curie_map:"
        elif inside:
            prefix, _, stem = text.strip().partition(": ")
            stems[prefix] = stem.strip().strip("\"'")
            if not stems[prefix]:
                raise InputError(f"prefix {prefix} has no address", Place(str(path), number))
    return stems


def _expand(curie: str, stems: dict[str, str], place: Place) -> str:
    prefix, _, local = curie.partition(":")
    if prefix not in stems:
        raise InputError(f"{curie}: prefix {prefix} is not in the curie_map of the header", place)
    return stems[prefix] + local
