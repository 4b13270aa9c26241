"""What changed between two releases, in words and in RDF."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from mesoonto.errors import InputError, Place
from mesoonto.files import rdf
from mesoonto.namespaces import DATA, MESO, PREFIXES, local_name
from mesoonto.ontology.record_kinds import kind_of_class
from mesoonto.release.terms import OntologyTerm, terms_of

_KINDS = {
    f"{MESO}MESO_0000001": "mechanism",
    f"{MESO}MESO_0000002": "intervention",
    f"{MESO}MESO_0000006": "biomarker",
    f"{MESO}MESO_0000007": "end point",
    "http://purl.obolibrary.org/obo/MONDO_0005112": "tumour state",
}
_CHANGESET = "http://purl.org/vocab/changeset/schema#"


@dataclass(frozen=True, slots=True, order=True)
class ReleaseChange:
    """One change of a term or record."""

    words: str
    subject: str  #: IRI of the term or record


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The terms and records of one release."""

    terms: dict[str, OntologyTerm]
    records: dict[str, dict[str, frozenset[str]]]  #: IRI to property to values


def snapshot(ontology: list[ox.Triple], records: list[ox.Triple]) -> Snapshot:
    """What is compared: the terms of *ontology* and the named records of *records*."""
    found: dict[str, dict[str, set[str]]] = {}
    for triple in records:
        if isinstance(triple.subject, ox.NamedNode) and triple.subject.value.startswith(DATA):
            value = (
                "" if isinstance(triple.object, ox.BlankNode) else str(getattr(triple.object, "value", ""))
            )
            found.setdefault(triple.subject.value, {}).setdefault(triple.predicate.value, set()).add(value)
    frozen = {iri: {p: frozenset(v) for p, v in said.items()} for iri, said in found.items()}
    return Snapshot({iri: t for iri, t in terms_of(ontology).items() if t.own}, frozen)


def read_release(folder: Path) -> Snapshot:
    """The snapshot of the release in *folder*; an InputError when it is none."""
    ontology, records = folder / "mesoonto-full.ttl", folder / "mesoonto-data.trig"
    for path in (ontology, records):
        if not path.is_file():
            raise InputError(f"no release: {path.name} is missing", Place(str(folder)))
    return snapshot(_triples(ontology), _triples(records))


def _triples(path: Path) -> list[ox.Triple]:
    return [ox.Triple(q.subject, q.predicate, q.object) for q in rdf.read(path)]


def compare(before: Snapshot, after: Snapshot) -> list[ReleaseChange]:
    """The changes that lead from *before* to *after*, terms first."""
    return [*_of_terms(before.terms, after.terms), *_of_records(before.records, after.records)]


def _of_terms(before: dict[str, OntologyTerm], after: dict[str, OntologyTerm]) -> list[ReleaseChange]:
    def name(iri: str) -> str:
        known = after.get(iri) or before.get(iri)
        return f"'{known.label}'" if known and known.label else iri

    changes = [
        ReleaseChange(f"adds {_kind(term, after)} {name(iri)}", iri)
        for iri, term in after.items()
        if iri not in before
    ]
    changes += [
        ReleaseChange(f"removes {_kind(term, before)} {name(iri)}", iri)
        for iri, term in before.items()
        if iri not in after
    ]
    for iri in sorted(before.keys() & after.keys()):
        old, new = before[iri], after[iri]
        if new.deprecated and not old.deprecated:
            instead = f", replaced by {name(new.replaced_by)}" if new.replaced_by else ""
            changes.append(ReleaseChange(f"retires '{old.label}'{instead}", iri))
            continue
        if old.label != new.label:
            changes.append(ReleaseChange(f"renames '{old.label}' to '{new.label}'", iri))
        if set(old.parents) != set(new.parents):
            uppers, lowers = (", ".join(name(p) for p in sorted(t.parents)) for t in (new, old))
            changes.append(ReleaseChange(f"moves {name(iri)} under {uppers} (before: {lowers})", iri))
        if old.definition != new.definition:
            changes.append(ReleaseChange(f"rewords the definition of {name(iri)}", iri))
        for role, filler in sorted(set(new.relations) - set(old.relations)):
            changes.append(ReleaseChange(f"says that {name(iri)} {name(role)} {name(filler)}", iri))
        for role, filler in sorted(set(old.relations) - set(new.relations)):
            changes.append(ReleaseChange(f"no longer says that {name(iri)} {name(role)} {name(filler)}", iri))
        if (old.definitions, old.unions) != (new.definitions, new.unions):
            changes.append(ReleaseChange(f"changes the logical definition of {name(iri)}", iri))
    return changes


