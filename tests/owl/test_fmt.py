"""Canonical Turtle: the same graph gives the same bytes, and the bytes give the same graph back."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Graph
from rdflib.compare import to_canonical_graph

from mesoonto import resources
from mesoonto.errors import InputError
from mesoonto.files import rdf
from mesoonto.namespaces import MESO, OBO
from mesoonto.ontology.model import Ontology
from mesoonto.owl import fmt
from mesoonto.owl.turtle_writer import turtle

#: Labels of what is shipped.
LABELS = Ontology.shipped().labels
OWL = "http://www.w3.org/2002/07/owl#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XSD = "http://www.w3.org/2001/XMLSchema#"

IRIS = [
    *(f"{MESO}MESO_000000{n}" for n in range(5)),
    *(f"{OBO}GO_000{n}" for n in (2, 10)),
    *("http://example.org/a", "http://example.org/b#c", f"{MESO}", f"{MESO}x.", f"{OBO}X_(1)"),
    "https://pubmed.ncbi.nlm.nih.gov/123",
]
PREDICATES = [
    f"{RDF}type",
    f"{MESO}p",
    f"{OWL}imports",
    f"{OBO}IAO_0000115",
    "http://example.org/p-2",
    f"{MESO}p2",
]

iris = st.sampled_from(IRIS).map(ox.NamedNode)
texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8
) | st.sampled_from(
    ['"', '"""', "a\nb", "\\", "\r\n", "a\tb", "²", "1 # not a remark", "MESO_1 ;", "\\u0041", "'''", '"\n"']
)
literals = (
    texts.map(ox.Literal)
    | st.builds(ox.Literal, texts, language=st.sampled_from(["en", "de-AT"]))
    | st.builds(
        lambda text, kind: ox.Literal(text, datatype=ox.NamedNode(XSD + kind)),
        st.sampled_from(
            ["1", "1.50", "-0.0", "01", "1e3", "true", "1", "2024", "2024-02-30", "x", ".5", "5."]
        ),
        st.sampled_from(["integer", "decimal", "double", "boolean", "gYear", "date"]),
    )
)


@st.composite
def graphs(draw: st.DrawFn) -> list[ox.Triple]:
    """Triples whose blank nodes hang below named nodes as trees, as in ontologies and records."""
    triples: list[ox.Triple] = []

    def fill(subject: ox.NamedNode | ox.BlankNode, depth: int) -> None:
        for _ in range(draw(st.integers(1, 4))):
            predicate = ox.NamedNode(draw(st.sampled_from(PREDICATES)))
            if depth and draw(st.booleans()):
                node = ox.BlankNode()
                triples.append(ox.Triple(subject, predicate, node))
                fill(node, depth - 1)
            else:
                triples.append(ox.Triple(subject, predicate, draw(iris | literals)))

    for subject in draw(st.lists(iris, min_size=1, max_size=3, unique=True)):
        fill(subject, 2)
    return triples


def canonical_lines(triples: list[ox.Triple]) -> list[str]:
    """The triples with canonical blank node labels, by RDFC-1.0 as pyoxigraph implements it."""
    dataset = ox.Dataset(ox.Quad(*triple) for triple in triples)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return sorted(map(str, dataset))


def parsed(text: str) -> list[ox.Triple]:
    return [ox.Triple(q.subject, q.predicate, q.object) for q in ox.parse(text, format=ox.RdfFormat.TURTLE)]


@settings(deadline=None)
@given(graphs())
def test_no_statement_is_lost_or_changed(triples: list[ox.Triple]) -> None:
    assert canonical_lines(parsed(turtle(triples, {}))) == canonical_lines(triples)


@settings(deadline=None)
@given(graphs())
def test_formatting_twice_changes_nothing(triples: list[ox.Triple]) -> None:
    once = turtle(triples, {})
    assert fmt.canonical(once, Path("x.ttl"), {}) == once


@settings(deadline=None)
@given(graphs(), st.randoms(use_true_random=False))
def test_order_and_blank_node_labels_do_not_matter(triples: list[ox.Triple], rng: random.Random) -> None:
    names: dict[ox.BlankNode, ox.BlankNode] = {}

    def renamed(term: ox.NamedNode | ox.BlankNode | ox.Literal) -> ox.NamedNode | ox.BlankNode | ox.Literal:
        return names.setdefault(term, ox.BlankNode()) if isinstance(term, ox.BlankNode) else term

    other = [ox.Triple(renamed(t.subject), t.predicate, renamed(t.object)) for t in triples]  # type: ignore[arg-type]
    rng.shuffle(other)
    assert turtle(other, {}) == turtle(triples, {})


@pytest.mark.parametrize(
    "path",
    [*resources.module_files(), *resources.import_files(), *resources.record_files()[::20]],
    ids=lambda p: p.stem,
)
def test_shipped_files_survive_shuffling(path: Path) -> None:
    shuffled = list(rdf.read(path))  # read() gives fresh blank nodes each time
    random.Random(7).shuffle(shuffled)
    body = path.read_text().partition("\n")[2] if path.read_text().startswith("# GEN") else path.read_text()
    labels = {} if path in resources.import_files() else LABELS
    assert turtle(shuffled, labels) == body


def test_rdflib_reads_the_same_graph() -> None:
    path = resources.module_files()[1]
    ours = Graph().parse(data=turtle(rdf.read(path), {}), format="turtle")
    assert set(to_canonical_graph(ours)) == set(to_canonical_graph(Graph().parse(path, format="turtle")))


SETS = """@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix e: <http://e/> .
e:A owl:equivalentClass [ owl:{list} ( {items} ) ] ."""


