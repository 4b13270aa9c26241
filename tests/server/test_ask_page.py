"""The page to ask on, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import quote

import pytest
from playwright.sync_api import Error, Page, Route, expect

from mesoonto.knowledge import questions
from tests.server.browser import chromium, quiet_page

pytestmark = pytest.mark.chromium


@pytest.fixture(scope="module")
def page(address: str) -> Iterator[Page]:
    with chromium() as browser, quiet_page(browser) as page:
        page.goto(f"{address}ask")
        yield page


def ask(page: Page, query: str) -> None:
    page.locator("#query").fill(query)
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#result")).not_to_have_attribute("aria-busy", "true")


def test_page_names_the_endpoint_and_its_limits(page: Page, address: str) -> None:
    expect(page.locator("#limits")).to_contain_text(f"{address}sparql")
    expect(page.locator("#limits")).to_contain_text("seconds")


def test_every_question_is_in_sight_and_runs_with_a_click(page: Page) -> None:
    shipped = questions.shipped()
    assert len(shipped) >= 12
    for question in shipped:
        page.get_by_role("link", name=question.summary, exact=True).click()
        expect(page.locator("#query")).to_have_value(question.sparql)
        expect(page.locator("#result")).not_to_have_attribute("aria-busy", "true")
        expect(page.locator("#result tbody tr").first).to_be_visible()


def test_questions_are_filtered_by_words(page: Page) -> None:
    page.locator("#filter").fill("germline")
    shown = page.locator(".questions li:visible")
    assert 0 <= shown.count() < len(questions.shipped())
    page.locator("#filter").fill("")
    expect(page.locator(".questions li:visible")).to_have_count(len(questions.shipped()))


def test_own_query_runs_and_entities_lead_to_pages_of_this_server(page: Page) -> None:
    ask(page, "SELECT ?s ?label { VALUES ?s { meso:MESO_0002101 } ?s rdfs:label ?label }")
    expect(page.locator("#result td").last).to_have_text("nivolumab")
    expect(page.locator("#result caption")).to_have_text("1 row")
    expect(page.locator("#result td a")).to_have_attribute("href", "/MESO_0002101")


def test_reload_keeps_query_and_result(page: Page) -> None:
    ask(page, "SELECT ?label { meso:MESO_0002101 rdfs:label ?label }")
    page.reload()
    expect(page.locator("#result td")).to_have_text("nivolumab")
    assert page.locator("#permalink").get_attribute("href") in page.url


def test_late_answer_does_not_overwrite_the_next_one(page: Page) -> None:
    """The answer to the first question comes after that to the second."""
    held: list[Route] = []

    def answer(route: Route, word: str) -> None:
        body = '{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"literal","value":"%s"}}]}}'
        headers = {"content-type": "application/sparql-results+json"}
        route.fulfill(status=200, headers=headers, body=body % word)

    def choose(route: Route) -> None:
        if "first" in (route.request.post_data or ""):
            held.append(route)
        else:
            answer(route, "of the second")

    page.route("**/sparql", choose)
    try:
        for word in ("first", "second"):
            page.locator("#query").fill(f"SELECT ('{word}' AS ?x) {{}}")
            page.get_by_role("button", name="Run").click()
            page.wait_for_timeout(100)
        expect(page.locator("#result td")).to_have_text("of the second")
        assert len(held) == 1
        with suppress(Error):  # the page has given it up
            answer(held[0], "of the first")
        page.wait_for_timeout(300)
        expect(page.locator("#result td")).to_have_text("of the second")
    finally:
        page.unroute("**/sparql")


def test_running_query_can_be_cancelled(page: Page) -> None:
    page.route("**/sparql", lambda _: None)  # never answered
    try:
        page.get_by_role("button", name="Run").click()
        expect(page.locator("#result")).to_have_attribute("aria-busy", "true")
        page.get_by_role("button", name="Cancel").click()
        expect(page.locator("#result .error")).to_have_text("Cancelled.")
        expect(page.get_by_role("button", name="Cancel")).to_be_disabled()
    finally:
        page.unroute("**/sparql")


def test_unreachable_endpoint_is_told(page: Page, address: str) -> None:
    other = page.context.new_page()
    other.goto(f"{address}ask")
    other.route("**/sparql", lambda route: route.abort())
    other.get_by_role("button", name="Run").click()
    expect(other.locator("#result .error")).to_contain_text("cannot be reached")
    other.close()


def test_mistake_is_shown_with_its_place(page: Page) -> None:
    ask(page, "SELECT *\nWHERE x")
    expect(page.locator("#result .error")).to_contain_text("query:2:7")


def test_results_are_shown_as_text_never_as_html(page: Page) -> None:
    ask(page, "SELECT ('<img src=x onerror=alert(1)>' AS ?evil) {}")
    expect(page.locator("#result td")).to_have_text("<img src=x onerror=alert(1)>")
    assert page.locator("#result img").count() == 0


def test_address_that_is_no_web_address_is_no_link(page: Page) -> None:
    ask(page, "SELECT (IRI('javascript:alert(1)') AS ?evil) {}")
    expect(page.locator("#result td")).to_have_text("javascript:alert(1)")
    assert page.locator("#result a").count() == 0


def test_query_in_an_address_is_text(page: Page, address: str) -> None:
    page.goto(f"{address}ask?query={quote('</textarea><img src=x onerror=alert(1)>')}")
    expect(page.locator("#query")).to_have_value("</textarea><img src=x onerror=alert(1)>")
    assert page.locator("main img").count() == 0
