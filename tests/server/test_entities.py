"""Entities by Accept and by ending; identifiers that lead to them; what their pages carry for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
import rdflib

from mesoonto import resources
from tests.conftest import running_server
from tests.server.client import Reply, ask

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

PAPER = "https://pubmed.ncbi.nlm.nih.gov/33485464"
DOCUMENT = f"/document?iri={quote(PAPER, safe='')}"

FORMS = {
    ".ttl": ("text/turtle", "turtle"),
    ".jsonld": ("application/ld+json", "json-ld"),
    ".rdf": ("application/rdf+xml", "xml"),
    ".nt": ("application/n-triples", "nt"),
}

CITATIONS = {
    ".bib": ("application/x-bibtex", b"@"),
    ".ris": ("application/x-research-info-systems", b"TY  - "),
    ".csl.json": ("application/vnd.citationstyles.csl+json", b"["),
}


class Data(HTMLParser):
    """The text of the data blocks of a page, and all its links."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[str] = []
        self.links: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self._inside = tag == "script" and found.get("type") == "application/ld+json"
        self.links += [found.get("href") or ""] * (tag == "a")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "script"

    def handle_data(self, data: str) -> None:
        self.blocks += [data] * self._inside


def page(address: str, path: str) -> Reply:
    return ask(address, path=path, Accept="text/html")


@pytest.mark.parametrize("path", ["/MESO_0001020", "/data/study_NCT02899299"])
@pytest.mark.parametrize("ending", FORMS)
def test_by_accept_and_by_ending_it_is_the_same(address: str, path: str, ending: str) -> None:
    media_type, parser = FORMS[ending]
    negotiated = ask(address, path=path, Accept=media_type)
    direct = ask(address, path=path + ending)
    assert negotiated.type == direct.type == media_type
    assert negotiated.body == direct.body
    assert negotiated.headers["content-location"] == path + ending
    assert "accept" in negotiated.headers["vary"]
    graph = rdflib.Graph().parse(data=direct.body, format=parser)
    assert set(graph.subjects()) >= {rdflib.URIRef("https://w3id.org/mesoonto" + path)}


@pytest.mark.parametrize("path", ["/MESO_0001020", "/data/result_NCT02899299_2021_os_hr_all", DOCUMENT])
@pytest.mark.parametrize("ending", CITATIONS)
def test_citation_in_each_form(address: str, path: str, ending: str) -> None:
    media_type, start = CITATIONS[ending]
    place = f"{path}&format={ending[1:]}" if "?" in path else path + ending
    for reply in (ask(address, path=path, Accept=media_type), ask(address, path=place)):
        assert (reply.status, reply.type) == (200, media_type)
        assert reply.body.startswith(start)


def test_paper_is_described_in_rdf(address: str) -> None:
    graph = rdflib.Graph().parse(data=ask(address, path=f"{DOCUMENT}&format=ttl").body, format="turtle")
    assert set(graph.subjects()) == {rdflib.URIRef(PAPER)}


def test_what_is_only_named_comes_with_what_names_it(address: str) -> None:
    assert page(address, "/graph/data").status == 200
    graph = rdflib.Graph().parse(data=ask(address, path="/graph/data.ttl").body, format="turtle")
    assert set(graph.objects()) == {rdflib.URIRef("https://w3id.org/mesoonto/graph/data")}


def test_page_of_what_is_named_often_stays_small_and_says_what_it_leaves_out(address: str) -> None:
    reply = page(address, "/MESO_0004001")
    assert len(reply.body) < 150_000
    more = re.findall(r"(\d+) more; <a href=\"/ask\?query=SELECT", reply.text)
    query = quote("SELECT (COUNT(DISTINCT ?r) AS ?n) { ?r a meso:Result ; ?p meso:MESO_0004001 }")
    counted = ask(address, path=f"/sparql?query={query}", Accept="text/csv").text.split()[1]
    assert int(more[0]) == int(counted) - 60


def test_what_is_offered_in_no_form_is_refused(address: str) -> None:
    assert ask(address, path="/MESO_0001020", Accept="image/png").status == 406
    assert ask(address, path=f"{DOCUMENT}&format=pdf").status == 400


