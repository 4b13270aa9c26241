"""``mesoonto check-sources``, against stand-ins that answer in the documented shapes, and otherwise."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from click.testing import CliRunner

from mesoonto.cli import cli
from mesoonto.dataset.store import Engine
from mesoonto.errors import EndpointError, MesoontoError
from mesoonto.namespaces import MESO
from mesoonto.ontology.files import DATA, OntologyFile
from mesoonto.ontology.model import Ontology
from mesoonto.sources import crossref, europepmc, registries, report, trials
from mesoonto.sources.cache import AnswerCache
from mesoonto.sources.client import LONGEST_WAIT, TRIES, SourceClient
from mesoonto.sources.findings import SourcesReport
from mesoonto.sources.run import SourcesRequest, run

RECORDS = """\
@prefix bibo: <http://purl.org/ontology/bibo/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix meso: <https://w3id.org/mesoonto/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<http://e/paper> a meso:Publication ;
    dcterms:title "A trial of one thing" ;
    bibo:doi "10.1000/one" ;
    bibo:pmid "11" ;
    dcterms:bibliographicCitation "Doe J et al. Journal of Things 2020" ;
    dcterms:issued "2020"^^xsd:gYear .
<http://e/nameless> a meso:Publication ;
    dcterms:title "A paper without identifier" ;
    dcterms:issued "2019"^^xsd:gYear .
<http://e/study> a meso:Study ;
    rdfs:label "ONE"@en ;
    meso:registryId "NCT00000001" ;
    meso:hasPhase meso:Phase2 ;
    meso:enrolment 40 ;
    meso:sponsor "Some One" ;
    meso:hasRegistryStatus meso:RegistryCompleted ;
    meso:registryStatusDate "2024-01-01"^^xsd:date .
<http://e/other> a meso:Study ;
    rdfs:label "TWO"@en ;
    meso:registryId "ISRCTN00000001" .