def test_lists_that_are_sets_are_sorted_and_others_are_kept() -> None:
    def formatted(kind: str, members: str) -> str:
        return fmt.canonical(SETS.format(list=kind, items=members), Path("x.ttl"), {})

    assert formatted("unionOf", "e:C e:B") == formatted("unionOf", "e:B e:C")
    assert formatted("propertyChainAxiom", "e:C e:B") != formatted("propertyChainAxiom", "e:B e:C")
    nested = "[ owl:unionOf ( e:{} e:{} ) ] e:D"
    assert formatted("intersectionOf", nested.format("C", "B")) == formatted(
        "intersectionOf", nested.format("B", "C")
    )


def test_opaque_identifiers_are_followed_by_their_labels() -> None:
    text = fmt.canonical(
        "<http://e/s> <http://e/p> <https://w3id.org/mesoonto/MESO_0000001> , 'meso:MESO_0000001' .",
        Path("x.ttl"),
        {f"{MESO}MESO_0000001": "a mechanism"},
    )
    assert "meso:MESO_0000001 .  # a mechanism\n" in text
    assert text.count("# a mechanism") == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<http://e/s> <http://e/p> 1 . # why", r"x\.ttl:1:31: the remark '# why' would be lost"),
        ("# a remark\n<http://e/s> <http://e/p> 1 .", r"x\.ttl:1:1: the remark"),
        (
            "<http://e/s> <http://e/p> 1 .\n# TODO\n### Generated by the OWL API (version 4.5.29)",
            r":2:1: the remark",
        ),
        ("# http://e/where-it-comes-from\n<http://e/s> <http://e/p> 1 .", r":1:1: the remark"),
        ("### think of this\n<http://e/s> <http://e/p> 1 .", r":1:1: the remark"),
        (
            "@prefix o: <http://purl.obolibrary.org/obo/> .\no:A_0000001 a o:B_0000001 .  # TODO: a mouse",
            ":2:",
        ),
        ("@prefix e: <http://e/> .\ne:s e:p e:name .  # why not", r":2:19: the remark"),
        ("# GENERATED by hand\nthis is not turtle", r"x\.ttl:2:\d+: not Turtle"),
        ("<http://e/s> <http://e/p> 1", r"x\.ttl:1:\d+: not Turtle"),
        ("<s> <http://e/p> 1 .", r"x\.ttl:1:\d+: not Turtle"),
        ("<http://e/s> <http://e/p> _:b , 1 . <http://e/t> <http://e/p> _:b .", "used twice"),
        (
            "<http://e/s> <http://e/p> " + "[ <http://e/p> " * 400 + "1" + " ]" * 400 + " .",
            "nested too deeply",
        ),
        ("_:a <http://e/p> _:b . _:b <http://e/p> _:a .", "in a circle|used twice"),
    ],
)
def test_what_would_be_lost_is_refused_and_named(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.ttl"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        fmt.format_file(path, {}, write=True)
    assert path.read_text() == text


def test_generated_file_is_formatted_like_any_other_behind_its_first_line() -> None:
    text = "# GENERATED by x\n<http://e/s> <http://e/p> 2 , 1 .\n"
    assert fmt.canonical(text, Path("x.ttl"), {}).startswith("# GENERATED by x\n")
    assert fmt.canonical(text, Path("x.ttl"), {}).endswith("1,\n        2 .\n")


@pytest.mark.parametrize("path", [*resources.import_files(), resources.inferred_file()], ids=lambda p: p.stem)
def test_generated_files_are_canonical(path: Path) -> None:
    text = path.read_text("utf-8")
    assert fmt.canonical(text, path, LABELS) == text


def test_ill_typed_literal_is_kept_without_a_stack_trace(mesoonto, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "x.ttl"
    path.write_text(f'<http://e/s> <http://e/p> "bad"^^<{XSD}integer> .')
    done = mesoonto("fmt", str(path))
    assert (done.returncode, done.stderr) == (0, "")
    assert '"bad"^^xsd:integer' in path.read_text()


@pytest.mark.parametrize("order", [1, -1])
def test_command_judges_every_file_also_beside_a_refused_one(mesoonto, tmp_path: Path, order: int) -> None:  # type: ignore[no-untyped-def]
    broken, loose = tmp_path / "broken.ttl", tmp_path / "loose.ttl"
    broken.write_text("nonsense")
    loose.write_text("<http://e/s> <http://e/p> 2 , 1 .")
    done = mesoonto("fmt", "--check", *[str(p) for p in (broken, loose)][::order])
    assert done.returncode == 2
    assert sorted("not canonical" in line for line in done.stderr.splitlines()) == [False, True]
    assert mesoonto("fmt", *[str(p) for p in (broken, loose)][::order]).returncode == 2
    assert loose.read_text().endswith("1,\n        2 .\n")
    assert broken.read_text() == "nonsense"


@pytest.mark.checkout
def test_command_checks_and_formats(mesoonto, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "core.ttl"
    shutil.copy(resources.module_files()[1], path)
    assert mesoonto("fmt", "--check", str(path)).returncode == 0
    path.write_text(path.read_text().replace("    rdfs:label", " rdfs:label"))
    loose = mesoonto("fmt", "--check", str(path))
    assert (loose.returncode, loose.stderr) == (1, f"{path}: not canonical; run mesoonto fmt\n")
    assert mesoonto("fmt", str(path)).stdout == f"formatted {path}\n"
    assert path.read_bytes() == resources.module_files()[1].read_bytes()


@pytest.mark.checkout
def test_shipped_files_are_canonical(mesoonto) -> None:  # type: ignore[no-untyped-def]
    done = mesoonto("fmt", "--check")
    assert (done.returncode, done.stderr) == (0, "")
