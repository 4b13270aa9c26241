"""Templates for new records: what a curator fills in, with the questions as comments."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from mesoonto.errors import MesoontoError
from mesoonto.namespaces import PREFIXES
from mesoonto.ontology.record_kinds import ADVICE, RECORD_KINDS, RecordKind, record_kind

_PREFIXES = ("bibo", "dcterms", "meso", "mesod", "obo", "pmid", "rdfs", "skos", "xsd")

#: The kinds of records that have a template.
KINDS = tuple(kind.name for kind in RECORD_KINDS)


@dataclass(frozen=True, slots=True)
class Template:
    """A new record file."""

    folder: str  #: below ontology/data; "" for what is no part of the curated records
    file_name: str
    text: str


def new(name: str, key: str, today: datetime.date) -> Template:
    """A file for a new record of the kind *name* with the outside key *key*, dated *today*.

    The kinds and their keys are those of `RECORD_KINDS`. Raises MesoontoError for another kind, or for a key
    that cannot be one.
    """
    kind = record_kind(name)
    if kind is None:
        raise MesoontoError(f"{name}: unknown kind of record; known are {', '.join(KINDS)}")
    if not kind.accepts(key):
        raise MesoontoError(f"{key}: not the key of a {name}; expected one such as {kind.example}")
    header = "".join(f"@prefix {prefix}: <{PREFIXES[prefix]}> .\n" for prefix in _PREFIXES)
    return Template(kind.folder, kind.file_name(key), f"{header}\n{ADVICE}\n{_body(kind, key, today)}")


def _body(kind: RecordKind, key: str, today: datetime.date) -> str:
    """The templates of *kind* and of what stands with it."""
    first, _, rest = key.partition("_")
    filled = {
        "key": key,
        "trial": first,
        "name": rest,
        "cohort": rest if kind.name == "cohort" else "main",
        "analysis": rest.partition("_")[0],
        "pmid": key if kind.name in ("statement", "publication") else "",
        "body": first,
        "number": rest,
        "today": str(today),
        "year": str(today.year),
        "curation": f'dcterms:creator "mesoonto contributors" ; dcterms:created "{today}"^^xsd:date .',
    }
    parts = [kind.template.format(**filled)]
    if kind.name == "trial":
        year = filled["year"]
        names = {"cohort": "main", "analysis": year, "result": f"{year}_os_hr_all"}
        filled |= {"trial": key, "analysis": year}
    else:
        names = {}
    for other in map(record_kind, kind.with_):
        if other is not None:
            parts.append(other.template.format(**filled | {"name": names.get(other.name, "")}))
    return "\n".join(parts)
