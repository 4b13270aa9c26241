"""What can be taken whole, and what changed between two versions; the releases are small ones made here."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest

from mesoonto import resources
from tests.conftest import running_server
from tests.server.client import ask

PREFIXES = """
@prefix meso: <https://w3id.org/mesoonto/> . @prefix mesod: <https://w3id.org/mesoonto/data/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
"""
TERM = 'meso:MESO_0001020 a owl:Class ; rdfs:label "{}"@en ; rdfs:subClassOf meso:MESO_0000001 .\n'
STUDY = 'mesod:study_NCT00000001 a meso:Study ; rdfs:label "<b>A</b>"@en ; meso:enrolment {} .\n'
GONE = 'mesod:study_NCT00000002 a meso:Study ; rdfs:label "B"@en .\n'

#: Two releases: ontology and records of each.
RELEASES = {
    "0.9.0": (TERM.format("LAG-3"), STUDY.format(10) + GONE),
    "0.10.0": (TERM.format("LAG-3 checkpoint engagement"), STUDY.format(12)),
}


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("releases")
    for version, (ontology, records) in RELEASES.items():
        place = folder / version
        place.mkdir()
        bodies = {"mesoonto-full.ttl": PREFIXES + ontology, "mesoonto-data.trig": PREFIXES + records}
        for name, text in bodies.items():
            (place / name).write_text(text)
        sums = [f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in bodies.items()]
        (place / "SHA256SUMS").write_text("".join(sums))
        (place / "secret.txt").write_text("not of the release")
    (folder / "draft").mkdir()
    return folder


@pytest.fixture(scope="module")
def address(releases: Path) -> Iterator[str]:
    with running_server("--releases-dir", str(releases)) as found:
        yield found


def page(address: str, path: str) -> str:
    reply = ask(address, path=path, Accept="text/html")
    assert reply.status == 200
    return reply.text


def test_every_file_has_the_checksum_that_stands_beside_it(address: str) -> None:
    text = page(address, "/download")
    rows = re.findall(r'href="/download/([^"]+)" download>.*?<code class="digest">(\w+)</code>', text, re.S)
    assert len(rows) > 50
    for name, digest in rows[:6] + rows[6::9]:
        reply = ask(address, path=f"/download/{name}")
        assert reply.status == 200, name
        assert hashlib.sha256(reply.body).hexdigest() == digest
        assert reply.headers["content-disposition"].startswith("attachment")


def test_newest_release_comes_first(address: str) -> None:
    text = page(address, "/download")
    assert text.index("mesoonto 0.10.0") < text.index("mesoonto 0.9.0")
    assert "draft" not in text


def test_shipped_file_is_the_one_that_is_edited(address: str) -> None:
    name = "ontology/modules/mechanism.ttl"
    assert ask(address, path=f"/download/{name}").body == (resources.root() / name).read_bytes()


@pytest.mark.parametrize(
    "name",
    [
        "0.9.0/secret.txt",
        "0.9.0/../0.9.0/secret.txt",
        "0.9.0/..%2f..%2fetc%2fpasswd",
        "../../etc/passwd",
        "draft/",
        "ontology/data/studies/study_NCT02899299.ttl",
        "pyproject.toml",
    ],
)
def test_nothing_but_what_is_listed_is_given(address: str, name: str) -> None:
    assert ask(address, path=f"/download/{name}").status == 404


def test_dumps_hold_as_many_triples_as_the_page_says(address: str) -> None:
    text = page(address, "/download")
    rows = re.findall(
        r'<code>(graph/\w+)</code></th><td class="number">([\d,]+)</td>\s*<td>(.*?)</td>', text, re.S
    )
    assert len(rows) == 6
    name, number, links = min(rows, key=lambda row: int(row[1].replace(",", "")))
    (href,) = re.findall(r'href="([^"]+)" download>N-Triples', links)
    reply = ask(address, path=unescape(href))
    assert reply.status == 200, name
    assert len(reply.body.splitlines()) == int(number.replace(",", ""))


def test_table_has_a_row_for_each_study(address: str) -> None:
    (href,) = re.findall(r'href="([^"]+)" download="studies.csv"', page(address, "/download"))
    rows = list(csv.DictReader(io.StringIO(ask(address, path=unescape(href)).text)))
    query = urlencode({"query": "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s a meso:Study }"})
    counted = ask(address, path=f"/sparql?{query}", Accept="text/csv").text.split()[1]
    assert len({row["study"] for row in rows}) == int(counted)


def test_changes_are_told_in_words_under_what_they_are(address: str) -> None:
    text = page(address, "/compare?before=0.9.0&after=0.10.0")
    found = dict(re.findall(r'<h2 id="[\w-]+">(\w+) <span.*?<ul class="changes">\s*(.*?)</ul>', text, re.S))
    assert list(found) == ["Removed", "Renamed", "Changed"]
    assert "removes study &#39;B&#39;" in found["Removed"]
    # What is still there is led to; what is gone is not.
    assert "<a" not in found["Removed"]
    assert '<a href="/MESO_0001020">renames &#39;LAG-3&#39; to &#39;LAG-3 checkpoint' in found["Renamed"]
    assert "enrolment" in found["Changed"]
    assert "<b>A</b>" not in text


def test_version_is_the_same_as_itself(address: str) -> None:
    assert "Nothing changed" in page(address, "/compare?before=shipped&after=shipped")


def test_release_is_compared_with_what_is_shipped(address: str) -> None:
    text = page(address, "/compare?before=0.10.0&after=shipped")
    assert "adds study &#39;CheckMate 743&#39;" in text


@pytest.mark.parametrize("before", ["", "9.9.9", "../etc", "draft"])
def test_version_that_is_not_there_is_404(address: str, before: str) -> None:
    reply = ask(address, path=f"/compare?{urlencode({'before': before, 'after': 'shipped'})}")
    assert reply.status == 404
    assert "0.9.0, 0.10.0, shipped" in reply.text
