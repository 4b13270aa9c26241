"""OWL's own syntaxes are known by content, and each command says how to convert such a file."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pyhornedowl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesoonto import resources
from mesoonto.errors import InputError
from mesoonto.files import obo, owl_syntaxes, rdf
from tests.examples import examples

FUNCTIONAL, MANCHESTER, XML = "OWL's functional syntax", "OWL's Manchester syntax", "OWL/XML"
PLAIN = """\
<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:owl="http://www.w3.org/2002/07/owl#">
<owl:Ontology rdf:about="http://e/o"/><owl:Class rdf:about="http://e/A"/></rdf:RDF>
"""
#: Documents as the syntaxes' specifications have them, and as another library writes them.
DOCUMENTS = [
    ("Prefix(:=<http://e/>)\nOntology(<http://e/o>\nDeclaration(Class(:A)))", FUNCTIONAL),
    ("Ontology( <http://e/o> )", FUNCTIONAL),
    ("Prefix: : <http://e/>\nOntology: <http://e/o>\nClass: :A", MANCHESTER),
    ("Ontology:\n  Class: A", MANCHESTER),
    ('<Ontology xmlns="http://www.w3.org/2002/07/owl#" ontologyIRI="http://e/o"/>', XML),
    (
        '<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY a "b]>">]>\n<!-- <x> --><o:Ontology\n ontologyIRI="x">',
        XML,
    ),
    (pyhornedowl.open_ontology_from_string(PLAIN, "rdf").save_to_string("ofn"), FUNCTIONAL),
    (pyhornedowl.open_ontology_from_string(PLAIN, "rdf").save_to_string("owx"), XML),
]
ENDINGS = [".owl", ".ofn", ".omn", ".owx", ".ttl", ".rdf", ".obo", ".txt", ".nt", ".json", ".owl.gz"]


def put(path: Path, text: str) -> Path:
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@settings(max_examples=examples(160), deadline=None)
@given(
    st.sampled_from(DOCUMENTS),
    st.lists(st.sampled_from(["\n", "  \t", "# remark: Class: x\n", "#\n", "\r\n"]), max_size=4),
    st.sampled_from(["", "\ufeff"]),
)
def test_syntax_is_known_behind_remarks_and_space(
    document: tuple[str, str], before: list[str], mark: str
) -> None:
    text, name = document
    assert owl_syntaxes.name_of((mark + "".join(before) + text).encode()) == name


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(("text", "name"), DOCUMENTS)
def test_file_is_refused_with_the_command_that_converts_it(
    tmp_path: Path, text: str, name: str, ending: str
) -> None:
    path = put(tmp_path / f"my onto{ending}", text)
    target = "my onto-turtle.ttl" if ending == ".ttl" else "my onto.ttl"
    with pytest.raises(InputError) as error:
        list(obo.read(path) if ending == ".obo" else rdf.read(path))
    command = f"robot convert -i '{path.name}' -o '{target}'"
    assert str(error.value) == f"{path}: {name} is not read; convert it first, as with: {command}"


@pytest.mark.parametrize("ending", [".ttl", ".nt", ".nq", ".trig", ".ttl.gz"])
@pytest.mark.parametrize("lines", [0, 1])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_xml_under_the_name_of_another_syntax_is_named(
    tmp_path: Path, ending: str, lines: int, mark: str
) -> None:
    """As an editor writes it that saves RDF/XML over a file: without the declaration or with it."""
    text = mark + "".join(PLAIN.splitlines(keepends=True)[lines:])
    path = put(tmp_path / f"o{ending}", text)
    with pytest.raises(InputError, match=r"not \S+ but XML; save it as Turtle, or name RDF/XML"):
        list(rdf.read(path))


def test_rdf_and_obo_are_no_syntax_of_owl_s_own() -> None:
    texts = [path.read_bytes() for path in (*resources.module_files(), *resources.import_files())]
    texts += [
        PLAIN.encode(),
        b'<owl:Ontology xmlns:owl="x" rdf:about="http://e/o"/>',
        b"format-version: 1.2\n",
    ]
    texts += [b"", b"# Ontology(", b"Prefix", b"PREFIX : <http://e/>", b"Ontologies(x)", b"<", b"\xff\xfe"]
    assert {owl_syntaxes.name_of(text) for text in texts} == {None}


@pytest.mark.parametrize("command", ["check", "reason", "fmt", "validate", "diff"])
def test_command_answers_with_one_line(
    tmp_path: Path, mesoonto: Callable[..., CompletedProcess[str]], command: str
) -> None:
    path = put(tmp_path / "a.owl", DOCUMENTS[0][0])
    done = mesoonto(command, *[str(path)] * (2 if command == "diff" else 1))
    assert done.returncode == 2
    advice = "convert it first, as with: robot convert -i a.owl -o a.ttl"
    line = f"mesoonto: {path}: {FUNCTIONAL} is not read; {advice}"
    assert line in done.stderr.splitlines()
