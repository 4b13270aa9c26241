"""``/validate``: real HTTP, a real browser, hostile uploads."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Error, Route, expect

from mesoonto.errors import InputError
from mesoonto.validation.upload import File, UploadLimits, UploadRequest, check_upload
from tests.conftest import ROOT, program, running_server
from tests.server.browser import chromium, quiet_page

EXAMPLES = ROOT / "tests" / "shapes"
BAD = EXAMPLES / "StudyShape" / "invalid_two_labels.ttl"
GOOD = EXAMPLES / "StudyShape" / "valid_study.ttl"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running_server() as found:
        yield f"{found}validate"


def post(address: str, content: bytes, media_type: str, accept: str) -> tuple[int, str, bytes]:
    headers = {"Content-Type": media_type, "Accept": accept}
    try:
        with urllib.request.urlopen(urllib.request.Request(address, content, headers), timeout=60) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read()


@pytest.mark.parametrize(
    ("accept", "beginning"),
    [
        ("application/json", b"{"), ("text/turtle", b"@prefix"), ("application/ld+json", b"["),
        ("application/sarif+json", b"{"), ("text/html", b"<!doctype"), ("text/markdown", b"##"),
        ("application/xml", b"<?xml"), ("text/plain", b"violation"),
    ],
)  # fmt: skip
def test_report_comes_as_is_accepted(server: str, accept: str, beginning: bytes) -> None:
    status, content_type, content = post(server, BAD.read_bytes(), "text/turtle", accept)
    assert (status, content_type.partition(";")[0]) == (200, accept)
    assert content.startswith(beginning)


def test_findings_have_lines(server: str) -> None:
    found = json.loads(post(server, BAD.read_bytes(), "text/turtle; charset=utf-8", "application/json")[2])
    assert [(f["line"], f["column"]) for f in found["findings"]] == [(11, 16)]
    assert json.loads(post(server, GOOD.read_bytes(), "text/turtle", "application/json")[2])["findings"] == []


@pytest.mark.parametrize(
    ("content", "media_type", "accept", "status"),
    [
        (b"nonsense", "text/turtle", "*/*", 400),
        (b"\xff", "text/turtle", "*/*", 400),
        (b"x", "text/plain", "*/*", 415),
        (b"x", "text/turtle", "image/png", 406),
        (b"x" * 6_000_000, "text/turtle", "*/*", 413),
        (b'<!DOCTYPE x [<!ENTITY a "aa">]><x/>', "application/rdf+xml", "*/*", 400),
    ],
)
def test_what_cannot_be_judged_is_refused(
    server: str, content: bytes, media_type: str, accept: str, status: int
) -> None:
    found, _, text = post(server, content, media_type, accept)
    assert found == status
    assert b"Traceback" not in text
    assert len(text.splitlines()) == 1


@pytest.mark.slow
def test_validation_that_takes_too_long_is_ended() -> None:
    lines = "".join(f"<http://e/{n}> <http://e/p> <http://e/{n + 1}> .\n" for n in range(100_000))
    with running_server("--timeout", "0.1") as found:
        started = time.monotonic()
        answer = post(f"{found}validate", lines.encode(), "application/n-triples", "application/json")
        assert answer[0] == 503
        assert time.monotonic() - started < 20
        assert post(f"{found}validate", GOOD.read_bytes(), "text/turtle", "text/plain")[0] in (200, 503)


def test_form_is_taken_as_well_as_a_body(server: str) -> None:
    form = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="../../etc/x.ttl"\r\n\r\n'
        + GOOD.read_bytes()
        + b"\r\n--x--\r\n"
    )
    status, _, content = post(server, form, "multipart/form-data; boundary=x", "application/json")
    assert status == 200, content
    assert json.loads(content)["conforms"] is True


def form(*parts: tuple[str, str, str]) -> bytes:
    """A form of fields with their content, and a file name where they are files."""
    body = ""
    for name, file, content in parts:
        about = f'name="{name}"' + (f'; filename="{file}"' if file else "")
        body += f"--x\r\nContent-Disposition: form-data; {about}\r\n\r\n{content}\r\n"
    return f"{body}--x--\r\n".encode()


PREFIXES = "PREFIX sh: <http://www.w3.org/ns/shacl#> PREFIX ex: <https://example.org/> "
COUNT = f"{PREFIXES} ex:S a sh:NodeShape ; sh:targetNode ex:a ; sh:deactivated true ; sh:minLength 1 ."
ENDLESS = (
    f"{PREFIXES} ex:Slow a sh:NodeShape ; sh:targetNode ex:a ; "
    "sh:property [ sh:path ex:p ; sh:pattern '^(?=a)(a+)+$' ] ."
)
LONG = f'<https://example.org/a> <https://example.org/p> "{"a" * 60}b" .'


@pytest.mark.parametrize(
    ("parts", "failed"),
    [
        ([], False),
        ([("strict", "", "true")], True),
        ([("strict", "", ""), ("limit", "", ""), ("fail-on", "", "")], False),
        ([("strict", "", "true"), ("ignore", "", "deactivated no-shapes unseen-file")], False),
    ],
)
def test_form_takes_options(server: str, parts: list[tuple[str, str, str]], failed: bool) -> None:
    body = form(("file", "d.ttl", LONG), ("shapes", "s.ttl", COUNT), *parts)
    status, _, content = post(server, body, "multipart/form-data; boundary=x", "application/json")
    assert status == 200, content
    assert json.loads(content)["failed"] is failed


@pytest.mark.parametrize(
    ("query", "part", "said"),
    [
        ("?strct=true", (), "strct is no option; did you mean strict"),
        ("?changed_since=HEAD", (), "changed_since is no option here"),
        ("", ("data", "d.ttl", LONG), "a file in 'data'; known are file, shapes, context"),
        ("", ("catalog", "", "/etc/x"), "catalog is no option here: nothing is read but what is sent"),
    ],
)
def test_field_that_is_none_is_refused(
    server: str, query: str, part: tuple[str, str, str], said: str
) -> None:
    body = form(("file", "d.ttl", LONG), *([part] if part else []))
    status, _, content = post(server + query, body, "multipart/form-data; boundary=x", "text/plain")
    assert (status, content.count(b"\n")) == (400, 1)
    assert said in content.decode()


def test_time_that_is_asked_for_ends_a_validation_and_names_the_shape(server: str) -> None:
    body = form(("file", "d.ttl", LONG), ("shapes", "s.ttl", ENDLESS))
    status, _, content = post(f"{server}?timeout=4", body, "multipart/form-data; boundary=x", "text/plain")
    assert status == 503
    assert content == b"not done within 4 seconds; under way was the shape <https://example.org/Slow>\n"


def test_upload_above_the_limit_is_refused_by_the_library() -> None:
    with pytest.raises(InputError, match="at most 10"):
        check_upload(UploadRequest((File(b"x" * 11, "text/turtle"),)), UploadLimits(bytes=10))


def test_answer_is_bounded() -> None:
    text = "".join(f"<http://e/{n}> a <https://w3id.org/mesoonto/Cohort> .\n" for n in range(50))
    answer = check_upload(UploadRequest((File(text.encode(), "text/turtle"),)), UploadLimits(findings=5))
    found = json.loads(answer.content)
    causes = {(f["shape"], f["component"]) for f in found["findings"]}
    assert len(found["findings"]) == 5 * len(causes)
    violations, warnings = map(int, re.findall(r"(\d+) (?:violation|warning)s", found["summary"]))
    assert violations + warnings == 50 * len(causes)
    assert f"{45 * len(causes)} of these are not listed here" in found["summary"]
    assert {(o["shape"], o["component"]): o["number"] for o in found["omitted"]} == dict.fromkeys(causes, 45)


@pytest.mark.slow
@pytest.mark.chromium
def test_page_shows_the_findings_of_a_dropped_file(server: str, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    path = tmp_path / "mine.ttl"
    path.write_text(BAD.read_text() + "\n# <img src=x onerror=alert(1)>\n")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(server)
        page.set_input_files("#file", str(path))
        page.wait_for_selector("#report li")
        text = page.inner_text("#report")
        assert "does not conform: 1 violation" in text
        assert "line 11, column 16: mesod:study_NCT00000001 rdfs:label" in text
        content = path.read_text()
        transfer = page.evaluate_handle(
            "text => { const t = new DataTransfer(); t.items.add(new File([text], 'd.ttl')); return t; }",
            content,
        )
        page.evaluate("document.getElementById('report').replaceChildren()")
        page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})
        page.wait_for_selector("#report li")
        assert complaints == []
        browser.close()


@pytest.mark.slow
@pytest.mark.chromium
def test_report_belongs_to_the_file_that_was_sent_last_and_a_check_can_be_cancelled(server: str) -> None:
    def answer(route: Route, word: str) -> None:
        nothing: dict[str, object] = {"prefixes": {}, "findings": [], "omitted": [], "doubts": []}
        found = {**nothing, "summary": word, "failed": False}
        with suppress(Error):  # the page may have given it up
            route.fulfill(json=found)

    held: list[Route] = []

    def choose(route: Route) -> None:
        text = route.request.post_data or ""
        if route.request.method == "GET":
            route.continue_()
        elif "first.ttl" in text:
            held.append(route)
        else:
            answer(route, "of the second")

    with chromium() as browser, quiet_page(browser) as page:
        page.route("**/validate", choose)
        page.goto(server)
        for name in ("first.ttl", "second.ttl"):
            page.set_input_files(
                "#file", {"name": name, "mimeType": "text/turtle", "buffer": b"<urn:a> a <urn:b> ."}
            )
        report = page.locator("#report")
        expect(report).to_have_text("of the second")
        assert len(held) == 1
        answer(held[0], "of the first")
        page.wait_for_timeout(200)
        expect(report).to_have_text("of the second")
        page.set_input_files("#file", {"name": "first.ttl", "mimeType": "text/turtle", "buffer": b""})
        expect(report).to_have_attribute("aria-busy", "true")
        page.get_by_role("button", name="Cancel").click()
        expect(report).to_have_text("Cancelled.")
