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
from mesoonto.owl import fmt
from mesoonto.owl.turtle_writer import turtle
from tests import knowledge

#: Labels of what is shipped.
LABELS = knowledge.ontology().labels
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "<http://e/s> <http://e/p> 1 .\n<http://e/t> <http://e/p> << <http://e/s> <http://e/p> 1 >> .",
            r":2:27: tri",
        ),
        ("<http://e/s> <http://e/p> 1 {| <http://e/q> 2 |} .", r":1:29: triples in triples"),
        ('<http://e/s> <http://e/p> "#"@en , "x"@ar--rtl .', r":1:36: texts with a direction"),
        (
            "<http://e/s> <http://e/p> _:b .\n<http://e/t> <http://e/p> _:b .",
            r":2:27: the blank node _:b is used",
        ),
        ("<http://e/s> <http://e/p> 1 .\n_:a <http://e/p> _:a .", r":2:18: blank nodes point at each other"),
    ],
)
def test_what_cannot_be_written_is_told_with_its_place(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.ttl"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        fmt.format_file(path, {}, write=True)


REMARKED = """# who may use it
@prefix e: <http://e/> .
# about prefixes
@prefix obo: <http://purl.obolibrary.org/obo/> .

# of b
e:b e:p 2 , # within b
    1 .  # behind b
### Classes
# of a
e:a e:q "# no remark" ; e:r obo:GO_0000001 .
# at the end
"""


def test_remarks_are_kept_above_their_subject() -> None:
    kept = fmt.canonical(REMARKED, Path("x.ttl"), {}, "keep")
    assert (
        kept
        == """# who may use it
# about prefixes
@prefix e: <http://e/> .
@prefix obo: <http://purl.obolibrary.org/obo/> .

# of a
e:a e:q "# no remark" ;
    e:r obo:GO_0000001 .

# of b
# within b
# behind b
e:b e:p 1,
        2 .
# at the end
"""
    )
    assert fmt.canonical(kept, Path("x.ttl"), {}, "keep") == kept
    dropped = fmt.canonical(REMARKED, Path("x.ttl"), {}, "drop")
    assert [line for line in kept.splitlines() if not line.startswith("# ")] == dropped.splitlines()


@settings(deadline=None)
@given(graphs(), st.lists(st.tuples(st.integers(0, 40), st.sampled_from("abcdef")), max_size=6))
def test_no_remark_is_lost_wherever_it_stands(
    triples: list[ox.Triple], places: list[tuple[int, str]]
) -> None:
    lines = turtle(triples, {}).split("\n")
    inside = 0
    allowed = []  # behind lines that end within no long string
    for n, line in enumerate(lines):
        inside ^= line.count('"""') % 2
        if not inside:
            allowed.append(n)
    words = [f"# remark {n} {word}" for n, (_, word) in enumerate(places)]
    for (place, _), word in zip(places, words, strict=True):
        lines[allowed[place % len(allowed)]] += f"\n{word}"
    text = "\n".join(lines)
    kept = fmt.canonical(text, Path("x.ttl"), {}, "keep")
    assert sorted(line for line in kept.split("\n") if line.startswith("# remark")) == sorted(words)
    assert canonical_lines(parsed(kept)) == canonical_lines(triples)
    assert fmt.canonical(kept, Path("x.ttl"), {}, "keep") == kept


def test_a_remark_behind_an_identifier_without_a_label_is_a_persons() -> None:
    text = "@prefix o: <http://purl.obolibrary.org/obo/> .\no:A_0000001 a o:B_0000001 .  # a mouse"
    with pytest.raises(InputError, match="the remark"):
        fmt.canonical(text, Path("x.ttl"), {})
    assert "# a cat\n" in fmt.canonical(text, Path("x.ttl"), {f"{OBO}B_0000001": "a cat"})


@pytest.mark.parametrize(
    ("prefixes", "statement", "expected"),
    [
        ("@prefix dct: <http://purl.org/dc/terms/> .", "dct:a dct:title 1 .", "dct:a dct:title 1 ."),
        ("@prefix : <http://e/> .", ":a :p :b .", ":a :p :b ."),
        ("@prefix owl: <http://not.owl/> .", "owl:a owl:p 1 .", "owl:a owl:p 1 ."),
        ("@prefix e: <http://e/> . @prefix f: <http://e/f/> .", "e:a e:p f:b .", "e:a e:p f:b ."),
        ("@prefix e: <http://e/> .", "e:ü e:p <http://e/a,b> .", "e:ü e:p <http://e/a,b> ."),
        # a file that describes something of this project has the prefixes of its table
        ("@prefix m: <https://w3id.org/mesoonto/> .", "m:a m:p 1 .", "meso:a meso:p 1 ."),
    ],
)
def test_prefixes_of_the_file_are_kept(prefixes: str, statement: str, expected: str) -> None:
    text = fmt.canonical(f"{prefixes}\n{statement}", Path("x.ttl"), {})
    assert text.splitlines()[-1] == expected
    assert canonical_lines(parsed(text)) == canonical_lines(parsed(f"{prefixes}\n{statement}"))


@pytest.mark.parametrize("tag", ["en-GB", "EN", "zh-Hant-TW"])
def test_language_tags_keep_their_case(tag: str) -> None:
    text = f'<http://e/s> <http://e/p> \'a\\n"@Xx\'@{tag} , """a"""@de .'
    assert f'"@{tag} .' in fmt.canonical(text, Path("x.ttl"), {}).replace("\n", " ")


def test_long_lists_are_written_and_sets_among_them_sorted() -> None:
    members = [f"e:i{n}" for n in range(3000)]
    random.Random(1).shuffle(members)
    text = SETS.format(list="oneOf", items=" ".join(members))
    found = [line.split()[0] for line in fmt.canonical(text, Path("x.ttl"), {}).splitlines() if "e:i" in line]
    assert found == [f"e:i{n}" for n in range(3000)]


def test_mode_and_links_of_a_file_are_kept(tmp_path: Path) -> None:
    real, link, other = tmp_path / "real.ttl", tmp_path / "link.ttl", tmp_path / "other.ttl"
    real.write_text("<http://e/s> <http://e/p> 2 , 1 .")
    real.chmod(0o640)
    link.symlink_to(real)
    assert fmt.format_file(link, {}, write=True)
    assert (link.is_symlink(), real.stat().st_mode & 0o777) == (True, 0o640)
    assert not fmt.format_file(real, {}, write=False)
    real.write_text("<http://e/s> <http://e/p> 3 , 1 .")
    other.hardlink_to(real)
    assert fmt.format_file(other, {}, write=True)
    assert real.samefile(other)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.ttl", "other.ttl", "real.ttl"]


@pytest.mark.parametrize("before", ["\ufeff", "\r\n"])
def test_byte_order_mark_and_line_ends_are_brought_into_form(before: str, tmp_path: Path) -> None:
    path = tmp_path / "x.ttl"
    path.write_bytes(f"{before}<http://e/s> <http://e/p> 1 .\r\n".encode())
    assert fmt.format_file(path, {}, write=True)
    assert path.read_bytes() == b"<http://e/s> <http://e/p> 1 .\n"
    assert not fmt.format_file(path, {}, write=False)


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


@pytest.mark.slow
@pytest.mark.checkout
def test_shipped_files_are_canonical(mesoonto) -> None:  # type: ignore[no-untyped-def]
    done = mesoonto("fmt", "--check")
    assert (done.returncode, done.stderr) == (0, "")
