"""Search over HTTP: without script, with hostile input; what search engines and browsers fetch."""

from __future__ import annotations

import json
import re
from html import unescape
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

import pytest

from tests.server.client import Reply, ask


def search(address: str, **parameters: str) -> Reply:
    return ask(address, path=f"/search?{urlencode(parameters)}", Accept="text/html")


def found(reply: Reply) -> list[str]:
    assert reply.status == 200
    return [
        unescape(label)
        for label in re.findall(r'<span class="mark">[^<]*</span> <a [^>]*>([^<]*)', reply.text)
    ]


def test_facet_is_a_link_that_leads_to_as_many_as_it_says(address: str) -> None:
    text = search(address, q="nivolumab", kind="trial").text
    links = re.findall(r'<li><a href="([^"]+)">([^<]+)</a> <span class="count">(\d+)</span>', text)
    assert len(links) > 8
    for href, value, count in links[::4]:
        reply = ask(address, path=unescape(href), Accept="text/html")
        total = re.search(r'<p class="soft">(\d+) entr', reply.text)
        assert total is not None
        assert total[1] == count, value


def test_what_was_chosen_can_be_taken_away(address: str) -> None:
    text = search(address, q="nivolumab", kind="trial", phase="phase 3").text
    assert 'href="/search?q=nivolumab&amp;phase=phase+3"' in text
    assert 'href="/search?q=nivolumab&amp;kind=trial"' in text


def test_everything_is_reached_by_going_on(address: str) -> None:
    first = found(search(address, kind="statement"))
    assert len(first) == 50
    assert '<ol class="hits" start="51">' in search(address, kind="statement", start="50").text
    assert not set(first) & set(found(search(address, kind="statement", start="50")))


@pytest.mark.parametrize(
    "parameters",
    [
        {"q": "<script>alert(1)</script>"},
        {"q": "x" * 10_000},
        {"q": "nivolumab", "phase": "phase 99"},
        {"q": "nivolumab", "start": "99999999999999999999"},
        {"q": "nivolumab", "start": "-5"},
        {"q": "nivolumab", "start": "five"},
        {"q": "\u0000", "kind": "nonsense"},
    ],
)
def test_whatever_is_asked_is_answered(address: str, parameters: dict[str, str]) -> None:
    reply = search(address, **parameters)
    assert reply.status == 200
    assert "<script>alert" not in reply.text
    assert len(reply.body) < 60_000


@pytest.mark.parametrize(
    ("typed", "label", "place"),
    [
        ("nivolumb", "nivolumab", "/MESO_0002101"),
        ("NCT02899299", "CheckMate 743", "/data/study_NCT02899299"),
        ("C68814", "nivolumab", "/MESO_0002101"),
        ("33485464", "First-line nivolumab", "/document?iri="),
    ],
)
def test_suggestion_leads_to_a_page(address: str, typed: str, label: str, place: str) -> None:
    (first, *_) = ask(address, path=f"/search/suggest?q={quote(typed)}").json
    assert first["label"].startswith(label)
    assert first["address"].startswith(place)
    assert ask(address, path=first["address"], Accept="text/html").status == 200


def test_browsers_get_suggestions_in_their_own_form(address: str) -> None:
    description = ElementTree.fromstring(ask(address, path="/opensearch.xml").text)
    (template,) = [
        url.attrib["template"]
        for url in description.findall("{http://a9.com/-/spec/opensearch/1.1/}Url")
        if url.attrib["type"] == "application/x-suggestions+json"
    ]
    asked = template.replace("{searchTerms}", "checkmate").removeprefix(address.rstrip("/"))
    typed, labels, kinds, places = json.loads(ask(address, path=asked).body)
    assert typed == "checkmate"
    assert labels[0] == "CheckMate 743"
    assert len(labels) == len(kinds) == len(places)
    assert places[0] == f"{address}data/study_NCT02899299"


def test_sitemap_has_every_entity_of_a_kind_that_can_be_searched(address: str) -> None:
    root = ElementTree.fromstring(ask(address, path="/sitemap.xml").text)
    places = [loc.text or "" for loc in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert len(places) == len(set(places))
    assert f"{address}data/statement_PMID31945495_1" in places
    for kind, pattern in (("study", "?x a meso:Study"), ("statement", "?x a meso:EvidenceStatement")):
        query = quote(f"SELECT (COUNT(DISTINCT ?x) AS ?n) {{ {pattern} }}")
        rows = ask(address, path=f"/sparql?query={query}", Accept="application/json").json
        expected = int(rows["results"]["bindings"][0]["n"]["value"])
        assert sum(f"/data/{kind}_" in place for place in places) == expected
