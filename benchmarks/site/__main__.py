"""Measures the site: ``python -m benchmarks.site``; README.md tells what."""

from __future__ import annotations

import argparse
import http.client
import os
import platform
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser, sync_playwright
from tests.conftest import free_port, program
from tests.server.browser import FLAGS

HERE = Path(__file__).resolve().parent

#: A page of each kind, by name.
PAGES = {
    "home": "/",
    "trial": "/data/study_NCT02899299",
    "result": "/data/result_NCT02899299_2021_os_hr_all",
    "statement": "/data/statement_PMID31945495_1",
    "decision": "/data/decision_FDA_2020",
    "cohort": "/data/cohort_NCT02899299_main",
    "publication": "/document?iri=https%3A%2F%2Fpubmed.ncbi.nlm.nih.gov%2F33485464",
    "mechanism": "/MESO_0001020",
    "intervention": "/MESO_0002101",
    "biomarker": "/MESO_0003001",
    "trials": "/browse/trials",
    "mechanisms": "/browse/mechanisms",
    "map": "/map",
    "landscape": "/landscape",
    "comparisons": "/comparisons",
    "pooled": "/pool",
    "decisions": "/decisions",
    "stratify": "/stratify",
    "ask": "/ask",
    "validate": "/validate",
    "about": "/about",
}

_HISTOLOGIES = ("epithelioid", "biphasic", "sarcomatoid", "non-epithelioid")
_MARKERS = (
    "ASS1=lost",
    "BAP1=lost",
    "NF2=altered",
    "PD-L1=high",
    "MTAP=lost",
    "TMB=low",
    "VISTA=high",
    "CDKN2A=deleted",
)
_WORDS = (
    "nivolumab",
    "checkmate",
    "arginine",
    "mesothelin",
    "bevacizumab",
    "lag-3",
    "sarcomatoid",
    "tead",
    "exhaustion",
)

#: Addresses that differ in every round, so that nothing kept answers them.
VARYING = {
    "tumour profile": [
        f"/stratify?set=histology%3D{h}&set={quote(m)}" for h, m in product(_HISTOLOGIES, _MARKERS)
    ],
    "search": [f"/search?q={quote(w[:n])}" for n in (3, 4, 5, 9) for w in _WORDS],
    "suggestions": [f"/search/suggest?q={quote(w[:n])}" for n in (3, 4, 5, 6) for w in _WORDS],
    "sitemap": ["/sitemap.xml"],
}

_OBSERVE = """
const seen = (window.seen = { paint: 0, shift: 0 });
const watch = (type, take) =>
  new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
watch("largest-contentful-paint", (entry) => { seen.paint = entry.startTime; });
watch("layout-shift", (entry) => { seen.shift += entry.hadRecentInput ? 0 : entry.value; });
"""


@dataclass(frozen=True, slots=True)
class Answered:
    """First bytes of one kind of page, in milliseconds, and its size."""

    name: str
    first: float
    median: float
    worst: float
    size: int


@dataclass(frozen=True, slots=True)
class Shown:
    """One page in the browser."""

    name: str
    loaded: int  #: bytes, without the bundles of editor, map and charts
    paint: float  #: milliseconds
    shift: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--results", type=Path, default=HERE / "RESULTS.md")
    options = parser.parse_args()
    before = os.getloadavg()
    with _server() as port:
        kinds = {name: [path] for name, path in PAGES.items()} | VARYING
        answered = [_answered(port, name, paths, options.rounds) for name, paths in kinds.items()]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program("chromium"), args=FLAGS)
            pages = PAGES | {"tumour profile": VARYING["tumour profile"][0], "search": VARYING["search"][0]}
            shown = [_shown(browser, port, name, path) for name, path in pages.items()]
            version = browser.version
            browser.close()
    text = "\n".join(_report(answered, shown, options.rounds, version, (before, os.getloadavg()))) + "\n"
    options.results.write_text(text)
    sys.stdout.write(text)


@contextmanager
def _server() -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", "mesoonto", "serve", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready").close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


def _answered(port: int, name: str, paths: list[str], rounds: int) -> Answered:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    times, size = [], 0
    for number in range(rounds + 1):
        start = time.perf_counter()
        connection.request("GET", paths[number % len(paths)], headers={"Accept": "text/html"})
        answer = connection.getresponse()
        times.append(1000 * (time.perf_counter() - start))
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{paths[number % len(paths)]}: {answer.status} {body[:200]!r}")
        size = max(size, len(body))
    connection.close()
    return Answered(name, times[0], statistics.median(times[1:]), max(times[1:]), size)


def _shown(browser: Browser, port: int, name: str, path: str) -> Shown:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.add_init_script(_OBSERVE)
    sizes: list[int] = []
    page.on(
        "requestfinished",
        lambda r: sizes.append(0 if "/bundles/" in r.url else r.sizes()["responseBodySize"]),
    )
    page.goto(f"http://127.0.0.1:{port}{path}", wait_until="networkidle")
    page.wait_for_timeout(300)
    seen = page.evaluate("window.seen")
    context.close()
    return Shown(name, sum(sizes), seen["paint"], seen["shift"])


def _report(
    answered: list[Answered],
    shown: list[Shown],
    rounds: int,
    chromium: str,
    loads: tuple[tuple[float, ...], tuple[float, ...]],
) -> Iterator[str]:
    yield "# Results of the benchmark of the site\n"
    yield "Written by `python -m benchmarks.site`; [README.md](README.md) tells what is measured.\n"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield (
        f"{datetime.now(UTC):%Y-%m-%d}, {cores} cores, {platform.system()} {platform.machine()}, Python "
        f"{platform.python_version()}, Chromium {chromium}, {rounds} rounds; load of the machine "
        f"{loads[0][0]:.1f} before and {loads[1][0]:.1f} after.\n"
    )
    yield "## First byte, in milliseconds\n"
    yield "| kind | first request | median | worst | bytes |\n|---|--:|--:|--:|--:|"
    for a in answered:
        yield f"| {a.name} | {a.first:.0f} | {a.median:.1f} | {a.worst:.0f} | {a.size:,} |"
    medians = [a.median for a in answered]
    yield f"\nHighest median {max(medians):.1f}; {sum(m < 50 for m in medians)} of {len(medians)} below 50.\n"
    yield "## In Chromium\n"
    yield "| page | bytes loaded | largest paint, ms | layout shift |\n|---|--:|--:|--:|"
    for s in shown:
        yield f"| {s.name} | {s.loaded:,} | {s.paint:.0f} | {s.shift:.3f} |"
    yield (
        f"\nAt most {max(s.loaded for s in shown):,} bytes, {max(s.paint for s in shown):.0f} ms, shift "
        f"{max(s.shift for s in shown):.3f}."
    )


if __name__ == "__main__":
    main()
