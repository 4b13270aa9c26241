"""Design patterns: what they say of classes is what the modules say, and it is written as it is said."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mesoonto import resources
from mesoonto.errors import InputError, MesoontoError
from mesoonto.namespaces import MESO, OBO
from mesoonto.ontology.expressions import And, Expression, Or, Some
from mesoonto.ontology.files import MODULES, OntologyFile
from mesoonto.ontology.model import Ontology
from mesoonto.owl import manchester, pattern_files, patterns, quality
from tests import knowledge
from tests.examples import examples
from tests.suites import CACHE

PATTERNS = resources.pattern_files()
WORDS = ("tumour", "marker quality", "has marker", "in", "A-b (c)")
LABELS = {f"urn:{number}": word for number, word in enumerate(WORDS)}
MEANING = {label: iri for iri, label in LABELS.items()}


# What is shipped


@pytest.mark.slow
@pytest.mark.dosdp
@pytest.mark.parametrize("path", PATTERNS, ids=lambda path: path.stem)
def test_pattern_is_valid_by_the_schema_of_its_format(path: Path) -> None:
    validator = dosdp()
    assert [error.message for error in validator.iter_errors(yaml.safe_load(path.read_text("utf-8")))] == []
    wrong = {**yaml.safe_load(path.read_text("utf-8")), "name": {"text": ["no text"]}}
    assert list(validator.iter_errors(wrong)) != []


def dosdp() -> Any:
    """The validation that the package of DOSDP's authors makes."""
    import jsonschema  # takes seconds, which all that collect the tests would wait for

    schema = yaml.safe_load((CACHE / "dosdp" / "schema" / "dosdp_schema.yaml").read_text("utf-8"))
    return jsonschema.Draft7Validator(schema)


def test_modules_say_what_patterns_say() -> None:
    classes = pattern_files.shipped_classes(knowledge.ontology())
    assert pattern_files.departures(knowledge.ontology(), classes) == []
    assert len(classes) > 100


def test_names_in_patterns_are_labels_of_the_ontology() -> None:
    for pattern in pattern_files.shipped_patterns():
        assert pattern.path.stem == yaml.safe_load(pattern.path.read_text("utf-8"))["pattern_name"]
        for label, iri in pattern.entities.items():
            assert knowledge.ontology().labels[iri] == label, pattern.path


def test_every_tumour_with_a_marker_by_definition_follows_a_pattern() -> None:
    """A class that is equivalent to a tumour with a marker is not written by hand beside the patterns."""
    by_pattern = {each.iri for each in pattern_files.shipped_classes(knowledge.ontology())}
    marked = {
        str(axiom.head.subject.value)  # type: ignore[union-attr]
        for axiom in knowledge.ontology().logical_axioms
        if axiom.head.predicate.value.endswith("equivalentClass")
        and any(getattr(t.object, "value", "") == f"{MESO}hasMarker" for t in axiom.triples)
    }
    assert len(marked) > 40
    assert marked - by_pattern == set()


# Class expressions

_NAMES = st.sampled_from(sorted(LABELS))