def test_page_links_to_its_other_forms(address: str) -> None:
    reply = page(address, "/MESO_0001020")
    found = dict(re.findall(r'<([^>]+)>; rel="describedby"; type="([^"]+)"', reply.headers["link"]))
    assert {f"/MESO_0001020{ending}": media for ending, (media, _) in FORMS.items()}.items() <= found.items()
    assert '<https://w3id.org/mesoonto/MESO_0001020>; rel="cite-as"' in reply.headers["link"]
    assert "accept-language" in reply.headers["vary"]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("NCT02899299", "/data/study_NCT02899299"),
        ("nct02899299", "/data/study_NCT02899299"),
        ("MESO:0001020", "/MESO_0001020"),
        ("https://w3id.org/mesoonto/MESO_0001020", "/MESO_0001020"),
        ("PMID:33485464", DOCUMENT),
        ("33485464", DOCUMENT),
        ("10.1016/S0140-6736(20)32714-8", DOCUMENT),
        ("https://doi.org/10.1016/S0140-6736(20)32714-8", DOCUMENT),
    ],
)
def test_identifier_leads_to_what_has_it(address: str, name: str, place: str) -> None:
    reply = ask(address, path=f"/id/{quote(name)}")
    assert (reply.status, reply.headers["location"]) == (303, place)


def test_identifier_that_nothing_has_is_404(address: str) -> None:
    reply = ask(address, path="/id/NCT99999999")
    assert reply.status == 404
    assert "NCT99999999" in reply.text


def test_our_own_iri_as_a_document_leads_to_its_page(address: str) -> None:
    reply = ask(address, path="/document?iri=https%3A%2F%2Fw3id.org%2Fmesoonto%2FMESO_0001020")
    assert (reply.status, reply.headers["location"]) == (303, "/MESO_0001020")


@pytest.mark.parametrize(
    "path",
    [
        "/MESO_0001020",
        "/MESO_0002101",
        "/data/study_NCT02899299",
        "/data/decision_FDA_2020",
        "/data/statement_PMID31945495_1",
        "/data/cohort_NCT02899299_main",
        DOCUMENT,
    ],
)
def test_page_carries_one_block_for_search_engines(address: str, path: str) -> None:
    parser = Data()
    parser.feed(page(address, path).text)
    (block,) = parser.blocks
    found = json.loads(block)
    assert found["@context"] == "https://schema.org"
    assert found["@id"] in (f"https://w3id.org/mesoonto{path}", PAPER)
    assert any(link.startswith("/ask?query=") for link in parser.links)


def test_page_names_file_and_line(address: str) -> None:
    text = page(address, "/MESO_0001020").text
    found = re.search(r"<code>(ontology/modules/\w+\.ttl):(\d+)</code>", text)
    assert found is not None
    line = (resources.root() / found[1]).read_text().splitlines()[int(found[2]) - 1]
    assert line.startswith("meso:MESO_0001020 a owl:Class")


HOSTILE = """
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<https://w3id.org/mesoonto/x> rdfs:label "</script><script>alert(1)</script>"@en, "Wort"@de ;
    rdfs:seeAlso <javascript:alert(1)> .
"""


class TestOtherData:
    @pytest.fixture(scope="class")
    def other(self, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
        path = tmp_path_factory.mktemp("data") / "data.ttl"
        path.write_text(HOSTILE)
        with running_server("--data", str(path)) as found:
            yield found

    def test_label_does_not_leave_its_block(self, other: str) -> None:
        text = page(other, "/x").text
        assert "<script>alert" not in text
        assert 'href="javascript:' not in text

    def test_label_is_in_the_language_of_the_reader(self, other: str) -> None:
        german = ask(other, path="/x", Accept="text/html", Accept_Language="fr, de-AT;q=0.8, de;q=0.7")
        assert "<h1>Wort</h1>" in german.text

    def test_no_place_is_told_of_data_that_are_not_shipped(self, other: str) -> None:
        assert "In the repository" not in page(other, "/x").text
