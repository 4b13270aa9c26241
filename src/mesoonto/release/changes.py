"""What changed between two states: one computation, for releases, the site and ``mesoonto diff``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import DATA, MESO, PREFIXES, compress, local_name
from mesoonto.ontology.record_kinds import kind_of_class
from mesoonto.release import kgcl
from mesoonto.release.snapshot import Snapshot
from mesoonto.release.terms import OntologyTerm

_KINDS = {
    f"{MESO}MESO_0000001": "mechanism",
    f"{MESO}MESO_0000002": "intervention",
    f"{MESO}MESO_0000006": "biomarker",
    f"{MESO}MESO_0000007": "end point",
    "http://purl.obolibrary.org/obo/MONDO_0005112": "tumour state",
}
#: What stands for a thing in words.
_Name = Callable[[str], str]
_FIGURE = re.compile(r"-?\d+(\.\d+)?")
_CHANGESET = "http://purl.org/vocab/changeset/schema#"
_LABEL, _TYPE = PREFIXES["rdfs"] + "label", PREFIXES["rdf"] + "type"
_PARENT = {"class": f"{PREFIXES['rdfs']}subClassOf", "property": f"{PREFIXES['rdfs']}subPropertyOf"}


@dataclass(frozen=True, slots=True, order=True)
class ReleaseChange:
    """One change of a term or record."""

    words: str
    subject: str  #: IRI of the term or record, or "" where several terms are concerned
    details: tuple[str, ...] = ()  #: what it was and is, a line each
    kgcl: tuple[str, ...] = ()  #: the same in the Knowledge Graph Change Language, where it has words for it


def compare(before: Snapshot, after: Snapshot) -> list[ReleaseChange]:
    """The changes that lead from *before* to *after*, terms first."""
    labels = before.labels | after.labels

    def name(iri: str) -> str:
        label = labels.get(iri)
        return f"'{label}'" if label else iri.removeprefix(DATA)

    return [
        *_of_terms(before.terms, after.terms, name),
        *_of_axioms(before, after),
        *_of_records(before.records, after.records, name),
    ]


def _of_terms(
    before: dict[str, OntologyTerm], after: dict[str, OntologyTerm], name: _Name
) -> Iterator[ReleaseChange]:
    for iri, term in after.items():
        if iri not in before:
            details = [f"definition: {term.definition}"] if term.definition else []
            details += [f"below {name(parent)}" for parent in term.parents]
            details += [f"{name(role)} {name(filler)}" for role, filler in term.relations]
            yield ReleaseChange(
                f"adds {_kind(term, after)} {name(iri)}",
                iri,
                tuple(details),
                kgcl.created(term, _edges(term)),
            )
    for iri, term in before.items():
        if iri not in after:
            yield ReleaseChange(f"removes {_kind(term, before)} {name(iri)}", iri, (), (kgcl.deleted(iri),))
    for iri in sorted(before.keys() & after.keys()):
        yield from _of_term(before[iri], after[iri], name)


def _of_term(old: OntologyTerm, new: OntologyTerm, name: _Name) -> Iterator[ReleaseChange]:
    iri = new.iri
    if new.deprecated and not old.deprecated:
        instead = f", replaced by {name(new.replaced_by)}" if new.replaced_by else ""
        yield ReleaseChange(
            f"retires '{old.label}'{instead}", iri, (), (kgcl.obsoleted(iri, new.replaced_by),)
        )
        return
    if old.deprecated and not new.deprecated:
        yield ReleaseChange(f"takes back the retirement of {name(iri)}", iri, (), (kgcl.unobsoleted(iri),))
    if old.label != new.label:
        said = kgcl.renamed(iri, old.label, new.label)
        yield ReleaseChange(f"renames '{old.label}' to '{new.label}'", iri, (), (said,))
    if set(old.parents) != set(new.parents):
        uppers, lowers = (", ".join(name(p) for p in sorted(t.parents)) for t in (new, old))
        predicate = _PARENT[new.kind]
        gone = [(predicate, parent) for parent in sorted(set(old.parents) - set(new.parents))]
        come = [(predicate, parent) for parent in sorted(set(new.parents) - set(old.parents))]
        yield ReleaseChange(
            f"moves {name(iri)} under {uppers} (before: {lowers})", iri, (), kgcl.edges(iri, gone, come)
        )
    if old.definition != new.definition:
        yield ReleaseChange(
            f"rewords the definition of {name(iri)}",
            iri,
            (f"before: {old.definition or 'none'}", f"after: {new.definition or 'none'}"),
            (kgcl.redefined(iri, old.definition, new.definition),),
        )
    names = {(s.scope, s.text) for s in old.synonyms}, {(s.scope, s.text) for s in new.synonyms}
    for scope, text in sorted(names[1] - names[0]):
        words = f"gives {_article(scope)} {scope} synonym to {name(iri)}: '{text}'"
        yield ReleaseChange(words, iri, (), (kgcl.synonym_added(iri, scope, text),))
    for scope, text in sorted(names[0] - names[1]):
        words = f"drops {_article(scope)} {scope} synonym of {name(iri)}: '{text}'"
        yield ReleaseChange(words, iri, (), (kgcl.synonym_removed(iri, text),))
    for edge in sorted(set(new.relations) - set(old.relations)):
        role, filler = edge
        words = f"says that {name(iri)} {name(role)} {name(filler)}"
        yield ReleaseChange(words, iri, (), kgcl.edges(iri, [], [edge]))
    for edge in sorted(set(old.relations) - set(new.relations)):
        role, filler = edge
        words = f"no longer says that {name(iri)} {name(role)} {name(filler)}"
        yield ReleaseChange(words, iri, (), kgcl.edges(iri, [edge], []))


def _article(scope: str) -> str:
    return "an" if scope == "exact" else "a"


def _edges(term: OntologyTerm) -> list[tuple[str, str]]:
    return [*((_PARENT[term.kind], parent) for parent in term.parents), *term.relations]


def _of_axioms(before: Snapshot, after: Snapshot) -> Iterator[ReleaseChange]:
    """Axioms of terms that are neither new nor gone, in words."""
    for key in sorted(after.axioms.keys() - before.axioms.keys()):
        if not key[0] or key[0] in before.terms:
            yield ReleaseChange(f"states: {after.axioms[key]}", key[0])
    for key in sorted(before.axioms.keys() - after.axioms.keys()):
        if not key[0] or (key[0] in after.terms and not after.terms[key[0]].deprecated):
            yield ReleaseChange(f"no longer states: {before.axioms[key]}", key[0])


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
    before: dict[str, dict[str, frozenset[str]]], after: dict[str, dict[str, frozenset[str]]], name: _Name
) -> Iterator[ReleaseChange]:
    supersedes = f"{MESO}supersedes"
    for iri, said in sorted(after.items()):
        kind = _record_kind(said)
        if kind and iri not in before:
            yield ReleaseChange(f"adds {kind} {name(iri)}", iri, tuple(_figures({}, said, name)))
        elif kind and before[iri] != said:
            changed = [p for p in said.keys() | before[iri].keys() if said.get(p) != before[iri].get(p)]
            yield ReleaseChange(
                f"changes {kind} {name(iri)}: {', '.join(sorted(map(local_name, changed)))}",
                iri,
                tuple(_figures(before[iri], said, name)),
                kgcl.restated(iri, before[iri], said),
            )
        earlier = before.get(iri, {}).get(supersedes, frozenset())
        for older in sorted(said.get(supersedes, frozenset()) - earlier):
            older_kind = _record_kind(after.get(older, {})) or "record"
            yield ReleaseChange(f"{older_kind} {name(older)} superseded by {name(iri)}", older)
    for iri, said in sorted(before.items()):
        kind = _record_kind(said)
        if kind and iri not in after:
            yield ReleaseChange(f"removes {kind} {name(iri)}", iri, tuple(_figures(said, {}, name)))


def _figures(
    before: dict[str, frozenset[str]], after: dict[str, frozenset[str]], name: _Name
) -> Iterator[str]:
    """What each property that differs was and is; of a record that is new or gone, what has a figure."""
    whole = before and after
    for predicate in sorted(before.keys() | after.keys()):
        old, new = (_shown(said.get(predicate, frozenset()), name) for said in (before, after))
        if whole and old != new:
            yield f"{local_name(predicate)}: {old or 'none'} → {new or 'none'}"
        elif not whole and _FIGURE.fullmatch(old + new):
            yield f"{local_name(predicate)}: {old + new}"


def _shown(values: frozenset[str], name: _Name) -> str:
    return ", ".join(sorted(name(value) if "://" in value else value for value in values))


def _record_kind(said: dict[str, frozenset[str]]) -> str:
    """What the account of changes calls a record of which this is *said*, or "" when it leaves it out."""
    types = sorted(iri.removeprefix(MESO) for iri in said.get(_TYPE, frozenset()))
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


#: What the words of a change begin with, and the heading under which people find it.
VERBS = {
    "adds": "Added",
    "removes": "Removed",
    "retires": "Retired",
    "renames": "Renamed",
    "moves": "Moved in the hierarchy",
}
OTHER_CHANGES = "Changed"
_MARKED = re.compile(r"([\\`*_\[\]<>#|@])")


def grouped(changes: list[ReleaseChange]) -> dict[str, list[ReleaseChange]]:
    """*changes* by their headings, those that have any."""
    groups: dict[str, list[ReleaseChange]] = {heading: [] for heading in (*VERBS.values(), OTHER_CHANGES)}
    for change in changes:
        groups[VERBS.get(change.words.partition(" ")[0], OTHER_CHANGES)].append(change)
    return {heading: found for heading, found in groups.items() if found}


def in_markdown(changes: list[ReleaseChange], before: str, after: str, limit: int = 0) -> str:
    """*changes* for people, under headings, with identifiers and what was and is.

    Under each heading are *limit* changes, all with 0. What stands in the data is escaped, so that it can
    stand in a comment.
    """
    lines = [f"# Changes from {_escaped(before)} to {_escaped(after)}", ""]
    if not changes:
        return "\n".join([*lines, "Nothing changed."]) + "\n"
    for heading, found in grouped(changes).items():
        lines += [f"## {heading} ({len(found)})", ""]
        for change in found[: limit or None]:
            where = f" (`{compress(change.subject)}`)" if change.subject else ""
            lines.append(f"- {_escaped(change.words)}{where}")
            lines += [f"  - {_escaped(detail)}" for detail in change.details]
        if limit and len(found) > limit:
            lines.append(f"- and {len(found) - limit} more")
        lines.append("")
    return "\n".join(lines[:-1]) + "\n"


def in_kgcl(changes: list[ReleaseChange]) -> str:
    """*changes* as commands of KGCL, one a line; what it has no words for is left out."""
    return "".join(f"{command}\n" for change in changes for command in change.kgcl)


def _escaped(text: str) -> str:
    return _MARKED.sub(r"\\\1", " ".join(text.split()))


def in_rdf(changes: list[ReleaseChange] | None, version: str) -> bytes:
    """*changes* as Turtle, each a change set on its term or record."""
    triples = []
    for number, change in enumerate(changes or (), start=1):
        node = ox.NamedNode(f"{MESO}releases/{version}/changes.ttl#change{number}")
        subject = change.subject or f"{MESO}mesoonto.owl"
        triples += [
            ox.Triple(node, ox.NamedNode(_TYPE), ox.NamedNode(f"{_CHANGESET}ChangeSet")),
            ox.Triple(node, ox.NamedNode(f"{_CHANGESET}subjectOfChange"), ox.NamedNode(subject)),
            ox.Triple(
                node, ox.NamedNode(f"{_CHANGESET}changeReason"), ox.Literal(change.words, language="en")
            ),
        ]
    prefixes = PREFIXES | {"cs": _CHANGESET}
    return ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=prefixes) or b""
