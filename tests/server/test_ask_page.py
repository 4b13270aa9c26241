"""The page to ask on, in a real Chromium: editor, answers as table, chart and graph, without script."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Literal
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Browser, Error, Locator, Page, Route, expect

from mesoonto.knowledge import questions
from tests.server.browser import barriers, chromium, quiet_page

pytestmark = [pytest.mark.chromium, pytest.mark.bundles, pytest.mark.slow]

NIVOLUMAB = "SELECT ?s ?label { VALUES ?s { meso:MESO_0002101 } ?s rdfs:label ?label }"
TABLE = "application/sparql-results+json"
ROWS = """SELECT ?trial ?value ?lower ?upper {
  VALUES (?trial ?value ?lower ?upper) { ("b" 0.74 0.6 0.91) ("a" 1.2 0.9 1.5) ("c" 0.5 0.4 0.6)
    ("d" 10.0 9.0 11.0) ("e" 2.0 1.0 3.0) ("f" 3.0 2.0 4.0) } }"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def page(browser: Browser, address: str) -> Iterator[Page]:
    with quiet_page(browser) as page:
        page.goto(f"{address}ask")
        yield page


def editor(page: Page) -> Locator:
    return page.locator("#sparql .cm-content")


def write(page: Page, query: str) -> None:
    editor(page).press("Control+a")
    page.keyboard.insert_text(query)
    expect(page.locator("#query")).to_have_value(query)


def ask(page: Page, query: str) -> None:
    write(page, query)
    page.get_by_role("button", name="Run").click()
    answered(page)


def answered(page: Page) -> None:
    expect(page.locator("#result")).not_to_have_attribute("aria-busy", "true")


