"""Changes as commands of KGCL, the Knowledge Graph Change Language (https://w3id.org/kgcl).

Its grammar lets no text hold the mark that encloses it, and knows no escape: an apostrophe in a text becomes
’, a straight quotation mark ”, a line break a blank.
"""

from __future__ import annotations

from collections.abc import Iterable

from mesoonto.namespaces import compress
from mesoonto.release.terms import OntologyTerm

#: A term or record is its IRI's CURIE, or the IRI in angle brackets.
_Edge = tuple[str, str]


def created(term: OntologyTerm, said: Iterable[_Edge]) -> tuple[str, ...]:
    """A new class or property with its definition, synonyms and edges."""
    node = _node(term.iri)
    commands = [f"create node {node} {_text(term.label)}"]
    if term.definition:
        commands.append(f"add definition {_text(term.definition)} to {node}")
    commands += [synonym_added(term.iri, s.scope, s.text) for s in term.synonyms]
    return (*commands, *edges(term.iri, (), said))


def deleted(iri: str) -> str:
    """A term that is gone."""
    return f"delete {_node(iri)}"


def obsoleted(iri: str, replaced_by: str) -> str:
    """A term that is retired, perhaps in favour of another."""
    return f"obsolete {_node(iri)}" + (f" with replacement {_node(replaced_by)}" if replaced_by else "")


def unobsoleted(iri: str) -> str:
    """A term that is in use again."""
    return f"unobsolete {_node(iri)}"


def renamed(iri: str, old: str, new: str) -> str:
    """A new label."""
    return f"rename {_node(iri)} from {_text(old)} to {_text(new)}"


def redefined(iri: str, old: str, new: str) -> str:
    """A definition that is new, gone, or another."""
    if not old:
        return f"add definition {_text(new)} to {_node(iri)}"
    if not new:
        return f"remove definition for {_node(iri)}"
    return f"change definition of {_node(iri)} from {_text(old)} to {_text(new)}"


def synonym_added(iri: str, scope: str, text: str) -> str:
    """A new name of a term, with its scope."""
    return f"create {scope} synonym {_text(text)} for {_node(iri)}"


def synonym_removed(iri: str, text: str) -> str:
    """A name that is gone."""
    return f"remove synonym {_text(text)} for {_node(iri)}"


def edges(iri: str, gone: Iterable[_Edge], come: Iterable[_Edge]) -> tuple[str, ...]:
    """Edges of a term that are gone and that are new."""
    deletions = [f"delete edge {_node(iri)} {_node(role)} {_node(other)}" for role, other in gone]
    return (*deletions, *(f"create edge {_node(iri)} {_node(role)} {_node(other)}" for role, other in come))


def restated(
    iri: str, before: dict[str, frozenset[str]], after: dict[str, frozenset[str]]
) -> tuple[str, ...]:
    """What a record says otherwise than before, where it says one thing of it."""
    commands = []
    for predicate in sorted(before.keys() & after.keys()):
        old, new = before[predicate], after[predicate]
        if old != new and len(old) == len(new) == 1:
            was, now = (_literal(next(iter(values))) for values in (old, new))
            commands.append(f"change annotation of {_node(iri)} with {_node(predicate)} from {was} to {now}")
    return tuple(commands)


def _node(iri: str) -> str:
    curie = compress(iri)
    return f"<{iri}>" if curie == iri or "/" in curie else curie


def _text(text: str) -> str:
    return "'" + " ".join(text.split()).replace("'", "’") + "'"


def _literal(text: str) -> str:
    return '"' + " ".join(text.split()).replace('"', "”") + '"'
