"""The quality rules: none is broken by what is shipped, and each is broken by what it is for."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pyoxigraph as ox
import pytest

from mesoonto.dataset import shipped
from mesoonto.errors import InputError
from mesoonto.namespaces import GRAPH, PREFIXES
from mesoonto.ontology.model import Ontology
from mesoonto.owl import quality

BROKEN = Path(__file__).parent / "broken"
RULES = {rule.name: rule for rule in quality.shipped_rules()}


ONTOLOGY = Ontology.shipped()


@pytest.fixture(scope="module")
def store() -> ox.Store:
    return shipped.build(ONTOLOGY)


def broken(store: ox.Store, text: str) -> ox.Store:
    """The dataset *store*, and *text*, which is TriG with ``o:``, ``d:`` and ``m:`` as graphs."""
    graphs = f"@prefix g: <{GRAPH}> .\n" + "".join(f"@prefix {p}: <{iri}> .\n" for p, iri in PREFIXES.items())
    worse = ox.Store()
    worse.extend(store)
    worse.load(graphs + text, format=ox.RdfFormat.TRIG)
    for iri in re.findall("^# without: (.*)$", text, re.MULTILINE):
        for quad in list(worse.quads_for_pattern(None, ox.NamedNode(iri), None)):
            worse.remove(quad)
    return worse


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
    found = {flaw.term for flaw in quality.check(broken(store, text), [RULES[name]], ONTOLOGY)}
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
    assert {(flaw.file, flaw.line) for flaw in found if flaw.rule == "exemption"} <= {(str(path), 15)}


def test_command_finds_nothing_and_lists_pitfalls(mesoonto: Callable[..., CompletedProcess[str]]) -> None:
    done = mesoonto("check")
    assert (done.returncode, done.stdout) == (0, f"0 findings, {len(RULES)} rules\n")
    listed = mesoonto("check", "--list").stdout
    assert "cycle: no class is above itself [P06 including cycles in a class hierarchy]" in listed
    assert mesoonto("check", "nonsense").returncode == 2