def _expressions() -> st.SearchStrategy[Expression]:
    def joined(part: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        several = st.frozensets(part, min_size=2, max_size=3)
        return st.one_of(several.map(And), several.map(Or), st.builds(Some, _NAMES, part))

    return st.recursive(_NAMES, joined, max_leaves=12)


def written(value: Expression, data: st.DataObject) -> str:
    """*value* in Manchester syntax: each name in one of its spellings, parentheses around what has parts."""
    match value:
        case str():
            label = LABELS[value]
            bare = [label] if label.isalpha() and label not in ("and", "or", "some") else []
            return data.draw(st.sampled_from([f"<{value}>", f"'{label}'", *bare]))
        case Some(role, filler):
            return f"({written(role, data)} some {written(filler, data)})"
        case And(parts):
            return f"({' and '.join(written(part, data) for part in parts)})"
        case Or(parts):
            return f"({' or '.join(written(part, data) for part in parts)})"


@settings(max_examples=examples(200), deadline=None)
@given(_expressions(), st.data())
def test_class_expression_is_read_as_it_is_written(value: Expression, data: st.DataObject) -> None:
    assert manchester.expression(written(value, data), MEANING.__getitem__) == value


def test_and_binds_closer_than_or_and_some_closest() -> None:
    def read(text: str) -> Expression:
        return manchester.expression(text, lambda label: label)

    assert read("a or p some b and c") == Or(frozenset({"a", And(frozenset({Some("p", "b"), "c"}))}))


@pytest.mark.parametrize(
    "text", ["", "a b", "a and", "some a", "(a", "a)", "p some", "'a", "p only a", "(" * 60 + "a" + ")" * 60]
)
def test_what_is_no_class_expression_is_refused(text: str) -> None:
    with pytest.raises(MesoontoError):
        manchester.expression(text, lambda label: label)


# A pattern of one's own

PATTERN = """\
pattern_name: marked
classes: {tumour: MONDO:0005112, marker: MESO:0000006}
relations: {has marker: meso:hasMarker}
vars: {kind: marker}
list_vars: {parents: tumour}
data_vars: {word: xsd:string}
data_list_vars: {sources: xsd:string}
name: {text: "%s tumour (100 %%)", vars: [word]}
def: {text: "A tumour with %s.", vars: [kind], xrefs: sources}
equivalentTo: {text: "tumour and 'has marker' some %s", vars: [kind]}
subClassOf:
  multi_clause:
    sep: " and "
    clauses: [{text: tumour, vars: []}, {text: "%s", vars: [parents]}]
"""
COLUMNS = "defined_class\tdefined_class_label\tkind\tkind_label\tparents\tword\tsources\n"
ROW = "MESO:0009001\t\tMESO:0009010\tthe marker\tMESO:0009002|MESO:0009003\tgrey\tPMID:1|DOI:10.1/x\n"
MODULE = """\
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix obo: <http://purl.obolibrary.org/obo/> .
@prefix meso: <https://w3id.org/mesoonto/> .
@prefix oboInOwl: <http://www.geneontology.org/formats/oboInOwl#> .
obo:MONDO_0005112 a owl:Class ; rdfs:label "tumour" .
meso:MESO_0000006 a owl:Class ; rdfs:label "marker" .
meso:MESO_0009002 a owl:Class ; rdfs:label "one"@en ; rdfs:subClassOf obo:MONDO_0005112 .
meso:MESO_0009003 a owl:Class ; rdfs:label "two"@en ; rdfs:subClassOf meso:MESO_0009002 .
meso:MESO_0009010 a owl:Class ; rdfs:label "the marker"@en ; rdfs:subClassOf meso:MESO_0000006 .
"""
FILES = {"marked.yaml": PATTERN, "marked.tsv": COLUMNS + ROW, "tumours.ttl": MODULE}


def classes_of(folder: Path) -> tuple[Ontology, list[patterns.Filled]]:
    """The ontology in *folder* and what the pattern there says of its classes."""
    ontology = Ontology([OntologyFile.read(folder / "tumours.ttl", MODULES)])
    return ontology, patterns.filled(
        [patterns.read_pattern(folder / "tumours" / "marked.yaml")], ontology.labels
    )


def put(folder: Path, files: dict[str, str]) -> Path:
    (folder / "tumours").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name if name.endswith(".ttl") else folder / "tumours" / name).write_text(text, "utf-8")
    return folder


def test_row_makes_a_class(tmp_path: Path) -> None:
    ontology, classes = classes_of(put(tmp_path, FILES))
    assert [(c.label, c.definition) for c in classes] == [
        ("grey tumour (100 %)", "A tumour with the marker.")
    ]
    assert [c.stated for c in pattern_files.departures(ontology, classes)] == [""]
    [(path, text)] = pattern_files.stale_modules(ontology, classes).items()
    path.write_text(text, "utf-8")
    ontology, classes = classes_of(tmp_path)
    assert pattern_files.departures(ontology, classes) == []
    assert pattern_files.stale_modules(ontology, classes) == {}
    said = {ontology.wording.say(axiom) for axiom in ontology.logical_axioms}
    label = "'grey tumour (100 %)'"
    assert said >= {
        f"every {label} is a 'tumour'",
        f"every {label} is a 'one'",
        f"every {label} is a 'two'",
        f"{label} is by definition 'tumour' that hasMarker some 'the marker'",
    }
    assert text.count("hasDbXref") == 1
    assert all(
        part in text
        for part in ('"PMID:1"', '"DOI:10.1/x"', "dcterms:created", "meso:Contributors", "IAO_0000125")
    )


