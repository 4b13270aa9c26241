"""What a page says of a result is what the record says: compared with the files as rdflib reads them."""

from __future__ import annotations

import re
from decimal import Decimal

import pyoxigraph as ox
import pytest
from rdflib import RDF, Graph, Namespace, URIRef

from mesoonto import resources
from mesoonto.views.facts import Facts
from mesoonto.views.results import ResultView, result

MESO = Namespace("https://w3id.org/mesoonto/")


@pytest.fixture(scope="module")
def records() -> Graph:
    graph = Graph()
    for path in resources.record_files():
        graph.parse(path, format="turtle")
    return graph


@pytest.fixture(scope="module")
def shown(facts: Facts, records: Graph) -> dict[URIRef, ResultView]:
    nodes = [node for node in records.subjects(RDF.type, MESO.Result) if isinstance(node, URIRef)]
    return {node: result(facts, ox.NamedNode(str(node))) for node in nodes}


def numbers(text: str) -> list[Decimal]:
    return [Decimal(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]


def stated(records: Graph, node: URIRef, name: str) -> list[Decimal]:
    return [Decimal(str(value)) for value in records.objects(node, MESO[name])]


@pytest.mark.slow
def test_every_result_is_shown(shown: dict[URIRef, ResultView]) -> None:
    assert len(shown) > 450


def test_value_interval_and_level_are_those_of_the_record(
    records: Graph, shown: dict[URIRef, ResultView]
) -> None:
    for node, one in shown.items():
        if one.value != "not reached":
            assert numbers(one.value)[:1] == stated(records, node, "value")
        bounds = [*stated(records, node, "lowerBound"), *stated(records, node, "upperBound")]
        if one.interval and "not reached" not in one.interval:
            assert numbers(one.interval) == bounds
        assert numbers(one.level) == stated(records, node, "intervalLevel")
        assert numbers(one.patients) == stated(records, node, "populationSize")


def test_no_interval_goes_unshown(records: Graph, shown: dict[URIRef, ResultView]) -> None:
    for node, one in shown.items():
        whole = all((node, MESO[name], None) in records for name in ("lowerBound", "upperBound"))
        assert bool(one.interval) >= whole


def test_ratio_and_its_bounds_have_the_same_decimals(facts: Facts) -> None:
    # Lancet 2021;397:375: 0.74 (96.6 % CI 0.60 to 0.91). The store holds 0.6.
    node = ox.NamedNode("https://w3id.org/mesoonto/data/result_NCT02899299_2021_os_hr_all")
    one = result(facts, node)
    assert (one.value, one.interval, one.level) == ("0.74", "0.60 to 0.91", "96.6 %")


def test_earlier_is_what_a_later_analysis_replaces(records: Graph, shown: dict[URIRef, ResultView]) -> None:
    replaced = set(records.objects(None, MESO.supersedes))
    for node, one in shown.items():
        assert one.earlier == any(a in replaced for a in records.objects(node, MESO.hasAnalysis))


def test_superseded_is_what_a_later_analysis_prints_again(shown: dict[URIRef, ResultView]) -> None:
    # CheckMate 743: the hazard ratio of all patients stands in the three-year update, that of epithelioid
    # tumours was read in the abstract before it only.
    prefix = "https://w3id.org/mesoonto/data/result_NCT02899299_"
    again = shown[URIRef(f"{prefix}2021_os_hr_all")]
    alone = shown[URIRef(f"{prefix}3y_congress_os_hr_epithelioid")]
    assert (again.earlier, again.superseded) == (True, True)
    assert (alone.earlier, alone.superseded) == (True, False)


def test_met_is_said_only_where_the_record_says_so(records: Graph, shown: dict[URIRef, ResultView]) -> None:
    for node, one in shown.items():
        (met,) = [bool(v.toPython()) for v in records.objects(node, MESO.endPointMet)] or [None]  # type: ignore[union-attr]
        assert one.met is met


def test_second_hand_figures_are_marked(records: Graph, shown: dict[URIRef, ResultView]) -> None:
    for node, one in shown.items():
        locators = [str(v) for v in records.objects(node, MESO.locator)]
        assert one.second_hand == any(text.startswith("secondary account") for text in locators)


def test_comparative_is_what_the_design_says(records: Graph, shown: dict[URIRef, ResultView]) -> None:
    for node, one in shown.items():
        designs = {
            d
            for cohort in records.objects(node, MESO.ofCohort)
            for study in records.objects(cohort, MESO.ofStudy)
            for d in records.objects(study, MESO.hasDesign)
        }
        assert one.comparative == (MESO.RandomisedComparative in designs)
