"""Questions of readers, answered by clicks alone; docs/site.md lists the same clicks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.server.browser import chromium, quiet_page

pytestmark = [pytest.mark.chromium, pytest.mark.slow]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The first page of the site; its script is off, so that all of a walk is there without it."""
    with quiet_page(browser, java_script_enabled=False) as opened:
        opened.goto(address)
        yield opened


def enter(page: Page, name: str) -> None:
    """Click *name* in the row of pages on top."""
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=name, exact=True).click()


def test_trials_of_checkpoint_blockade_that_improved_survival(page: Page) -> None:
    enter(page, "Comparisons")
    page.get_by_label("What is tested").select_option("immune checkpoint inhibitor")
    page.get_by_role("button", name="Show").click()
    for histology in ("Pleural epithelioid mesothelioma", "Non-epithelioid pleural mesothelioma"):
        expect(page.get_by_role("heading", name=histology, exact=True)).to_be_visible()
    row = (
        page.get_by_role("region", name="Comparisons as a table")
        .get_by_role("row", name="CheckMate 743")
        .first
    )
    # Ann Oncol 2022, three years: 0.73 (0.61 to 0.87); the end point was met at the interim analysis of 2021.
    expect(row).to_contain_text("0.61 to 0.87")
    expect(row).to_contain_text("interval below 1")
    expect(row).to_contain_text("0.60 to 0.91, 96.6 %")


def test_what_speaks_for_and_against_lag_3(page: Page) -> None:
    enter(page, "Landscape")
    page.get_by_role("region", name="Matrix").get_by_role("link", name="LAG-3 checkpoint engagement").click()
    expect(page.get_by_role("region", name="For", exact=True).get_by_role("listitem")).not_to_have_count(0)
    against = page.get_by_role("region", name="Against or inconclusive")
    expect(against.get_by_role("listitem")).not_to_have_count(0)
    expect(page.locator(".gap")).to_contain_text("looked for and not found")
    expect(page.get_by_role("region", name="What counters it, scrolls sideways")).to_contain_text(
        "relatlimab"
    )


def test_what_is_approved_for_whom(page: Page) -> None:
    enter(page, "Decisions")
    page.get_by_label("Kind").select_option("marketing authorisation")
    page.get_by_role("button", name="Show").click()
    for place, body in (
        ("United States", "FDA"),
        ("European Union", "European Commission"),
        ("Japan", "MHLW"),
    ):
        table = page.get_by_role("region", name=f"{place}, scrolls sideways")
        expect(table).to_contain_text(body)
        expect(table.get_by_role("columnheader", name="For whom")).to_be_visible()
    page.get_by_label("Kind").select_option("health technology appraisal")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("region", name="England, scrolls sideways")).to_contain_text("NICE TA818")


def test_everything_on_tead_inhibition(page: Page) -> None:
    enter(page, "Map")
    page.get_by_role("region", name="Map, scrolls sideways").get_by_role(
        "link", name="YAP-TEAD-driven PD-L1 expression", exact=True
    ).click()
    page.get_by_role("link", name="to its page").click()
    counters = page.get_by_role("region", name="What counters it, scrolls sideways")
    expect(counters).to_contain_text("VT3989")
    expect(counters).to_contain_text("discontinued")
    counters.get_by_role("link", name="TEAD inhibitor", exact=True).click()
    members = page.get_by_role("region", name="Agents and kinds of it, scrolls sideways")
    for name in ("IAG933", "IK-930", "VT3989", "TEAD palmitoylation inhibitor"):
        expect(members.get_by_role("link", name=name, exact=True)).to_be_visible()
    members.get_by_role("link", name="VT3989, phase 1/2").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("VT3989, phase 1/2")


def test_field_of_the_matrix_leads_to_its_evidence(page: Page) -> None:
    enter(page, "Landscape")
    page.get_by_label("Show").select_option("countered by an intervention")
    page.get_by_role("button", name="Show").click()
    row = page.get_by_role("row", name="arginine auxotrophy by ASS1 loss")
    row.get_by_role("cell").get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("arginine auxotrophy by ASS1 loss")
    expect(page.get_by_role("region", name="Interventions, scrolls sideways")).to_contain_text(
        "pegargiminase"
    )


def test_map_is_saved_as_png(browser: Browser, address: str) -> None:
    with quiet_page(browser) as page:
        page.goto(f"{address}map?layer=metabolic+resistance+mechanism")
        with page.expect_download() as waiting:
            page.get_by_role("button", name="PNG").click()
        assert waiting.value.path().read_bytes().startswith(b"\x89PNG")


def test_name_on_the_map_lets_its_lines_stand_out(browser: Browser, address: str) -> None:
    with quiet_page(browser) as page:
        page.goto(f"{address}map")
        page.get_by_role("region", name="Map, scrolls sideways").get_by_role(
            "link", name="arginine auxotrophy by ASS1 loss", exact=True
        ).focus()
        expect(page.locator(".map.dimmed .near")).to_have_count(1)
