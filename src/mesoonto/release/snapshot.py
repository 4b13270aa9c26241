"""One state of an ontology and its records, as two states are compared."""

from __future__ import annotations

import io
import re
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox

from mesoonto import resources
from mesoonto.errors import InputError, Place
from mesoonto.files import git, rdf
from mesoonto.namespaces import DATA, MESO, PREFIXES, local_name
from mesoonto.ontology import files
from mesoonto.ontology.axioms import Axiom, axioms_of, logical
from mesoonto.ontology.expressions import SUBCLASS, Some, expression
from mesoonto.ontology.model import Ontology
from mesoonto.ontology.wording import Wording
from mesoonto.owl import quality
from mesoonto.release.terms import OntologyTerm, terms_of

#: The name of what is shipped with this program, or of the checkout in which it runs.
SHIPPED = "shipped"

_LABEL = f"{PREFIXES['rdfs']}label"
_SUBPROPERTY = f"{PREFIXES['rdfs']}subPropertyOf"
_AXIOM_WORDS = tuple(PREFIXES[prefix] for prefix in ("owl", "rdf", "rdfs"))
_VERSION = re.compile(r"\d+\.\d+\.\d+")
#: How deeply what hangs on a record without a name of its own is looked at.
_DEPTH = 8
#: Bytes of the files of a revision that are read.
_LARGEST = 1 << 30
#: What says by names alone what words say with labels, so that a new label is no new axiom.
_NAMELESS = Wording({})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The terms, axioms and records of one state."""

    terms: dict[str, OntologyTerm]
    records: dict[str, dict[str, frozenset[str]]]  #: IRI to property to values
    axioms: dict[tuple[str, str], str] = field(
        default_factory=dict
    )  #: term and axiom without labels to words
    labels: dict[str, str] = field(default_factory=dict)  #: of everything, also of terms of others


def snapshot(
    ontology: Iterable[ox.Triple],
    records: Iterable[ox.Triple],
    own: Callable[[str], bool] = lambda iri: iri.startswith(MESO),
) -> Snapshot:
    """What is compared: the terms of *ontology* that are its *own*, and the named records of *records*."""
    triples, recorded = list(ontology), list(records)
    terms = terms_of(triples)
    labels = {t.subject.value: t.object.value for t in (*triples, *recorded) if _is_label(t)}  # type: ignore[union-attr]
    wording = Wording(labels)
    said = {}
    for axiom in logical(axioms_of(set(triples))):
        subject = axiom.head.subject
        iri = subject.value if isinstance(subject, ox.NamedNode) else ""
        if not _told_otherwise(axiom) and (own(iri) or (not iri and any(map(own, _named(axiom))))):
            said[iri, _NAMELESS.say(axiom)] = wording.say(axiom)
    return Snapshot({iri: t for iri, t in terms.items() if own(iri)}, _records(recorded), said, labels)


def _is_label(t: ox.Triple) -> bool:
    return (
        t.predicate.value == _LABEL
        and isinstance(t.subject, ox.NamedNode)
        and isinstance(t.object, ox.Literal)
    )


def _told_otherwise(axiom: Axiom) -> bool:
    """Whether the account of terms has *axiom*: a declaration, a parent, a restriction to a named class.

    Or it is none: what OWL's own words do not say is an annotation, whether it is declared as one or not.
    """
    head = axiom.head
    if not head.predicate.value.startswith(_AXIOM_WORDS):
        return True
    if axiom.is_declaration or head.predicate.value == f"{PREFIXES['owl']}versionIRI":
        return True
    if head.predicate.value == _SUBPROPERTY:
        return isinstance(head.object, ox.NamedNode)
    if head.predicate.value != SUBCLASS:
        return False
    said = expression(head.object, axiom.parts)
    return isinstance(said, str) or (isinstance(said, Some) and isinstance(said.filler, str))


def _named(axiom: Axiom) -> Iterable[str]:
    return (t.object.value for t in axiom.triples if isinstance(t.object, ox.NamedNode))


def _records(triples: Iterable[ox.Triple]) -> dict[str, dict[str, frozenset[str]]]:
    by_subject: dict[object, list[ox.Triple]] = defaultdict(list)
    for triple in triples:
        by_subject[triple.subject].append(triple)
    found: dict[str, dict[str, set[str]]] = {}
    for subject, own in by_subject.items():
        if isinstance(subject, ox.NamedNode) and subject.value.startswith(DATA):
            said = found.setdefault(subject.value, {})
            for triple in own:
                said.setdefault(triple.predicate.value, set()).add(_text(triple.object, by_subject, 0))
    return {iri: {p: frozenset(v) for p, v in said.items()} for iri, said in found.items()}


def _text(term: object, by_subject: dict[object, list[ox.Triple]], depth: int) -> str:
    """A value; what has no name is told by what is said of it."""
    if not isinstance(term, ox.BlankNode):
        return str(getattr(term, "value", ""))
    if depth > _DEPTH:
        return "[...]"
    inside = [
        f"{local_name(t.predicate.value)} {_text(t.object, by_subject, depth + 1)}" for t in by_subject[term]
    ]
    return f"[{'; '.join(sorted(inside))}]"


def read(name: str, releases: Path | None = None, here: Path | None = None) -> Snapshot:
    """The state that *name* means.

    That is `SHIPPED`; a file of an ontology; a folder: a release, a checkout or one of ontology files; the
    version of a release in *releases*; or a git revision of the repository in which *here* lies (the working
    directory), perhaps with a colon and a path in it. Raises InputError for anything else, or what is broken.
    """
    path = Path(name)
    if name == SHIPPED:
        return _of_ontology(Ontology.shipped())
    if path.is_dir():
        return _of_folder(path)
    if path.exists():
        return _of_files([path])
    if releases is not None and _VERSION.fullmatch(name) and (releases / name).is_dir():
        return read_release(releases / name)
    return _of_revision(name, here or Path.cwd())


def read_release(folder: Path) -> Snapshot:
    """The snapshot of the release in *folder*; an InputError when it is none."""
    ontology, records = folder / "mesoonto-full.ttl", folder / "mesoonto-data.trig"
    for path in (ontology, records):
        if not path.is_file():
            raise InputError(f"no release: {path.name} is missing", Place(str(folder)))
    return snapshot((q.triple for q in rdf.read(ontology)), (q.triple for q in rdf.read(records)))


def _of_ontology(ontology: Ontology) -> Snapshot:
    return snapshot(ontology.triples(), ontology.triples(files.DATA))


def _of_folder(folder: Path) -> Snapshot:
    if (folder / "mesoonto-full.ttl").is_file():
        return read_release(folder)
    inside = folder / "ontology" if (folder / "ontology").is_dir() else folder
    modules = [*sorted(inside.glob("*.ttl")), *sorted((inside / "modules").glob("*.ttl"))]
    if not (inside / "modules").is_dir():
        return _of_files([source.path for source in rdf.find([inside]) if source.path])
    layers = {
        files.MODULES: [path for path in modules if path.name != resources.inferred_file().name],
        files.IMPORTS: sorted((inside / "imports").glob("*.ttl")),
        files.DATA: sorted((inside / "data").rglob("*.ttl")),
    }
    return _of_ontology(
        Ontology(files.OntologyFile.read(path, layer) for layer, paths in layers.items() for path in paths)
    )


def _of_files(paths: list[Path]) -> Snapshot:
    """Any ontology: its own terms are those in the namespace in which it declares most."""
    ontology = Ontology([files.OntologyFile.read(path, files.MODULES) for path in paths])
    namespace = quality.own_namespace(ontology)
    triples = list(ontology.triples())
    return snapshot(triples, triples, lambda iri: iri.startswith(namespace) and not iri.startswith(DATA))


def _of_revision(name: str, here: Path) -> Snapshot:
    revision, _, inner = name.partition(":")
    top = git.ask(here, "rev-parse", "--show-toplevel")
    commit = git.commit(here, revision) if top is not None and not name.startswith("-") else None
    if top is None or commit is None:
        where = "and this is no git repository" if top is None else "and git knows no such revision"
        raise InputError(f"{name}: no file, folder or release of this name, {where}")
    root = Path(top.decode().strip())
    wanted = inner or "ontology"
    packed = git.ask(root, "archive", "--format=tar", commit, "--", wanted)
    if packed is None:
        raise InputError(f"{name}: there is no {wanted} in this revision")
    if len(packed) > _LARGEST:
        raise InputError(f"{name}: more than {_LARGEST >> 20} MiB")
    with tempfile.TemporaryDirectory(prefix="mesoonto-") as place:
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(place, filter="data")
        found = Path(place, wanted)
        return _of_folder(Path(place) if not inner else found) if found.is_dir() else _of_files([found])