def shown(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def test_page_names_the_endpoint_and_its_limits(page: Page, address: str) -> None:
    expect(page.locator("#limits")).to_contain_text(f"{address}sparql")
    expect(page.locator("#limits")).to_contain_text(re.compile(r"\d+ seconds.*\d+ MiB", re.DOTALL))


def test_every_question_is_in_sight_and_leads_to_its_query(page: Page) -> None:
    links = page.locator(".questions a")
    told = links.evaluate_all(
        "all => all.map((a) => [a.textContent, new URL(a.href).searchParams.get('query')])"
    )
    assert dict(told) == {question.summary: question.sparql for question in questions.shipped()}
    assert links.evaluate_all("all => all.every((a) => a.checkVisibility())")


def test_question_is_answered_with_a_click(page: Page) -> None:
    for question in list(questions.shipped())[::16]:
        page.get_by_role("link", name=question.summary, exact=True).click()
        expect(page.locator("#query")).to_have_value(question.sparql)
        answered(page)
        expect(page.locator("#result tbody tr").first).to_be_visible()


def test_questions_are_filtered_by_words_and_empty_groups_go(page: Page) -> None:
    groups = page.locator(".group:visible")
    assert groups.count() == len(questions.grouped())
    page.locator("#filter").fill("germline")
    listed = page.locator(".questions li:visible")
    assert 0 <= listed.count() < len(questions.shipped())
    assert groups.count() == page.locator(".group:visible:has(li:visible)").count()
    page.locator("#filter").fill("")
    expect(listed).to_have_count(len(questions.shipped()))


def test_own_query_runs_and_entities_lead_to_pages_of_this_server(page: Page) -> None:
    ask(page, NIVOLUMAB)
    expect(page.locator("#result td").last).to_have_text("nivolumab")
    expect(page.locator("#result caption")).to_have_text("1 row")
    expect(page.locator("#result td a")).to_have_attribute("href", "/MESO_0002101")


def test_iris_get_their_labels_and_known_ones_of_others_a_page_here(page: Page) -> None:
    ask(page, "SELECT ?s { VALUES ?s { meso:MESO_0002101 obo:CL_0000815 <https://example.org/none> } }")
    cells = page.locator("#result td")
    expect(cells.nth(0)).to_contain_text("nivolumab")
    expect(cells.nth(1).locator("a")).to_have_attribute("href", re.compile(r"^/document\?iri="))
    expect(cells.nth(2).locator("a")).to_have_attribute("href", "https://example.org/none")


def test_reload_keeps_query_and_result(page: Page) -> None:
    ask(page, "SELECT ?label { meso:MESO_0002101 rdfs:label ?label }")
    page.reload()
    expect(page.locator("#result td")).to_have_text("nivolumab")
    assert page.locator("#permalink").get_attribute("href") in page.url


def test_link_carries_the_dataset_and_an_older_one_is_told(page: Page, address: str) -> None:
    ask(page, NIVOLUMAB)
    link = page.locator("#permalink").get_attribute("href") or ""
    (version,) = parse_qs(urlsplit(link).query)["dataset"]
    page.goto(address.rstrip("/") + link)
    assert page.locator("#made-with").count() == 0
    page.goto(address.rstrip("/") + link.replace(version, "0123abc"))
    answered(page)
    expect(page.locator("#made-with")).to_contain_text(f"0123abc; this server has {version}")


class Held:
    """Answers of the endpoint that come when the test wants: those to queries with "first" are kept back."""

    def __init__(self, page: Page, pattern: str, body: str) -> None:
        self.routes: list[Route] = []
        self._page, self._pattern, self._body = page, pattern, body

    def __enter__(self) -> Held:
        self._page.route(self._pattern, self._choose)
        return self

    def __exit__(self, *_: object) -> None:
        self._page.unroute(self._pattern)

    def _choose(self, route: Route) -> None:
        if "first" in (route.request.post_data or ""):
            self.routes.append(route)
        else:
            self.answer(route, "of the second")

    def answer(self, route: Route, word: str) -> None:
        with suppress(Error):  # the page may have given it up
            route.fulfill(status=200, headers={"content-type": TABLE}, body=self._body % word)


BODY = '{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"literal","value":"%s"}}]}}'


def test_late_answer_does_not_overwrite_the_next_one(page: Page) -> None:
    """The answer to the first question comes after that to the second."""
    with Held(page, "**/sparql", BODY) as held:
        for word in ("first", "second"):
            write(page, f"SELECT ('{word}' AS ?x) {{}}")
            page.get_by_role("button", name="Run").click()
        expect(page.locator("#result td")).to_have_text("of the second")
        assert len(held.routes) == 1
        held.answer(held.routes[0], "of the first")
        page.wait_for_timeout(200)
        expect(page.locator("#result td")).to_have_text("of the second")


def test_late_labels_do_not_name_the_things_of_the_next_answer(page: Page) -> None:
    """Labels for a first answer come when a second one is there that has the same IRI."""
    with Held(page, "**/ask/labels", '{"urn:first":"late","urn:both":"%s"}') as held:
        ask(page, "SELECT ?x { VALUES ?x { <urn:first> <urn:both> } }")
        ask(page, "SELECT ?x { VALUES ?x { <http://e.org/x> } }")
        for route in held.routes:
            held.answer(route, "late")
        page.wait_for_timeout(200)
        expect(page.locator("#result td")).to_have_text(["http://e.org/x"])


def test_late_notice_does_not_stand_above_the_next_answer(page: Page) -> None:
    """What the first query asked for in vain comes when the second one was answered."""
    with Held(page, "**/ask/unmatched", '[{"written":"%s","line":1,"message":"is not there"}]') as held:
        ask(page, "SELECT ('first' AS ?x) {}")
        ask(page, "SELECT (2 AS ?x) {}")
        expect(page.locator("#unmatched code")).to_have_text(["of the second"])
        for route in held.routes:
            held.answer(route, "of the first")
        page.wait_for_timeout(200)
        expect(page.locator("#unmatched code")).to_have_text(["of the second"])


def test_drawing_of_an_earlier_answer_does_not_come_over_the_next_one(page: Page, address: str) -> None:
    """The library of charts comes late, when another view, then another query, was asked for."""
    other = page.context.new_page()
    waiting: list[Route] = []
    other.goto(f"{address}ask")
    other.route("**/bundles/charts.js*", lambda route: waiting.append(route))
    other.evaluate("document.getElementById('bundle-charts').href += '&again'")
    ask(other, ROWS)
    shown(other, "Chart")
    for _ in range(500):
        if waiting:
            break
        other.wait_for_timeout(20)
    shown(other, "Table")
    for route in waiting:
        route.continue_()
    other.wait_for_timeout(300)
    assert len(waiting) == 1
    expect(other.locator("#result tbody tr")).to_have_count(6)
    assert other.locator("#result svg").count() == 0
    other.close()


def test_running_query_can_be_cancelled(page: Page) -> None:
    page.route("**/sparql", lambda _: None)  # never answered
    try:
        page.get_by_role("button", name="Run").click()
        expect(page.locator("#result")).to_have_attribute("aria-busy", "true")
        expect(page.locator("#status")).to_have_text("Asking …")
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


def test_mistake_is_told_in_words_and_marked_at_its_place(page: Page) -> None:
    ask(page, "SELECT *\nWHERE x")
    expect(page.locator("#result .error")).to_contain_text("query:2:7")
    expect(page.locator("#sparql .cm-lintRange-error")).to_have_text("x")
    ask(page, NIVOLUMAB)
    expect(page.locator("#sparql .cm-lintRange-error")).to_have_count(0)


def test_name_that_the_data_do_not_have_is_told_above_the_empty_table(page: Page) -> None:
    ask(page, "SELECT ?s { ?s a meso:Studdy ; rdfs:label '<img src=x>' }")
    said = "meso:Studdy in line 1: nothing has this type; meso:Study may be meant."
    expect(page.locator("#unmatched .notice")).to_have_text([said])
    expect(page.locator("#unmatched + #result table")).to_have_count(1)
    ask(page, NIVOLUMAB)
    expect(page.locator("#unmatched .notice")).to_have_count(0)


def test_results_are_shown_as_text_never_as_html(page: Page) -> None:
    ask(page, "SELECT ('<img src=x onerror=alert(1)>' AS ?evil) {}")
    expect(page.locator("#result td")).to_have_text("<img src=x onerror=alert(1)>")
    assert page.locator("#result img").count() == 0


def test_address_that_is_no_web_address_is_no_link(page: Page) -> None:
    ask(page, "SELECT (IRI('javascript:alert(1)') AS ?evil) {}")
    expect(page.locator("#result td")).to_have_text("javascript:alert(1)")
    assert page.locator("#result a").count() == 0


def test_table_is_sorted_as_numbers_and_narrowed_by_words(page: Page) -> None:
    ask(page, ROWS)
    first = page.locator("#result tbody tr td:first-child")
    page.get_by_role("button", name="value").click()
    expect(first).to_have_text(["c", "b", "a", "e", "f", "d"])
    page.get_by_role("button", name="value").click()
    expect(first).to_have_text(["d", "f", "e", "a", "b", "c"])
    page.get_by_label("Only rows with").fill("0.74")
    expect(first).to_have_text(["b"])
    expect(page.locator("#result caption")).to_have_text("1 of 6 rows")


def test_long_result_is_shown_bit_by_bit(page: Page) -> None:
    ask(page, "SELECT ?s ?p { ?s ?p ?o } ORDER BY ?s ?p LIMIT 500")
    rows = page.locator("#result tbody tr")
    expect(rows).to_have_count(200)
    page.get_by_role("button", name="Show 300 more").click()
    expect(rows).to_have_count(500)


def test_chart_draws_every_number_with_its_interval(page: Page) -> None:
    ask(page, ROWS)
    shown(page, "Chart")
    expect(page.locator("#result svg circle")).to_have_count(6)
    expect(page.locator("#result svg g[data-mark='rule'] line").first).to_be_attached()
    page.get_by_label("Show").select_option("bars")
    expect(page.locator("#result svg g[data-mark='bar'] rect")).to_have_count(6)
    shown(page, "Table")


def test_graph_draws_rows_and_triples(page: Page) -> None:
    nodes = "document.querySelector('.canvas').cytoscape.nodes().map((n) => n.data('label')).sort()"
    ask(page, "SELECT ?a ?b { VALUES (?a ?b) { ('x' 'y') ('x' 'z') } }")
    shown(page, "Graph")
    expect(page.locator("#result .canvas canvas").first).to_be_visible()
    assert page.evaluate(nodes) == ["x", "y", "z"]
    ask(page, "CONSTRUCT { meso:MESO_0002101 rdfs:seeAlso <urn:b> ; rdfs:label 'no node' } {}")
    expect(page.locator("#result .canvas")).to_have_attribute("aria-label", re.compile("2 nodes, 1 lines"))
    page.wait_for_function(f"{nodes}.includes('nivolumab')")
    shown(page, "Table")
    expect(page.locator("#result tbody tr")).to_have_count(2)


def test_map_shows_the_countries_that_rows_name(page: Page) -> None:
    ask(page, "SELECT ?jurisdiction { VALUES ?jurisdiction { 'US' 'JP' 'EU' 'GB-ENG' 'US' 'INT' } }")
    shown(page, "Map")
    titles = page.locator("#result svg title")
    expect(titles).to_have_count(3 + 27 - 1)  # Malta is too small for these outlines
    said = titles.all_text_contents()
    expected = {"United States of America: 2 rows", "United Kingdom: 1 row", "Japan: 1 row", "France: 1 row"}
    assert expected <= {text.partition("\n")[0] for text in said}
    expect(page.locator("#result .soft").last).to_contain_text("Not on the map: INT 1")
    ask(page, "SELECT ?p { VALUES ?p { 'POINT(8.5 47.4)'^^<urn:wkt> } }")
    expect(page.locator("#result svg circle")).to_have_count(1)
    ask(page, "SELECT ?response { VALUES ?response { 'CR' 'PR' 'SD' } }")
    assert page.get_by_role("tab", name="Map").count() == 0


def test_answer_can_be_saved_in_every_format_that_fits(page: Page) -> None:
    for query, formats in (
        (NIVOLUMAB, ["CSV", "TSV", "JSON", "XML"]),
        ("DESCRIBE meso:MESO_0002101", ["Turtle", "N-Triples", "JSON-LD", "RDF/XML"]),
    ):
        ask(page, query)
        links = page.locator("#downloads a")
        expect(links).to_have_text(formats)
        for index, name in enumerate(formats):
            with page.expect_download() as saved:
                links.nth(index).click()
            assert "nivolumab" in saved.value.path().read_text(), name


def test_code_of_shell_and_python_gives_the_same_answer(page: Page, address: str) -> None:
    query = """SELECT ("it's \\"so\\"" AS ?x) ?s { VALUES ?s { "a\\\\b" } }"""
    ask(page, query)
    page.get_by_text("The same from a shell").click()
    curl = page.locator("[data-code=curl]").text_content() or ""
    words = shlex.split(curl)
    assert words[0] == "curl"
    assert f"query={query}" in words
    python = page.locator("[data-code=python]").text_content() or ""
    assignment = re.search(r'^query = """.*?^"""', python, re.DOTALL | re.MULTILINE)
    assert assignment is not None
    code = f"{assignment[0]}\nprint(query.strip())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == query
    compile(python, "python", "exec")
    assert f'request("{address}sparql")' in (page.locator("[data-code=r]").text_content() or "")


def suggest(page: Page, before: str, typed: str) -> Locator:
    write(page, before)
    editor(page).press("Control+End")
    page.keyboard.type(typed)
    listed = page.locator(".cm-tooltip-autocomplete li")
    expect(listed.first).to_be_visible()
    return listed


def test_labels_are_completed_to_iris_and_their_prefix_is_declared(page: Page) -> None:
    with page.expect_response("**/ask/complete?text=nivolu&*"):
        listed = suggest(page, "SELECT * { ?s ?p ", "nivolu")
    expect(listed.first).to_contain_text("meso:MESO_0002101")
    page.wait_for_timeout(150)  # a list that has just opened does not take the key
    page.keyboard.press("Enter")
    expected = "PREFIX meso: <https://w3id.org/mesoonto/>\nSELECT * { ?s ?p meso:MESO_0002101"
    expect(page.locator("#query")).to_have_value(expected)


@pytest.mark.parametrize(
    ("before", "typed", "wanted"),
    [
        ("SELECT * { ?s a ", "Evid", "meso:EvidenceStatement"),
        ("SELECT * { ?s ", "endp", "meso:endPointMet"),
        ("SELECT * { ?s a meso:Result ; ", "hasEnd", "meso:hasEndPoint"),
        ("SELECT ?regimen { ?s ?p ?regi", "m", "?regimen"),
        ("PREFIX ", "dct", "dcterms:"),
    ],
)
def test_what_is_completed_fits_its_place(page: Page, before: str, typed: str, wanted: str) -> None:
    expect(suggest(page, before, typed).filter(has_text=wanted).first).to_be_visible()
    page.keyboard.press("Escape")


def test_editor_is_left_with_tab_and_runs_with_a_key(page: Page) -> None:
    write(page, NIVOLUMAB)
    editor(page).press("Control+Enter")
    expect(page.locator("#result td").last).to_have_text("nivolumab")
    editor(page).press("Tab")
    expect(page.get_by_role("button", name="Run")).to_be_focused()


def test_what_other_endpoints_were_asked_is_told_beside_the_answer(page: Page) -> None:
    """As answers with ``explain=true`` have it."""
    request = {"source": "endpoint", "bytes": 512, "milliseconds": 40.4, "query": "SELECT ?x { ?x ?y 1 }"}
    cached = {**request, "source": "cache"}
    service = {
        "endpoint": "https://example.org/sparql", "strategy": "bound join", "rows": 3, "problem": None,
        "requests": [request, cached],
    }  # fmt: skip
    found = {
        "federation": {"milliseconds": 41.2, "services": [service]},
        "cut": None,
        "results": json.loads(BODY % "joined"),
    }
    page.route("**/sparql?explain=true", lambda route: route.fulfill(json=found))
    try:
        ask(page, "SELECT ?x { SERVICE <https://example.org/sparql> { ?x ?y 1 } }")
        expect(page.locator("#result .plan summary")).to_have_text("Other endpoints, 41 ms")
        expect(page.locator("#result .plan p")).to_have_text(
            "https://example.org/sparql: bound join; 1 requests, 3 rows, 512 bytes, 40 ms, 1 from the cache"
        )
        expect(page.locator("#result .plan pre").first).to_have_text("SELECT ?x { ?x ?y 1 }")
        expect(page.locator("#result td")).to_have_text("joined")
    finally:
        page.unroute("**/sparql?explain=true")


#: States of the page: a query, and the tab that is open.
STATES = (
    (ROWS, "Table"),
    (ROWS, "Chart"),
    ("SELECT ?a ?b { VALUES (?a ?b) { ('x' 'y') ('x' 'z') } }", "Graph"),
    ("SELECT ?in { VALUES ?in { 'US' 'JP' 'EU' } }", "Map"),
    ("SELECT *\nWHERE x", ""),
    ("SELECT ?s { ?s a meso:Studdy }", ""),
)


@pytest.mark.parametrize(
    ("width", "scheme"), [pytest.param(1280, "light", marks=pytest.mark.thorough), (390, "dark")]
)
def test_every_state_fits_the_window_and_asks_nobody_else(
    browser: Browser, address: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    asked: set[str] = set()
    context = {"viewport": {"width": width, "height": 844}, "color_scheme": scheme}
    with quiet_page(browser, **context) as page:
        page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
        for query, tab in STATES:
            page.goto(f"{address}ask?query={quote(query)}")
            answered(page)
            expect(page.locator("#result > *").first).to_be_visible()
            if tab:
                shown(page, tab)
                expect(page.locator("#result").locator("table, svg, canvas").first).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= width, tab
    assert asked == {urlsplit(address).netloc}


@pytest.mark.axe
def test_no_state_has_barriers(browser: Browser, address: str) -> None:
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    for query, tab in STATES[1:]:  # test_site looks at a table
        page.goto(f"{address}ask?query={quote(query)}")
        answered(page)
        if tab:
            shown(page, tab)
        page.get_by_text("The same from a shell").click()
        page.locator(".groups").evaluate("(groups) => groups.remove()")  # test_site looks at them
        assert barriers(page) == [], tab
    context.close()


def test_query_in_an_address_is_text(page: Page, address: str) -> None:
    page.goto(f"{address}ask?query={quote('</textarea><img src=x onerror=alert(1)>')}")
    expect(page.locator("#query")).to_have_value("</textarea><img src=x onerror=alert(1)>")
    assert page.locator("main img").count() == 0


def test_without_script_a_question_is_answered_by_the_server(browser: Browser, address: str) -> None:
    with quiet_page(browser, java_script_enabled=False) as page:
        page.goto(f"{address}ask")
        question = questions.shipped()[0]
        page.get_by_role("link", name=question.summary, exact=True).click()
        expect(page.locator("#result tbody tr").first).to_be_visible()
        expect(page.locator("#query")).to_have_value(question.sparql)
        page.locator("#query").fill(NIVOLUMAB)
        page.get_by_role("button", name="Run").click()
        expect(page.locator("#result td").last).to_have_text("nivolumab")
        expect(page.locator("#result td a")).to_have_attribute("href", "/MESO_0002101")
        for query, said in (
            ("SELECT *\nWHERE x", "query:2:7"),
            ("ASK {}", "Yes"),
            ("DESCRIBE meso:MESO_0002101", "nivolumab"),
            ("SELECT ('<b>x</b>' AS ?x) {}", "<b>x</b>"),
        ):
            page.locator("#query").fill(query)
            page.get_by_role("button", name="Run").click()
            expect(page.locator("#result")).to_contain_text(said)


def test_without_bundles_the_page_answers_and_says_what_is_missing(browser: Browser, address: str) -> None:
    """As the server sends it where nothing was bundled: without the links to bundles."""

    def without(route: Route) -> None:
        body = re.sub(r'<link rel="modulepreload"[^>]*>', "", route.fetch().text())
        route.fulfill(status=200, headers={"content-type": "text/html"}, body=body)

    with quiet_page(browser) as page:
        page.route(re.compile(r"/ask(\?|$)"), without)
        page.goto(f"{address}ask")
        page.locator("#query").fill(ROWS)
        page.get_by_role("button", name="Run").click()
        expect(page.locator("#result tbody tr")).to_have_count(6)
        assert page.get_by_role("tab", name="Chart").count() == 0
        page.locator("#query").fill("SELECT *\nWHERE x")
        page.get_by_role("button", name="Run").click()
        expect(page.locator("#result .error")).to_contain_text("query:2:7")
        chosen = "(area) => area.value.slice(area.selectionStart, area.selectionEnd)"
        assert page.locator("#query").evaluate(chosen) == "WHERE x"
