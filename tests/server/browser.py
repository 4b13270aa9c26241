"""A real Chromium for tests of pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import program

#: Milliseconds that a page may take on a busy machine; how fast it is, is measured in benchmarks/.
expect.set_options(timeout=30_000)

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, closed afterwards."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def quiet_page(browser: Browser, **context: Any) -> Iterator[Page]:
    """A page in a context of its own, in which no script fails and nothing that belongs to it is missing."""
    opened = browser.new_context(**context)
    page = opened.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    yield page
    opened.close()
    # 400 answers that a test provokes are shown by the browser as console errors.
    left = [text for text in problems if "400" not in text]
    assert not left, left


#: WCAG 2.2 AA and axe's best practices. What is in order need not be described, which takes half the time.
_AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}


def barriers(page: Page) -> list[tuple[str, str]]:
    """What axe finds on *page*, whose context bypasses the policy of the site: rule and first element."""
    page.evaluate(Path(str(program("axe"))).read_text())
    found = page.evaluate(f"axe.run({json.dumps(_AXE)})")["violations"]
    return [(violation["id"], violation["nodes"][0]["html"]) for violation in found]
