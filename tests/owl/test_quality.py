"""The quality rules: none is broken by what is shipped, and each is broken by what it is for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess

import pyoxigraph as ox
import pytest

from mesoonto.dataset import shipped
from mesoonto.errors import InputError
from mesoonto.namespaces import GRAPH, PREFIXES
from mesoonto.ontology.model import Ontology
from mesoonto.owl import quality
from tests import knowledge

BROKEN = Path(__file__).parent / "broken"
RULES = {rule.name: rule for rule in quality.shipped_rules()}


ONTOLOGY = knowledge.ontology()


@pytest.fixture(scope="module")
def store() -> ox.Store:
    return shipped.build(ONTOLOGY)


@contextmanager
def broken(store: ox.Store, text: str) -> Iterator[None]:
    """Within, the dataset *store* has *text* too, which is TriG with ``o:``, ``d:`` and ``m:`` as graphs."""
    graphs = f"@prefix g: <{GRAPH}> .\n" + "".join(f"@prefix {p}: <{iri}> .\n" for p, iri in PREFIXES.items())
    added = [quad for quad in ox.parse(graphs + text, format=ox.RdfFormat.TRIG) if quad not in store]
    store.extend(added)
    without = map(ox.NamedNode, re.findall("^# without: (.*)$", text, re.MULTILINE))
    removed = [quad for iri in without for quad in store.quads_for_pattern(None, iri, None)]
    for quad in removed:
        store.remove(quad)
    try:
        yield
    finally:
        store.extend(removed)
        for quad in added:
            store.remove(quad)


@pytest.mark.slow
@pytest.mark.parametrize("name", RULES)
def test_nothing_shipped_breaks_a_rule(name: str, store: ox.Store) -> None:
    assert quality.check(store, [RULES[name]], ONTOLOGY) == []


@pytest.mark.parametrize("name", RULES)
def test_rule_finds_what_it_is_for(name: str, store: ox.Store) -> None:
    """``broken/NAME.trig`` is added to the dataset, less the properties that it names by ``# without:``.

    Its first line names the terms that must be found.
    """
    text = (BROKEN / f"{name}.trig").read_text()
    expected = set(text.partition("\n")[0].removeprefix("# finds: ").split())
    with broken(store, text):
        found = {flaw.term for flaw in quality.check(store, [RULES[name]], ONTOLOGY)}
    for prefix in ("mesod", "meso"):
        found = {iri.replace(PREFIXES[prefix], f"{prefix}:") for iri in found}
    assert found == expected


def test_rule_without_term_or_with_bad_sparql_is_refused(tmp_path: Path, store: ox.Store) -> None:
    for body, message in (
        ("SELECT ?x {}", r"variable \?term"),
        ("SELECT {", "not SPARQL"),
        ("ASK {}", "SELECT"),
    ):
        path = tmp_path / "r.rq"
        path.write_text(f"#+ summary: x\n{body}")
        with pytest.raises(InputError, match=message):
            quality.check(store, [quality.read_rule(path)], ONTOLOGY)


@pytest.mark.parametrize(
    ("exemption", "expected"),
    [
        ("domain_or_range_missing: its values are of all kinds", []),
        ("domain_or_range_missing", ["exemption"]),  # no reason
        ("domain_or_range_missing: ", ["exemption"]),
        ("no_such_rule: because", ["domain_or_range_missing", "exemption"]),
        ("cycle: it is in none", ["domain_or_range_missing", "exemption"]),  # not needed
    ],
)
def test_exemption_needs_a_broken_rule_and_a_reason(
    tmp_path: Path, exemption: str, expected: list[str]
) -> None:
    path = tmp_path / "o.ttl"
    prefixes = "".join(f"@prefix {p}: <{iri}> .\n" for p, iri in PREFIXES.items())
    path.write_text(f'{prefixes} meso:p a owl:ObjectProperty ; meso:exemptFromRule "{exemption}" .')
    ontology = Ontology.from_files([path])
    store = ox.Store()
    graph = ox.NamedNode(f"{GRAPH}ontology")
    store.extend(ox.Quad(t.subject, t.predicate, t.object, graph) for t in ontology.triples())
    chosen = [RULES["domain_or_range_missing"], RULES["cycle"]]
    found = quality.check(store, chosen, ontology)
    assert [flaw.rule for flaw in found] == expected
    line = len(PREFIXES) + 1
    assert {(flaw.file, flaw.line) for flaw in found if flaw.rule == "exemption"} <= {(str(path), line)}


FOREIGN = """@prefix : <http://example.org/x#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
<http://example.org/x> a owl:Ontology ; dcterms:title "x" {rest} .
:A a owl:Class ; rdfs:label "a" ; skos:definition "What a is." .
:B a owl:Class ; rdfs:subClassOf :A ; rdfs:label "b" ; skos:definition "What b is, at length." .
:p a owl:ObjectProperty ; rdfs:label "p" ; skos:definition "Relates a to b." .
"""
LICENSED = "; dcterms:license <http://example.org/license>"


@pytest.mark.parametrize(
    ("rest", "more", "expected"),
    [
        (LICENSED, "", []),
        ("", "", ["x.ttl:4: ontology_without_license"]),
        (LICENSED, ":A rdfs:subClassOf :B .", ["x.ttl:5: cycle", "x.ttl:6: cycle"]),
        (
            LICENSED,
            ":C a owl:Class ; rdfs:label 'A' .",
            ["definition_missing", "label_duplicate", "label_duplicate"],
        ),
        (LICENSED, ":B rdfs:subClassOf :Nowhere .", ["x.ttl:6: class_or_property_untyped"]),
        (LICENSED, ":p owl:inverseOf :p .", ["x.ttl:7: inverse_of_itself"]),
        # terms of others are not judged
        (LICENSED, "<http://example.org/other/C> a owl:Class .", []),
    ],
)
def test_another_ontology_is_judged_by_the_general_rules(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mesoonto: Callable[..., CompletedProcess[str]],
    rest: str,
    more: str,
    expected: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.ttl").write_text(FOREIGN.replace("{rest}", rest) + more)
    done = mesoonto("check", "x.ttl")
    assert (done.returncode, done.stderr) == (bool(expected), "own terms begin with http://example.org/x#\n")
    *found, last = done.stdout.splitlines()
    assert last.startswith(f"{len(expected)} finding{'' if len(expected) == 1 else 's'}, ")
    for place_and_rule in expected:
        place, _, rule = place_and_rule.rpartition(" ")
        assert [line for line in found if line.startswith(place) and f" {rule}: " in line]


def test_a_missing_import_is_told_and_the_rule_that_needs_it_left_out(
    tmp_path: Path, mesoonto: Callable[..., CompletedProcess[str]]
) -> None:
    path = tmp_path / "x.ttl"
    path.write_text(
        FOREIGN.replace("{rest}", f"{LICENSED} ; owl:imports :other") + ":B rdfs:subClassOf :Elsewhere ."
    )
    done = mesoonto("check", str(path))
    assert (done.returncode, done.stdout[:11]) == (0, "0 findings,")
    assert "x.ttl:4: imports <http://example.org/x#other>, which is not at hand" in done.stderr
    assert mesoonto("check", "outside_root", str(path)).returncode == 2
    assert mesoonto("check", str(tmp_path / "y.ttl")).returncode == 2


@pytest.mark.thorough  # a part after the other is tested; `.ci/run` calls the command itself
def test_command_finds_nothing(mesoonto: Callable[..., CompletedProcess[str]]) -> None:
    done = mesoonto("check")
    assert (done.returncode, done.stdout) == (0, f"0 findings, {len(RULES)} rules\n")


def test_command_lists_pitfalls(mesoonto: Callable[..., CompletedProcess[str]]) -> None:
    listed = mesoonto("check", "--list").stdout
    assert "cycle: no class is above itself [P06 including cycles in a class hierarchy]" in listed
    assert mesoonto("check", "nonsense").returncode == 2
