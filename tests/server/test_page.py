"""The root page in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from mesoonto.knowledge import questions
from tests.conftest import program

pytestmark = pytest.mark.chromium

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def page(address: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=FLAGS)
        page = browser.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.goto(address)
        yield page
        browser.close()
        # 400 answers that a test provokes are shown by the browser as console errors.
        assert [text for text in problems if "400" not in text] == []


def test_page_says_what_it_is_and_how_much_it_holds(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("mesoonto")
    expect(page.locator(".counts dt")).to_contain_text(["mechanisms", "interventions", "studies", "results"])
    numbers = [int(text.replace(",", "")) for text in page.locator(".counts dd").all_inner_texts()]
    assert all(number > 0 for number in numbers)


def test_page_names_the_endpoint(page: Page, address: str) -> None:
    expect(page.get_by_text(f"{address}sparql speaks")).to_be_visible()


def test_every_question_runs_with_a_click_and_shows_a_table(page: Page) -> None:
    shipped = questions.shipped()
    assert len(shipped) >= 12
    for question in shipped:
        page.get_by_role("button", name=question.summary, exact=True).click()
        expect(page.locator("#query")).to_have_value(question.sparql)
        expect(page.locator("#result")).not_to_have_attribute("aria-busy", "true")
        expect(page.locator("#result tbody tr").first).to_be_visible()
        page.evaluate("document.getElementById('result').replaceChildren()")


def test_own_query_runs(page: Page) -> None:
    page.locator("#query").fill("SELECT ?label { meso:MESO_0002101 rdfs:label ?label }")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#result td")).to_have_text("nivolumab")
    expect(page.locator("#result caption")).to_have_text("1 row")


def test_mistake_is_shown_with_its_place(page: Page) -> None:
    page.locator("#query").fill("SELECT *\nWHERE x")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#result .error")).to_contain_text("query:2:7")


def test_results_are_shown_as_text_never_as_html(page: Page) -> None:
    page.locator("#query").fill("SELECT ('<img src=x onerror=alert(1)>' AS ?evil) {}")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#result td")).to_have_text("<img src=x onerror=alert(1)>")
    assert page.locator("#result img").count() == 0


def test_address_that_is_no_web_address_is_no_link(page: Page) -> None:
    page.locator("#query").fill("SELECT (IRI('javascript:alert(1)') AS ?evil) {}")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#result td")).to_have_text("javascript:alert(1)")
    assert page.locator("#result a").count() == 0
