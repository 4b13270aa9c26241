"""The site: every page in a real Chromium, wide and narrow, light and dark, with and without script."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, Error, Page, Route, expect

from mesoonto.validation.report.outputs import outputs
from mesoonto.validation.request import ValidationRequest, judge
from mesoonto_server.web.views import query_value
from tests.server.browser import barriers, chromium, quiet_page
from tests.server.client import Reply, ask

#: One page of each template, and of each kind of thing that has a page.
KINDS = (
    "",
    "about",
    "ask",
    "ask?query=SELECT%20%3Fs%20%7B%20%3Fs%20a%20meso%3AStudy%20%7D%20LIMIT%203&answer=page",
    "browse/biomarkers",
    "browse/trials",
    "compare",
    "comparisons?tested=immune+checkpoint+inhibitor&earlier=1",
    "data/cohort_NCT03048474_main",
    "data/decision_FDA_2020",
    "data/result_NCT02899299_2021_os_hr_all",
    "data/statement_PMID31945495_1",
    "data/study_NCT02899299",
    "decisions",
    "download",
    "document?iri=https%3A%2F%2Fpubmed.ncbi.nlm.nih.gov%2F33485464",
    "landscape",
    "landscape/cell?mechanism=MESO_0001020&kind=MESO_0000011",
    "map",
    "pool",
    "MESO_0001020",
    "MESO_0002101",
    "MESO_0003001",
    "search?q=nivolumab",
    "stratify?set=histology%3Dsarcomatoid&set=ASS1%3Dlost&prior=nivolumab%20plus%20ipilimumab",
    "timeline",
    "validate",
)
PAGES = (
    *KINDS,
    "ask?query=SELECT%20%3Fs%20%7B%20%3Fs%20a%20meso%3AStudy%20%7D%20LIMIT%203",
    "browse/interventions",
    "browse/tumour-states",
    "browse/mechanisms",
)
#: What the browser opens in every run; the others where it is thorough.
SOME = KINDS[::4]
OTHERS = tuple(page for page in PAGES if page not in SOME)


def fetch(address: str, path: str) -> Reply:
    return ask(address, path=f"/{path}", accept="text/html")


#: Bytes of a page without what it links to.
LARGEST = 150_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.mark.parametrize("path", PAGES)
def test_page_is_small_and_names_its_subject(address: str, path: str) -> None:
    reply = fetch(address, path)
    assert reply.status == 200
    assert len(reply.body) < LARGEST
    assert b"<h1>" in reply.body
    assert b"<script>" not in reply.body  # the policy of the site forbids inline script
    assert b"style=" not in reply.body


@pytest.mark.chromium
@pytest.mark.parametrize(
    ("width", "scheme"), [pytest.param(1280, "light", marks=pytest.mark.slow), (390, "dark")]
)
@pytest.mark.parametrize("paths", [SOME, pytest.param(OTHERS, marks=pytest.mark.thorough)], ids=["", "more"])
def test_no_page_scrolls_sideways_or_fails(
    browser: Browser, address: str, width: int, scheme: str, paths: tuple[str, ...]
) -> None:
    context = {"viewport": {"width": width, "height": 844}, "color_scheme": scheme}
    with quiet_page(browser, **context) as page:
        for path in paths:
            page.goto(f"{address}{path}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            expect(page.get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.slow
@pytest.mark.chromium
@pytest.mark.axe
@pytest.mark.parametrize(
    ("width", "scheme", "paths"),
    [
        pytest.param(1280, "light", SOME, id="wide"),
        pytest.param(390, "dark", SOME[::3], id="narrow"),
        pytest.param(1280, "light", OTHERS, marks=pytest.mark.thorough, id="more, wide"),
        pytest.param(390, "dark", PAGES[::2], marks=pytest.mark.thorough, id="more, narrow"),
    ],
)
def test_no_page_has_barriers(
    browser: Browser, address: str, width: int, scheme: Literal["light", "dark"], paths: tuple[str, ...]
) -> None:
    """The script of axe comes from outside, so the policy is set aside."""
    context = browser.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    for path in paths:
        page.goto(f"{address}{path}")
        assert barriers(page) == [], path
    context.close()


@pytest.mark.chromium
def test_suggestions_come_while_one_types_and_are_chosen_by_keys(browser: Browser, address: str) -> None:
    with quiet_page(browser) as page:
        page.goto(address)
        page.get_by_role("combobox").type("checkmate")
        expect(page.get_by_role("option").first).to_contain_text("CheckMate 743")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("CheckMate 743")


@pytest.mark.chromium
def test_late_suggestions_do_not_replace_those_that_one_chooses_from(browser: Browser, address: str) -> None:
    with quiet_page(browser) as page:
        held: list[Route] = []
        held_back = re.compile("suggest.*q=checkmate$")
        page.route(held_back, lambda route: held.append(route))
        page.goto(address)
        page.get_by_role("combobox").type("checkmat")
        expect(page.get_by_role("option").first).to_contain_text("CheckMate 743")
        with page.expect_request(held_back):
            page.get_by_role("combobox").type("e")
        page.keyboard.press("ArrowDown")
        for route in held:
            with contextlib.suppress(Error):  # nobody waits for it any more
                route.continue_()
        page.wait_for_timeout(500)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("CheckMate 743")


@pytest.mark.chromium
def test_site_works_without_script(browser: Browser, address: str) -> None:
    with quiet_page(browser, java_script_enabled=False) as page:
        page.goto(address)
        page.get_by_label("Find a trial").fill("lag3")
        page.get_by_role("button", name="Find").click()
        page.get_by_role("link", name="LAG-3 checkpoint engagement").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("LAG-3 checkpoint engagement")
        expect(
            page.get_by_role("region", name="Against or inconclusive").get_by_role("listitem")
        ).not_to_have_count(0)
        page.goto(f"{address}stratify")
        page.get_by_label("histology").select_option("histology=sarcomatoid")
        page.get_by_role("button", name="Show what the records say").click()
        expect(page.get_by_role("heading", level=2).first).to_contain_text("sarcomatoid")


@given(st.text())
def test_value_in_an_address_is_read_back_whole(text: str) -> None:
    readable = text.encode("utf-8", "ignore").decode()
    assert parse_qs(f"a=1&query={query_value(readable)}&b=2", keep_blank_values=True)["query"] == [readable]


class TestTrial:
    @pytest.fixture
    def page(self, browser: Browser, address: str) -> Iterator[Page]:
        with quiet_page(browser) as page:
            page.goto(f"{address}data/study_NCT02899299")
            yield page

    pytestmark = pytest.mark.chromium

    def test_headline_has_interval_and_level(self, page: Page) -> None:
        # Lancet 2021;397:375
        expect(page.get_by_text("0.60 to 0.91, 96.6 %").first).to_be_visible()

    def test_superseded_analysis_is_marked(self, page: Page) -> None:
        expect(page.locator("tr.superseded").first).to_contain_text("superseded")

    def test_forest_plot_leads_to_the_result(self, page: Page) -> None:
        page.locator(".forest svg a").first.click()
        expect(page.locator("dl.facts").first).to_contain_text("hazard ratio")


class TestFormats:
    @pytest.mark.parametrize(
        ("suffix", "media_type", "start"),
        [
            (".ttl", "text/turtle", b"@prefix"),
            (".jsonld", "application/ld+json", b"["),
            (".rdf", "application/rdf+xml", b"<?xml"),
            (".nt", "application/n-triples", b"<"),
        ],
    )
    def test_suffix_chooses_the_syntax(
        self, address: str, suffix: str, media_type: str, start: bytes
    ) -> None:
        reply = fetch(address, f"MESO_0001020{suffix}")
        assert reply.status == 200
        assert reply.headers["content-type"].startswith(media_type)
        assert reply.body.lstrip().startswith(start)

    @pytest.mark.parametrize("path", ["robots.txt", "llms.txt", "opensearch.xml", "sitemap.xml"])
    def test_machines_find_what_they_look_for(self, address: str, path: str) -> None:
        reply = fetch(address, path)
        assert reply.status == 200
        assert address.encode() in reply.body

    def test_every_address_of_the_sitemap_is_a_page(self, address: str) -> None:
        body = fetch(address, "sitemap.xml").body.decode()
        addresses = [line.partition("</loc>")[0].partition("<loc>")[2] for line in body.splitlines()]
        found = [one for one in addresses if one]
        assert len(found) > 400
        for one in found[::40]:
            assert fetch(address, one.removeprefix(address)).status == 200, one


class TestMistakes:
    @pytest.mark.parametrize(
        ("path", "status", "text"),
        [
            ("browse/nonsense", 404, "there is no list of nonsense"),
            ("MESO_9999999", 404, "nothing is known of"),
            ("document?iri=no%20iri", 400, "no IRI"),
        ],
    )
    def test_mistake_is_one_line(self, address: str, path: str, status: int, text: str) -> None:
        reply = fetch(address, path)
        assert reply.status == status
        assert text in reply.body.decode()
        assert b"Traceback" not in reply.body

    def test_profile_that_is_not_known_is_told_on_the_page(self, address: str) -> None:
        reply = fetch(address, "stratify?set=histology%3Dround")
        assert reply.status == 200
        assert "not known" in reply.body.decode()


@pytest.mark.slow
@pytest.mark.chromium
def test_by_clicks_from_a_tumour_to_what_can_be_tried_and_to_the_paper_that_says_so(
    browser: Browser, address: str
) -> None:
    """After nivolumab plus ipilimumab fails in a sarcomatoid, ASS1-lost tumour: what, and how good is it?"""
    with quiet_page(browser) as page:
        page.goto(address)
        page.get_by_role("link", name="A tumour like this one").click()
        page.get_by_label("histology").select_option("histology=sarcomatoid")
        page.get_by_label("ASS1").select_option("ASS1=lost")
        page.get_by_label("given before").first.fill("nivolumab plus ipilimumab")
        page.get_by_role("button", name="Show what the records say").click()
        offered = page.locator("section.dossier ol").first
        names = [link.inner_text() for link in offered.get_by_role("link").all()]
        assert "nivolumab plus ipilimumab" not in names
        expect(page.get_by_label("given before").first).to_have_value("nivolumab plus ipilimumab")
        # What was withdrawn is marked where it is offered, and first on its page.
        withdrawn = offered.get_by_role("listitem").filter(has_text="application withdrawn").first
        expect(withdrawn.get_by_role("link")).to_have_text("pegargiminase plus platinum-pemetrexed")
        offered.get_by_role("link", name="pembrolizumab plus lenvatinib", exact=True).click()
        expect(page.locator("p.figure")).to_contain_text("in clinical trial")
        expect(page.get_by_role("region", name="For")).to_contain_text("After nivolumab plus ipilimumab")
        page.get_by_role("rowheader").get_by_role("link", name="PEMMELA").click()
        expect(page.locator("dl.facts").first).to_contain_text("single-arm trial")
        cohort = "PEMMELA, cohort 2: after nivolumab plus ipilimumab"
        page.locator("#arms ~ h3, section h3").get_by_role("link", name=cohort).click()
        page.get_by_role("region", name="Objective response").get_by_role("link").first.click()
        expect(page.locator("p.kind")).to_have_text("Result of a trial")
        page.get_by_role("region", name="Where it was read").get_by_role("link").first.click()
        expect(page.get_by_role("heading", name="What rests on it")).to_be_visible()


@pytest.mark.slow
@pytest.mark.chromium
def test_pooled_estimates_are_found_from_the_comparisons_and_name_what_is_left_out(
    browser: Browser, address: str
) -> None:
    with quiet_page(browser) as page:
        page.goto(f"{address}comparisons")
        page.get_by_role("link", name="Which of them may be pooled").click()
        # metafor 3.8-1 gave 0.770 (0.632 to 0.938): see tests/synthesis
        expect(page.locator("dl.facts").first).to_contain_text("0.77 (0.63 to 0.94, 95 %)")
        expect(page.locator("p.notice").nth(1)).to_contain_text("LUME-Meso, phase 3")
        expect(page.locator("polygon.pooled")).to_have_count(2)
        left = page.get_by_role("row").filter(has_text="BEAT-meso: overall survival, hazard ratio, all")
        expect(left).to_contain_text("the level of its interval was not read")


def test_pooled_estimates_can_be_taken_away(address: str) -> None:
    table = fetch(address, "pool.csv")
    assert table.headers["content-type"].startswith("text/csv")
    assert table.body.startswith(b"pool,row,label,iri,ratio")
    assert json.loads(fetch(address, "pool.json").body)["left_out"]


@pytest.mark.slow
@pytest.mark.chromium
def test_what_to_try_after_blockade_in_a_sarcomatoid_ass1_lost_tumour_and_how_good_the_evidence_is(
    browser: Browser, address: str
) -> None:
    """By clicks alone, then once more by the link to the page."""
    with quiet_page(browser) as page:
        page.goto(address)
        page.get_by_role("navigation").get_by_role("link", name="Stratify").click()
        page.locator("select:has(option[value='site=pleura'])").select_option("site=pleura")
        page.get_by_label("histology").select_option("histology=sarcomatoid")
        page.get_by_label("ASS1").select_option("ASS1=lost")
        page.get_by_label("setting").select_option("setting=second-or-later-line")
        page.get_by_label("given before").first.fill("Nivolumab plus Ipilimumab")
        page.get_by_role("button", name="Show what the records say").click()
        for _ in range(2):
            first = page.locator("section.dossier ol").first.get_by_role("listitem").first
            # PEMMELA, cohort 2, after nivolumab plus ipilimumab: study_NCT04287829.ttl
            expect(first).to_contain_text("pembrolizumab plus lenvatinib")
            expect(first).to_contain_text("level B")
            expect(page.get_by_text("No medical advice.", exact=True)).to_be_visible()
            pegargiminase = (
                page.locator("section.dossier ol")
                .first.get_by_role("listitem")
                .filter(has_text="pegargiminase plus best supportive care")
            )
            expect(pegargiminase).to_contain_text("application withdrawn")
            page.get_by_role("link", name="Link to this page").click()
        assert "=&" not in page.url


def test_contradictory_profile_is_told_in_words(address: str) -> None:
    body = fetch(address, "stratify?set=merlin%3Dhigh&set=NF2%3Daltered").body.decode()
    assert "NF2=altered and merlin=high contradict each other" in body


@pytest.mark.chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_report_of_a_validation_needs_no_sideways_scroll_on_a_phone(
    browser: Browser, tmp_path: Path, scheme: Literal["light", "dark"]
) -> None:
    long = "https://example.org/" + 40 * "averylongpathwithoutabreak"
    (tmp_path / "shapes.ttl").write_text(
        f"@prefix sh: <http://www.w3.org/ns/shacl#> .\n<{long}/S> sh:targetClass <{long}/T> ; sh:property"
        f" [ sh:path <{long}/p> ; sh:in ( <{long}/v> ) ] , [ sh:path <{long}/q> ; sh:minCount 1 ] ."
    )
    (tmp_path / "data.ttl").write_text(f'<{long}/a> a <{long}/T> ; <{long}/p> "{300 * "w"}" , <{long}/v/2> .')
    (tmp_path / "broken.ttl").write_text(f"<{long}> .")
    request = ValidationRequest(shapes=(str(tmp_path / "shapes.ttl"),), coverage=True)
    report = judge([str(tmp_path / "data.ttl"), str(tmp_path / "broken.ttl")], request)
    page = outputs()["html"].write(report, request.style)
    with quiet_page(browser, viewport={"width": 390, "height": 844}, color_scheme=scheme) as phone:
        phone.set_content(page)
        assert phone.evaluate("document.documentElement.scrollWidth") == 390
        assert phone.locator("h2").count() > 3
