"""The table of record kinds: files, names and shapes keep to it."""

from __future__ import annotations

import datetime

import pyoxigraph as ox
import pytest

from mesoonto import resources
from mesoonto.files import rdf
from mesoonto.knowledge import templates
from mesoonto.namespaces import DATA, MESO, PREFIXES, local_name
from mesoonto.ontology.files import DATA as RECORDS
from mesoonto.ontology.files import OntologyFile
from mesoonto.ontology.record_kinds import RECORD_KINDS, RecordKind, field_order, kind_of_class
from mesoonto.owl import remarks
from tests import knowledge

TYPE = ox.NamedNode(f"{PREFIXES['rdf']}type")
FILES = [document for document in knowledge.ontology().documents if document.layer == RECORDS]


def records(triples: tuple[ox.Triple, ...]) -> list[tuple[RecordKind, str]]:
    """Kind and name of each record that is described in *triples*."""
    found = []
    for t in triples:
        if t.predicate != TYPE or not isinstance(t.subject, ox.NamedNode):
            continue
        assert isinstance(t.object, ox.NamedNode)
        kind = kind_of_class(t.object.value.removeprefix(MESO))
        if kind is not None:
            ours = t.subject.value.startswith(DATA)
            own = t.subject.value.removeprefix(DATA)
            # a publication goes by the address that others have given it: PubMed id, DOI or web address
            found.append((kind, own if ours else f"{kind.prefix}_{local_name(t.subject.value)}"))
    return found


@pytest.mark.parametrize("document", FILES, ids=lambda d: d.path.stem)
def test_file_bears_the_name_of_its_record_in_the_folder_of_the_kind(document: OntologyFile) -> None:
    """``statement_X.ttl`` holds ``statement_X``, or ``statement_X_1``, ``statement_X_2`` ..."""
    path, held = document.path, records(document.triples)
    named = [kind for kind, name in held if name == path.stem or name.startswith(f"{path.stem}_")]
    assert named, f"{path.name} holds {sorted(name for _, name in held)[:5]}"
    assert {kind.folder for kind in named} == {path.parent.name}
    (main,) = set(named)
    if main.name != "publication":
        strays = [name for kind, name in held if kind == main and not name.startswith(path.stem)]
        assert strays == []


def test_every_record_has_a_kind() -> None:
    typed = {
        t.object
        for d in FILES
        for t in d.triples
        if t.predicate == TYPE and isinstance(t.subject, ox.NamedNode) and t.subject.value.startswith(DATA)
    }
    assert [str(c) for c in typed if kind_of_class(getattr(c, "value", "").removeprefix(MESO)) is None] == []


@pytest.mark.parametrize("kind", RECORD_KINDS, ids=lambda k: k.name)
class TestKind:
    def test_its_shape_looks_at_all_its_classes(self, kind: RecordKind) -> None:
        target = ox.NamedNode(f"{PREFIXES['sh']}targetClass")
        shape = ox.NamedNode(PREFIXES["mesosh"] + kind.shape)
        quads = [q for path in resources.shape_files() for q in rdf.read(path)]
        looked_at = {q.object.value for q in quads if (q.subject, q.predicate) == (shape, target)}  # type: ignore[union-attr]
        assert {MESO + name for name in kind.classes} <= looked_at

    def test_its_template_is_one(self, kind: RecordKind) -> None:
        key = kind.example.partition(" ")[0]
        new = templates.new(kind.name, key, datetime.date(2026, 11, 24))
        assert (new.folder, new.file_name) == (kind.folder, kind.file_name(key))
        ((first, name), *_) = records(
            tuple(q.triple for q in ox.parse(new.text, format=ox.RdfFormat.TURTLE, base_iri=DATA))
        )
        assert first == kind
        assert name.startswith(new.file_name.removesuffix(".ttl")) or not kind.folder

    def test_its_template_has_hints_alone_for_remarks(self, kind: RecordKind) -> None:
        text = templates.new(kind.name, kind.example.partition(" ")[0], datetime.date(2026, 11, 24)).text
        assert "\n# " in text
        assert list(remarks.of_people(text, {}, {})) == []
        mine = text + "# the name that people use here\n"
        assert [remark.text for remark in remarks.of_people(mine, {}, {})] == [
            "# the name that people use here"
        ]

    def test_its_template_states_no_figure(self, kind: RecordKind) -> None:
        """What nobody has filled in must not pass for a fact; the order of components is none."""
        text = templates.new(kind.name, kind.example.partition(" ")[0], datetime.date(2026, 11, 24)).text
        figures = [
            quad
            for quad in ox.parse(text, format=ox.RdfFormat.TURTLE, base_iri=DATA)
            if isinstance(quad.object, ox.Literal)
            and local_name(quad.object.datatype.value) in ("integer", "decimal", "double", "boolean")
            and quad.predicate.value != f"{MESO}order"
        ]
        assert figures == []

    def test_its_fields_keep_their_order(self, kind: RecordKind) -> None:
        order = field_order()
        assert [name for name in order if name in kind.fields] == list(kind.fields)
        declared = {t.subject for t in knowledge.ontology().triples()}
        assert [name for name in kind.fields if ox.NamedNode(MESO + name) not in declared] == []

    def test_its_folder_is_there(self, kind: RecordKind) -> None:
        assert not kind.folder or (resources.ontology_dir() / "data" / kind.folder).is_dir()