@pytest.mark.parametrize(
    ("old", "new", "stated"),
    [
        ('"grey tumour (100 %)"', '"grey tumour"', "grey tumour"),
        ('"A tumour with the marker."@en ;\n    owl:eq', '"Another."@en ;\n    owl:eq', "Another."),
        ('"PMID:1"', '"PMID:2"', "DOI:10.1/x and PMID:2"),
        ("From meso:MESO_0009010", "From meso:MESO_0009003", "(hasMarker some two and tumour)"),
        ("Of meso:MESO_0009002", "Of meso:MESO_0000006", "marker and tumour and two"),
        ("someValuesFrom", "allValuesFrom", "what no pattern can say"),
        ("meso:MESO_0009010 a owl:Class", "meso:MESO_0009010 a owl:Class ; rdfs:seeAlso <x:y>", None),
        ("Of meso:MESO_0000006", "Of obo:MONDO_0005112", "the marker, which is no marker"),
    ],
)  # fmt: skip
def test_module_that_says_something_else_is_found_and_mended(
    tmp_path: Path, old: str, new: str, stated: str | None
) -> None:
    ontology, classes = classes_of(put(tmp_path, FILES))
    [(path, text)] = pattern_files.stale_modules(ontology, classes).items()
    text = text.replace("    dcterms:created", '    rdfs:comment "kept"@en ;\n    dcterms:created')
    note = 'oboInOwl:hasDbXref "PMID:1"'
    text = text.replace(
        'oboInOwl:hasDbXref "DOI', 'rdfs:comment "kept too"@en ;\n    oboInOwl:hasDbXref "DOI'
    )
    assert old in text, text
    path.write_text(text.replace(old, new, 1), "utf-8")
    ontology, classes = classes_of(tmp_path)
    assert [d.stated for d in pattern_files.departures(ontology, classes)] == (
        [] if stated is None else [stated]
    )
    for module, mended in pattern_files.stale_modules(ontology, classes).items():
        module.write_text(mended, "utf-8")
        assert '"kept"@en' in mended
        assert '"kept too"@en' in mended
        assert note.split()[0] in mended
    ontology, classes = classes_of(tmp_path)
    left = pattern_files.departures(ontology, classes)
    assert [d.stated for d in left] == ([stated] if stated and "which is no" in stated else [])


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("marked.yaml", "pattern_name: marked", "pattern_name: [", "marked.yaml: not YAML"),
        ("marked.yaml", "pattern_name: marked", "GCI: {}", "marked.yaml: GCI: not read"),
        ("marked.yaml", "def:", "comment:", "marked.yaml: a pattern has at least name and def"),
        ("marked.yaml", "(100 %%)", "(100 %)", "one %s for each of its vars"),
        ("marked.yaml", "vars: [word]", "vars: [words]", "marked.yaml: words: no variable"),
        ("marked.yaml", "xrefs: sources", "xrefs: word", "marked.yaml: word: the xrefs"),
        ("marked.yaml", "tumour: MONDO:0005112", "tumour: NO:1", "marked.yaml: NO:1: unknown prefix"),
        ("marked.yaml", "kind: marker", "kind: nobody", "marked.yaml: nobody: not among classes"),
        ("marked.yaml", "tumour and 'has", "tumour but 'has", "marked.tsv:2: "),
        ("marked.tsv", "kind\t", "sort\t", "marked.tsv:1: the columns are defined_class, kind, parents"),
        ("marked.tsv", "\tgrey", "", "marked.tsv:2: 7 cells are expected, found 6"),
        ("marked.tsv", "grey", "", "marked.tsv:2: word: empty"),
        ("marked.tsv", "MESO:0009001", "MESO0009001", "marked.tsv:2: MESO0009001: no CURIE"),
        ("marked.tsv", "MESO:0009010", "MESO:0009011", "marked.tsv:2: MESO:0009011: there is no such term"),
        ("marked.tsv", "the marker", "a marker", "marked.tsv:2: kind_label: 'a marker', where the label of"),
        ("marked.tsv", ROW, ROW + ROW, "marked.tsv:3: MESO:0009001: defined at"),
    ],
)  # fmt: skip
def test_mistake_is_told_with_its_line(tmp_path: Path, file: str, old: str, new: str, message: str) -> None:
    assert old in FILES[file]
    put(tmp_path, {**FILES, file: FILES[file].replace(old, new, 1)})
    with pytest.raises(InputError) as error:
        classes_of(tmp_path)
    assert message in str(error.value)


def test_label_is_made_from_that_of_another_row_and_never_from_itself(tmp_path: Path) -> None:
    named_by = PATTERN.replace('"%s tumour (100 %%)", vars: [word]', '"%s on %s", vars: [word, kind]')
    rows = ROW.replace("MESO:0009010\tthe marker", "MESO:0009009\t") + ROW.replace("0009001", "0009009")
    _, classes = classes_of(put(tmp_path, {**FILES, "marked.yaml": named_by, "marked.tsv": COLUMNS + rows}))
    assert [each.label for each in classes] == ["grey on grey on the marker", "grey on the marker"]
    rows = ROW.replace("MESO:0009010\tthe marker", "MESO:0009001\t")
    module = MODULE + 'meso:MESO_0009001 a owl:Class ; rdfs:label "x"@en .\n'
    put(tmp_path, {"marked.tsv": COLUMNS + rows, "tumours.ttl": module})
    with pytest.raises(InputError, match="made from itself"):
        classes_of(tmp_path)


@pytest.mark.slow
def test_check_names_term_and_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mesoonto: Callable[..., CompletedProcess[str]]
) -> None:
    shutil.copytree(
        resources.ontology_dir(), tmp_path / "ontology", ignore=shutil.ignore_patterns("study_*", "data")
    )
    monkeypatch.setattr(resources, "root", lambda: tmp_path)
    monkeypatch.setattr(quality, "shipped_rules", list)  # which take their time
    module = tmp_path / "ontology" / "modules" / "disease.ttl"
    module.write_text(
        module.read_text("utf-8").replace('"p16-negative pleural', '"p16-lacking pleural'), "utf-8"
    )
    done = mesoonto("check")
    assert done.returncode == 1
    line = next(line for line in done.stdout.splitlines() if ": pattern: " in line)
    assert f"{OBO}" not in line
    assert "MESO:0003020: pattern: the term is what its pattern makes of ontology/patterns/disease/" in line
    assert line.endswith("(found: p16-lacking pleural mesothelioma)")