"""
WORK: dict[str, Any] = {
    "DOI": "10.1000/one",
    "title": ["A trial of one thing"],
    "container-title": ["Journal of Things"],
    "issued": {"date-parts": [[2020, 3]]},
}
PROPOSED: dict[str, Any] = {
    "DOI": "10.1000/two",
    "title": ["A Paper Without Identifier"],
    "issued": {"date-parts": [[2019]]},
}
ARTICLE: dict[str, Any] = {
    "pmid": "11",
    "doi": "10.1000/ONE",
    "title": "A trial of one thing.",
    "pubYear": "2020",
    "journalInfo": {"journal": {"title": "Journal of things", "isoabbreviation": "J Things"}},
    "pubTypeList": {"pubType": ["Journal Article"]},
}
STUDY: dict[str, Any] = {
    "protocolSection": {
        "identificationModule": {"nctId": "NCT00000001"},
        "statusModule": {"overallStatus": "COMPLETED"},
        "sponsorCollaboratorsModule": {"leadSponsor": {"name": "Some one"}},
        "designModule": {"phases": ["PHASE2"], "enrollmentInfo": {"count": 40, "type": "ACTUAL"}},
    },
    "hasResults": False,
}


class StandIn:
    """All three sources, as one server; *raw* answers come first, one by one."""

    def __init__(self) -> None:
        self.work, self.article, self.study = dict(WORK), dict(ARTICLE), json.loads(json.dumps(STUDY))
        self.raw: list[tuple[int, dict[str, str], bytes]] = []
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                status, headers, body = outer.raw.pop(0) if outer.raw else outer.answer(self.path)
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(body))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(path)
        found: object = None
        if parts.path == "/works":
            found = {"status": "ok", "message": {"items": [PROPOSED]}}
        elif parts.path.startswith("/works/") and unquote(parts.path[7:]) == self.work.get("DOI"):
            found = {"status": "ok", "message": self.work}
        elif parts.path == "/search":
            assert parse_qs(parts.query)["resultType"] == ["core"]
            found = {"hitCount": 1, "resultList": {"result": [self.article] if self.article else []}}
        elif parts.path == "/studies/NCT00000001" and self.study:
            found = self.study
        body = json.dumps(found).encode()
        return (200, {}, body) if found is not None else (404, {}, b"Resource not found.")


@pytest.fixture
def source() -> Iterator[StandIn]:
    stand_in = StandIn()
    yield stand_in
    stand_in.server.shutdown()
    stand_in.server.server_close()


@pytest.fixture
def ontology(tmp_path: Path) -> Ontology:
    path = tmp_path / "records.ttl"
    path.write_text(RECORDS)
    return Ontology([OntologyFile.read(path, DATA)])


def request_of(source: StandIn, folder: Path, **words: Any) -> SourcesRequest:
    addresses = dict.fromkeys(("crossref", "europepmc", "trials"), source.url)
    return SourcesRequest(cache=folder / "cache", interval=0, **addresses, **words)


def kinds(found: SourcesReport) -> dict[str, tuple[str, int | None, str]]:
    return {f.kind: (f.severity, f.place.line, f.found) for f in found.findings}


#: What there is to say of records that agree.
ALWAYS = {
    "identifier_proposed": ("info", 13, "10.1000/two"),
    "not_checked": ("info", 23, ""),
}


def test_records_that_agree(source: StandIn, ontology: Ontology, tmp_path: Path) -> None:
    found = run(ontology, request_of(source, tmp_path))
    assert kinds(found) == ALWAYS
    assert (found.checked, found.errors) == (4, [])
    assert not found.failed("warning")
    assert found.failed("info")
    assert all("mailto" not in path for path in source.asked)


def _update(kind: str) -> dict[str, Any]:
    return {"updated-by": [{"type": kind, "DOI": "10.1000/notice", "label": kind.title()}]}


def _notice(kind: str) -> dict[str, Any]:
    return {"commentCorrectionList": {"commentCorrection": [{"type": kind, "id": "12", "source": "MED"}]}}


@pytest.mark.parametrize(
    ("work", "article", "kind", "expected"),
    [
        (_update("retraction"), {}, "retracted", ("violation", 8, "retraction 10.1000/notice")),
        ({}, _notice("Retraction in"), "retracted", ("violation", 8, "Retraction in 12")),
        (
            {},
            {"pubTypeList": {"pubType": ["Retracted Publication"]}},
            "retracted",
            ("violation", 8, "Retracted Publication"),
        ),
        (_update("correction"), {}, "corrected", ("warning", 8, "correction 10.1000/notice")),
        ({}, _notice("Erratum in"), "corrected", ("warning", 8, "Erratum in 12")),
        ({}, _notice("Expression of concern in"), "concern", ("warning", 8, "Expression of concern in 12")),
        (
            {"relation": {"is-preprint-of": [{"id": "10.1000/paper", "id-type": "doi"}]}},
            {},
            "preprint_published",
            ("warning", 8, "10.1000/paper"),
        ),
        (
            {"relation": {"is-preprint-of": {"id": "10.1000/paper", "id-type": "doi"}}},
            {},
            "preprint_published",
            ("warning", 8, "10.1000/paper"),
        ),
        (
            {"issued": {"date-parts": [[2018]]}},
            {"pubYear": "2018"},
            "year_differs",
            ("violation", 11, "2018"),
        ),
        (
            {"title": ["Quite another subject"]},
            {"title": "Quite another subject"},
            "title_differs",
            ("violation", 7, "Quite another subject"),
        ),
        (
            {"container-title": ["Annals of Elsewhere"]},
            {"journalInfo": {}},
            "journal_differs",
            ("warning", 10, "Annals of Elsewhere"),
        ),
        ({}, {"doi": "10.1000/else"}, "identifiers_differ", ("violation", 8, "10.1000/else")),
        ({"DOI": "10.1000/else"}, {}, "unknown_identifier", ("warning", 8, "")),
        ({}, {"pmid": "12"}, "unknown_identifier", ("violation", 9, "")),
    ],
)
def test_publication_that_differs(
    source: StandIn,
    ontology: Ontology,
    tmp_path: Path,
    work: dict[str, Any],
    article: dict[str, Any],
    kind: str,
    expected: tuple[str, int, str],
) -> None:
    source.work |= work
    source.article |= article
    found = kinds(run(ontology, request_of(source, tmp_path, only="publications")))
    assert found.pop("identifier_proposed")
    assert found == {kind: expected}


@pytest.mark.parametrize(
    ("changed", "kind", "expected"),
    [
        (
            {"enrollmentInfo": {"count": 61, "type": "ACTUAL"}},
            "enrolment_differs",
            ("warning", 19, "61 ACTUAL"),
        ),
        ({"phases": ["PHASE2", "PHASE3"]}, "phase_differs", ("violation", 18, "PHASE2, PHASE3")),
        ({"hasResults": True}, "results_posted", ("warning", 17, "")),
    ],
)
def test_trial_that_differs(
    source: StandIn,
    ontology: Ontology,
    tmp_path: Path,
    changed: dict[str, Any],
    kind: str,
    expected: tuple[str, int, str],
) -> None:
    at = source.study if "hasResults" in changed else source.study["protocolSection"]["designModule"]
    at.update(changed)
    found = kinds(run(ontology, request_of(source, tmp_path, only="trials")))
    assert found == {"not_checked": ALWAYS["not_checked"], kind: expected}


def test_sponsor_and_status_that_differ(source: StandIn, ontology: Ontology, tmp_path: Path) -> None:
    section = source.study["protocolSection"]
    section["sponsorCollaboratorsModule"]["leadSponsor"]["name"] = "Another"
    section["statusModule"]["overallStatus"] = "ACTIVE_NOT_RECRUITING"
    found = run(ontology, request_of(source, tmp_path, only="trials", limit=1))
    assert kinds(found) == {
        "sponsor_differs": ("warning", 20, "Another"),
        "status_differs": ("warning", 21, "ACTIVE_NOT_RECRUITING"),
    }
    assert "that of the record is of 2024-01-01" in str(found.findings)


def test_trial_that_ended_early_without_result(source: StandIn, ontology: Ontology, tmp_path: Path) -> None:
    source.study["protocolSection"]["statusModule"]["overallStatus"] = "TERMINATED"
    found = run(ontology, request_of(source, tmp_path, only="trials", limit=1))
    assert kinds(found)["ended_early"] == ("warning", 16, "TERMINATED")


#: Every status of "Recruitment Status" in the glossary of ClinicalTrials.gov, but those of expanded access.
STATUSES = [
    *("NOT_YET_RECRUITING", "RECRUITING", "ENROLLING_BY_INVITATION", "ACTIVE_NOT_RECRUITING", "SUSPENDED"),
    *("TERMINATED", "COMPLETED", "WITHDRAWN", "UNKNOWN"),
]


def test_records_have_a_word_for_every_status(engine: Engine) -> None:
    words = {row[0].value for row in engine.query("SELECT ?s { ?s a meso:RegistryStatus }").rows()}
    assert words == {MESO + registries.status_name(status) for status in STATUSES}


def test_trial_that_the_registry_does_not_know(source: StandIn, ontology: Ontology, tmp_path: Path) -> None:
    source.study = {}
    found = run(ontology, request_of(source, tmp_path, only="trials", limit=1))
    assert kinds(found) == {"unknown_identifier": ("violation", 17, "")}


def client_of(source: StandIn, folder: Path, waits: list[float], **words: Any) -> SourceClient:
    cache = AnswerCache(folder / "cache", 100.0)
    return SourceClient(source.url, cache, interval=0, private=True, sleep=waits.append, **words)


def test_waits_as_long_as_it_is_told(source: StandIn, tmp_path: Path) -> None:
    source.raw = [
        (429, {"Retry-After": "7"}, b""),
        (500, {}, b"<html>"),
        (503, {"Retry-After": "nonsense"}, b""),
    ]
    waits: list[float] = []
    found = crossref.work(client_of(source, tmp_path, waits), "10.1000/one")
    assert found is not None
    assert waits == [7.0, 2.0, 4.0]


def test_gives_up(source: StandIn, tmp_path: Path) -> None:
    source.raw = [(500, {}, b"")] * TRIES + [(429, {"Retry-After": f"{LONGEST_WAIT + 1:.0f}"}, b"")]
    client = client_of(source, tmp_path, [])
    with pytest.raises(EndpointError, match=rf"/works/10\.1000%2Fone: answers 500 \({TRIES} tries\)"):
        crossref.work(client, "10.1000/one")
    with pytest.raises(EndpointError, match="asks to wait 121 s"):
        crossref.work(client, "10.1000/one")
    assert list((tmp_path / "cache").iterdir()) == []


HALF = b'{"message": {"DOI": "10.1000/one", "ti'
Reader = Callable[[SourceClient], object]
READERS: list[Reader] = [
    lambda client: crossref.work(client, "10.1000/one"),
    lambda client: crossref.likely(client, "A title", "2020"),
    lambda client: europepmc.by_pmid(client, "11"),
    lambda client: trials.trial(client, "NCT00000001"),
]


@pytest.mark.parametrize("reader", READERS, ids=["work", "likely", "article", "trial"])
@pytest.mark.parametrize(
    ("headers", "body", "message"),
    [
        ({"Content-Type": "text/html"}, b"<html>Down for maintenance</html>", r"no JSON \(text/html"),
        ({}, HALF, "no JSON"),
        ({"Content-Length": "5000"}, HALF, "broke off"),
        ({}, b"", r"no JSON \(no media type, 0 bytes"),
        ({}, b"[]", "an array as the answer, where an object is documented"),
        ({}, b"{}", "without the documented"),
        ({}, b"[" * 100_000, "no JSON"),
        ({"Content-Encoding": "gzip"}, b"not gzip", "not gzip"),
    ],
)
def test_broken_answers_are_told_and_not_kept(
    source: StandIn, tmp_path: Path, reader: Reader, headers: dict[str, str], body: bytes, message: str
) -> None:
    source.raw = [(200, headers, body)] * TRIES
    with pytest.raises(EndpointError, match=message):
        reader(client_of(source, tmp_path, []))
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize(
    ("work", "where"),
    [
        ({"title": "A trial"}, "a string as title"),
        ({"title": [7]}, "a number as title"),
        ({"issued": {"date-parts": [["2020"]]}}, "a string as issued"),
        ({"updated-by": {"type": "retraction"}}, "an object as updated-by"),
        ({"relation": []}, "an array as relation"),
    ],
)
def test_wrong_types_are_told(source: StandIn, tmp_path: Path, work: dict[str, Any], where: str) -> None:
    source.work |= work
    with pytest.raises(EndpointError, match=where):
        crossref.work(client_of(source, tmp_path, []), "10.1000/one")


def test_redirects_stay_on_the_host(source: StandIn, tmp_path: Path) -> None:
    source.raw = [(301, {"Location": "/works/10.1000%2Fone"}, b"")]
    client = client_of(source, tmp_path, [])
    assert crossref.work(client, "10.1000/old") is not None
    source.raw = [(302, {"Location": "http://169.254.169.254/latest"}, b"")]
    with pytest.raises(EndpointError, match="another host, 169"):
        crossref.work(client, "10.1000/other")


def test_usual_addresses_do_not_lead_to_private_hosts(source: StandIn, tmp_path: Path) -> None:
    client = SourceClient(source.url, AnswerCache(tmp_path / "cache", 100.0), interval=0)
    with pytest.raises(EndpointError, match="not public"):
        crossref.work(client, "10.1000/one")
    assert source.asked == []


def test_requests_keep_their_distance(source: StandIn, tmp_path: Path) -> None:
    waits: list[float] = []
    client = SourceClient(
        source.url,
        AnswerCache(tmp_path / "cache", 100.0),
        interval=50,
        private=True,
        sleep=waits.append,
        mailto="a@b",
    )
    crossref.work(client, "10.1000/one")
    crossref.work(client, "10.1000/two")
    assert len(waits) == 1
    assert 0 < waits[0] <= 50
    assert source.asked == ["/works/10.1000%2Fone?mailto=a%40b", "/works/10.1000%2Ftwo?mailto=a%40b"]


def test_interrupted_run_goes_on_where_it_stopped(
    source: StandIn, ontology: Ontology, tmp_path: Path
) -> None:
    def stop(done: int, _: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    request = request_of(source, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        run(ontology, request, stop)
    before = list(source.asked)
    assert len(before) == 3
    assert kinds(run(ontology, request)) == ALWAYS
    assert source.asked == [*before, "/studies/NCT00000001"]


def test_cache_takes_nothing_broken_or_old(tmp_path: Path, source: StandIn) -> None:
    now = 1000.0
    client = SourceClient(source.url, AnswerCache(tmp_path, 100.0, lambda: now), interval=0, private=True)
    crossref.work(client, "10.1000/one")
    crossref.work(client, "10.1000/one")
    assert len(source.asked) == 1
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:50])
    crossref.work(client, "10.1000/one")
    assert len(source.asked) == 2
    now = 1101.0
    crossref.work(client, "10.1000/one")
    assert len(source.asked) == 3
    assert [path.name for path in tmp_path.iterdir()] == [kept.name]


def test_source_that_is_down_is_not_asked_for_ever(source: StandIn, tmp_path: Path) -> None:
    path = tmp_path / "many.ttl"
    prefixes, _, _ = RECORDS.partition("<http://e/")
    studies = (f'<http://e/{n}> a meso:Study ; meso:registryId "NCT{n:08}" .\n' for n in range(9))
    path.write_text(prefixes + "".join(studies))
    source.raw = [(200, {}, b"<html>")] * 9
    found = run(Ontology([OntologyFile.read(path, DATA)]), request_of(source, tmp_path))
    assert len(source.asked) == 5
    assert found.errors[-1] == "4 trials were not asked for, as 5 before them got no answer"


def test_reports(source: StandIn, ontology: Ontology, tmp_path: Path) -> None:
    source.work["title"] = source.article["title"] = None
    source.work |= _update("retraction") | {"title": ["A | <b>bold</b> title"]}
    found = run(ontology, request_of(source, tmp_path, only="publications"))
    told = json.loads(report.as_json(found))
    assert {(f["kind"], f["line"]) for f in told["findings"]} >= {("retracted", 8), ("title_differs", 7)}
    assert told["checked"] == 2
    assert ":8: violation: retracted: http://e/paper: the paper was retracted" in report.as_text(found)
    assert "A \\| \\<b\\>bold\\</b\\> title" in report.as_markdown(found)


class TestCommand:
    @pytest.fixture(autouse=True)
    def _records(self, monkeypatch: pytest.MonkeyPatch, ontology: Ontology) -> None:
        monkeypatch.setattr(Ontology, "shipped", lambda *_: ontology)

    def run(self, source: StandIn, folder: Path, *arguments: str) -> Any:
        places = [f"--{name}={source.url}" for name in ("crossref", "europepmc", "trials")]
        fixed = ["--interval=0", f"--cache={folder / 'cache'}", *places]
        return CliRunner().invoke(cli, ["check-sources", *fixed, *arguments])

    def test_exit_codes_and_report(self, source: StandIn, tmp_path: Path) -> None:
        clean = self.run(source, tmp_path)
        assert clean.exit_code == 0, clean.output
        source.work |= _update("retraction")
        file = tmp_path / "report.md"
        done = self.run(source, tmp_path, "--max-age=0", "--format=markdown", f"--output={file}")
        assert done.exit_code == 1
        assert "retracted: the paper was retracted" in file.read_text()
        source.raw = [(200, {}, b"<html>")]
        broken = self.run(source, tmp_path, "--max-age=0", "--only=publications", "--limit=1")
        assert broken.exit_code == 2
        assert "answers what is no JSON" in broken.stderr

    def test_address_for_politeness_comes_from_the_environment(self, source: StandIn, tmp_path: Path) -> None:
        places = [f"--{name}={source.url}" for name in ("crossref", "europepmc", "trials")]
        CliRunner().invoke(
            cli,
            ["check-sources", "--interval=0", f"--cache={tmp_path / 'c'}", *places],
            env={"MESOONTO_CHECK_SOURCES_MAILTO": "a@b"},
            auto_envvar_prefix="MESOONTO",
        )
        assert [path.endswith("mailto=a%40b") for path in source.asked] == [True, False, True, False]

    def test_interruption_says_how_to_go_on(
        self, source: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("mesoonto.sources.run.registries.check", interrupted)
        done = self.run(source, tmp_path)
        assert done.exit_code == 2
        assert done.stderr.startswith("stopped; the answers so far are kept")

    def test_address_that_is_none(self, source: StandIn, tmp_path: Path) -> None:
        done = self.run(source, tmp_path, "--crossref=ftp://example.org")
        assert isinstance(done.exception, MesoontoError)
        assert "it begins with https://" in str(done.exception)
