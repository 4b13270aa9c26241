"""Canonical Turtle in files: one form for what a file says, its prefixes and, if asked, its remarks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import pyoxigraph as ox

from mesoonto.errors import InputError, Place
from mesoonto.files import rdf
from mesoonto.files.replacing import replacing
from mesoonto.files.turtle import read as read_with_places
from mesoonto.namespaces import MESO, PREFIXES
from mesoonto.ontology.files import DATA, MODULES
from mesoonto.ontology.model import Ontology
from mesoonto.owl import remarks
from mesoonto.owl.turtle_writer import (
    NO_REMARKS,
    PROJECT_NAMES,
    Labels,
    PlainTriple,
    PrefixedNames,
    Remarks,
    own_labels,
    plain_triples,
    shared_blank_node,
    turtle,
)

#: What becomes of remarks: the file is refused, they are kept at their subject, or they go.
RemarkRule = Literal["refuse", "keep", "drop"]


def canonical(text: str, path: Path, labels: Labels, rule: RemarkRule = "refuse") -> str:
    """The canonical form of the Turtle document *text*, read from *path*.

    Raises InputError, with line and column, when the text is no Turtle or more than RDF 1.1, when *rule*
    refuses a remark behind ``#``, when a blank node is shared, so that it would need a name, and when blank
    nodes nest too deeply.
    """
    source = rdf.Source(str(path), ox.RdfFormat.TURTLE, content=text.encode())
    with source.input_errors():
        parser = ox.parse(text, format=ox.RdfFormat.TURTLE)
        stated = _stated(parser, text, path)
    _refuse_shared_blank_nodes(stated, text, path)
    known = {**labels, **own_labels(stated)}
    line, is_generated, _ = text.partition("\n") if text.startswith(remarks.GENERATED) else ("", "", "")
    kept = _kept_remarks(text, path, stated, known, parser.prefixes, rule)
    if is_generated:
        kept = Remarks([line, *kept.head], kept.tail, kept.above)
    names, tags = _names(parser.prefixes, stated), remarks.language_tags(text)
    place = Place(str(path))
    try:
        if is_generated and text == (unlabelled := turtle(stated, {}, names=names, remarks=kept, tags=tags)):
            return unlabelled  # slices are written without labels of others
        return turtle(stated, labels, names=names, remarks=kept, tags=tags)
    except InputError as error:
        raise InputError(error.message, place) from error


def loose_files(ontology: Ontology) -> list[Path]:
    """The modules and records of *ontology* that are not in their canonical form."""
    files = [file.path for file in ontology.documents if file.layer in (MODULES, DATA)]
    return [path for path in files if format_file(path, ontology.labels, write=False)]


def format_file(path: Path, labels: Labels, *, write: bool, rule: RemarkRule = "refuse") -> bool:
    """Whether *path* differs from its canonical form; with *write* that replaces it, whole or not at all."""
    if path.suffix != ".ttl":
        rdf.refuse_owl_syntax(path)
        raise InputError("not a Turtle file; its name must end in .ttl", Place(str(path)))
    after = canonical(rdf.from_path(path).text(), path, labels, rule).encode()
    differs = path.read_bytes() != after
    if differs and write:
        with replacing(path) as partial:
            partial.write_bytes(after)
    return differs


def _names(prefixes: Mapping[str, str], stated: Sequence[PlainTriple]) -> PrefixedNames:
    """The prefixes that *stated* is written with.

    A file that describes something in this project's namespace has those of its table, so that the same
    statements give the same bytes whatever a program declared; any other keeps its own *prefixes* first.
    """
    if any(isinstance(t.subject, ox.NamedNode) and t.subject.value.startswith(MESO) for t in stated):
        return PROJECT_NAMES
    own = set(prefixes.values())
    return PrefixedNames({**{name: stem for name, stem in PREFIXES.items() if stem not in own}, **prefixes})


def _kept_remarks(
    text: str,
    path: Path,
    stated: Sequence[PlainTriple],
    labels: Labels,
    prefixes: Mapping[str, str],
    rule: RemarkRule,
) -> Remarks:
    found = [] if rule == "drop" else list(remarks.of_people(text, prefixes, labels))
    if not found:
        return NO_REMARKS
    if rule == "refuse":
        raise InputError(
            f"the remark {found[0].text[:40]!r} would be lost; move it into the data, as skos:editorialNote "
            "or skos:note, or let --remarks keep it or drop it",
            _place(text, path, found[0].at),
        )
    # both read the same statements in the same order
    written = read_with_places(text, "", 0)
    subjects = {w.subject_at: s.subject for w, s in zip(written, stated, strict=False)}
    return remarks.attached(text, found, subjects)


def _stated(quads: Iterable[ox.Quad], text: str, path: Path) -> list[PlainTriple]:
    try:
        return list(plain_triples(quads))
    except InputError as error:
        raise InputError(error.message, _place(text, path, remarks.newer_syntax(text))) from error


def _refuse_shared_blank_nodes(stated: Sequence[PlainTriple], text: str, path: Path) -> None:
    shared = shared_blank_node(dict.fromkeys(stated))
    if shared is not None:
        written = list(read_with_places(text, "", 0))
        found = shared_blank_node(dict.fromkeys((w.subject, w.predicate, w.object) for w in written))
        uses = [w.object_at for w in written if found is not None and w.object == found[0]]
        raise InputError(shared[1], _place(text, path, uses[-1] if uses else None))


def _place(text: str, path: Path, at: int | None) -> Place:
    if at is None:
        return Place(str(path))
    return Place(str(path), text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
