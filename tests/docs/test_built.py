"""The documentation as a site: built strictly, and looked at in a browser without the rest of the world."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import ROOT
from tests.server.browser import barriers, chromium, quiet_page

pytestmark = [pytest.mark.checkout, pytest.mark.thorough]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site; a broken link or anchor ends it, or a page outside the navigation."""
    folder = tmp_path_factory.mktemp("docs")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def docs_address(site: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


class _Loaded(HTMLParser):
    """Collects what a page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        wanted = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}.get(tag)
        self.addresses += [value or "" for name, value in attrs if name == wanted]


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        loaded = _Loaded()
        loaded.feed(page.read_text("utf-8"))
        assert loaded.addresses
        assert [a for a in loaded.addresses if a.startswith(("http:", "https:", "//"))] == [], page


#: A best practice, and none of WCAG, that the theme's script does not keep: its copy buttons stand in
#: landmarks without names.
OF_THE_THEME = {"landmark-unique"}

PAGES = ["", "tutorials/researcher/", "reference/http/", "reference/python/", "reference/classes-mechanism/"]


@pytest.mark.chromium
@pytest.mark.axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_barriers_and_ask_nobody_else(browser: Browser, docs_address: str, scheme: str) -> None:
    asked: list[str] = []
    with quiet_page(browser, color_scheme=scheme, viewport={"width": 1280, "height": 900}) as page:
        page.on("request", lambda request: asked.append(request.url))
        for name in PAGES:
            page.goto(docs_address + name)
            assert [found for found in barriers(page) if found[0] not in OF_THE_THEME] == [], name
    assert [url for url in asked if not url.startswith((docs_address, "data:", "blob:"))] == []
    assert len(asked) > len(PAGES)


@pytest.mark.chromium
def test_pages_fit_a_narrow_screen(browser: Browser, docs_address: str) -> None:
    with quiet_page(browser, viewport={"width": 400, "height": 800}) as page:
        for name in [*PAGES, "reference/configuration/", "reference/command-line/", "shapes/"]:
            page.goto(docs_address + name)
            assert page.evaluate("document.documentElement.scrollWidth") <= 400, name


@pytest.mark.chromium
def test_search_finds_terms_and_options(browser: Browser, docs_address: str) -> None:
    with quiet_page(browser) as page:
        for words, place in (("arginine auxotrophy", "classes-mechanism"), ("max_rows", "configuration")):
            page.goto(docs_address)
            # What is filled in without keys, or before the page listens, is never looked up.
            expect(page.locator(".md-search-result__meta")).to_have_text("Type to start searching")
            page.locator(".md-search__input").press_sequentially(words)
            found = page.locator(f".md-search-result__link[href*='{place}']")
            expect(found.first).to_be_visible()