def _kind(term: OntologyTerm, terms: dict[str, OntologyTerm]) -> str:
    if term.kind == "property":
        return "property"
    waiting, seen = [term.iri], set()
    while waiting:
        iri = waiting.pop()
        if iri in _KINDS:
            return _KINDS[iri]
        if iri not in seen and iri in terms:
            seen.add(iri)
            waiting += terms[iri].parents
    return "class"


def _of_records(
    before: dict[str, dict[str, frozenset[str]]], after: dict[str, dict[str, frozenset[str]]]
) -> list[ReleaseChange]:
    label, supersedes = PREFIXES["rdfs"] + "label", f"{MESO}supersedes"

    def name(iri: str) -> str:
        said = after.get(iri) or before.get(iri) or {}
        return f"'{min(said[label])}'" if said.get(label) else iri.removeprefix(DATA)

    changes = []
    for iri, said in sorted(after.items()):
        kind = _record_kind(said)
        if kind and iri not in before:
            changes.append(ReleaseChange(f"adds {kind} {name(iri)}", iri))
        elif kind and before[iri] != said:
            changed = sorted(
                local_name(p) for p in said.keys() | before[iri].keys() if said.get(p) != before[iri].get(p)
            )
            changes.append(ReleaseChange(f"changes {kind} {name(iri)}: {', '.join(changed)}", iri))
        earlier = before.get(iri, {}).get(supersedes, frozenset())
        for older in sorted(said.get(supersedes, frozenset()) - earlier):
            older_kind = _record_kind(after.get(older, {})) or "record"
            changes.append(ReleaseChange(f"{older_kind} {name(older)} superseded by {name(iri)}", older))
    for iri, said in sorted(before.items()):
        kind = _record_kind(said)
        if kind and iri not in after:
            changes.append(ReleaseChange(f"removes {kind} {name(iri)}", iri))
    return changes


def _record_kind(said: dict[str, frozenset[str]]) -> str:
    """What the account of changes calls a record of which this is *said*, or "" when it leaves it out."""
    types = sorted(iri.removeprefix(MESO) for iri in said.get(PREFIXES["rdf"] + "type", frozenset()))
    kinds = (kind_of_class(name) for name in types)
    return next((kind.words for kind in kinds if kind and kind.announced), "")


def in_words(changes: list[ReleaseChange] | None, version: str) -> str:
    """*changes* as a Markdown page; None means that there was no release to compare with."""
    lines = [f"# mesoonto {version}: what changed", ""]
    if changes is None:
        lines.append("No earlier release was given to compare with.")
    elif not changes:
        lines.append("Nothing changed.")
    else:
        lines += [f"- {change.words}" for change in changes]
    return "\n".join(lines) + "\n"


def in_rdf(changes: list[ReleaseChange] | None, version: str) -> bytes:
    """*changes* as Turtle, each a change set on its term or record."""
    triples = []
    for number, change in enumerate(changes or (), start=1):
        node = ox.NamedNode(f"{MESO}releases/{version}/changes.ttl#change{number}")
        triples += [
            ox.Triple(node, ox.NamedNode(PREFIXES["rdf"] + "type"), ox.NamedNode(f"{_CHANGESET}ChangeSet")),
            ox.Triple(node, ox.NamedNode(f"{_CHANGESET}subjectOfChange"), ox.NamedNode(change.subject)),
            ox.Triple(
                node, ox.NamedNode(f"{_CHANGESET}changeReason"), ox.Literal(change.words, language="en")
            ),
        ]
    prefixes = PREFIXES | {"cs": _CHANGESET}
    return ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=prefixes) or b""
