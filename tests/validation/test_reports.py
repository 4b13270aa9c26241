"""What people and programs are told: places, words, suggestions, and every output format."""

from __future__ import annotations

import html
import json
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif

from mesoonto.files.terms import RDF
from mesoonto.validation.report.findings import Report, Severity
from mesoonto.validation.report.outputs import Style, cause, outputs, sarif
from mesoonto.validation.validate import Options, validate
from tests.validation.helpers import PREFIXES

Run = Callable[..., subprocess.CompletedProcess[str]]

SHAPES = """
ex:PersonShape a sh:NodeShape ; rdfs:label "person" ; sh:targetClass ex:Person ;
    sh:property ex:PersonShape-name , ex:PersonShape-unit , ex:PersonShape-friend .
ex:PersonShape-name sh:path ex:name ; sh:minCount 1 ; sh:message "a person has a name, <b>&</b>" .
ex:PersonShape-unit sh:path ex:unit ; sh:in ( "metre" "mile" ) .
ex:PersonShape-friend sh:path ex:friend ; sh:class ex:Person ; sh:severity sh:Warning .
"""
DATA = """
ex:ann a ex:Person ; ex:name "Ann" ;
    ex:unit "meter" .
ex:bob a ex:Person ;
    ex:nmae "Bob" ; ex:friend ex:an .
ex:eve a ex:Person ; ex:unit "\\u0007 %\\r\\n::error::x" .
"""


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    monkeypatch.chdir(tmp_path)
    Path("data.ttl").write_text(PREFIXES + DATA)
    Path("shapes.ttl").write_text(PREFIXES + SHAPES)
    return validate([Path("data.ttl")], [Path("shapes.ttl")], Options(doubts=True))


def written(report: Report, form: str, style: Style | None = None) -> str:
    return outputs()[form].write(report, style or Style())


LINE = PREFIXES.count("\n") + 1  # the empty first line of DATA


def test_findings_have_places_words_and_a_mend(report: Report) -> None:
    found = {
        (f.focus.rpartition("/")[2], f.path.rpartition("/")[2]): (f.line - LINE, f.column, f.suggestion)
        for f in report.findings
    }
    assert found == {
        ("ann", "unit"): (2, 13, 'did you mean "metre"'),
        ("bob", "name"): (
            3,
            1,
            "the record has <https://example.org/nmae>; did you mean <https://example.org/name>",
        ),
        ("bob", "friend"): (4, 31, "did you mean <https://example.org/ann>"),
        ("eve", "name"): (5, 1, ""),
        ("eve", "unit"): (5, 30, ""),
    }
    unit = next(f for f in report.findings if f.value == "meter")
    assert (unit.shape_label, unit.component) == ("person", "InConstraintComponent")
    assert unit.expected == 'one of "metre", "mile"'
    assert unit.source == '    ex:unit "meter" .'
    assert (unit.focus_line - LINE, unit.focus_column) == (1, 1)


def test_findings_are_grouped_by_cause_and_capped(report: Report) -> None:
    assert [len(group) for group in report.groups()] == [2, 2, 1]
    text = written(report, "text", Style(limit=1))
    assert text.count("  ... and 1 more") == 2
    assert "data.ttl:8:13" in text or f"data.ttl:{LINE + 2}:13" in text
    assert '    ex:unit "meter" .' in text
    assert "\033[" not in text
    assert "\033[31m" in written(report, "text", Style(colour=True))


def test_json_tells_everything(report: Report) -> None:
    document = json.loads(written(report, "json"))
    assert document["conforms"] is False
    assert len(document["findings"]) == len(report.findings)
    assert {"line", "column", "focus_line", "suggestion", "expected"} <= document["findings"][0].keys()


@pytest.mark.parametrize("strict", [True, False])
def test_sarif_follows_its_schema(report: Report, strict: bool) -> None:
    # The model is generated from the JSON schema of SARIF 2.1.0, and refuses what the schema refuses.
    text = written(report, "sarif", Style(strict=strict))
    log = Sarif.model_validate_json(text)
    run = json.loads(text)["runs"][0]
    assert log.version.value == "2.1.0"
    assert len(run["results"]) == len(report.findings) + len(report.doubts)
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    regions = [r["locations"][0]["physicalLocation"] for r in run["results"] if "locations" in r]
    assert {place["artifactLocation"]["uri"] for place in regions} == {"data.ttl"}
    assert (LINE + 2, 13) in {(p["region"]["startLine"], p["region"]["startColumn"]) for p in regions}


def test_sarif_keeps_to_what_code_scanning_takes(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    most = len(report.doubts) + 4
    monkeypatch.setattr(sarif, "MOST", most)
    (run,) = json.loads(written(report, "sarif"))["runs"]
    assert len(run["results"]) == most < len(report.findings) + len(report.doubts)
    kept = [r["level"] for r in run["results"] if not r["ruleId"].startswith("doubt/")]
    assert kept == ["error"] * 4  # the warning was left out
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"] == f"{len(report.findings) - 4} more findings are not in this file."
    assert Sarif.model_validate_json(written(report, "sarif"))


def test_sarif_of_a_clean_report_follows_its_schema(tmp_path: Path) -> None:
    (tmp_path / "d.ttl").write_text(PREFIXES + 'ex:ann a ex:Person ; ex:name "Ann" .')
    (tmp_path / "s.ttl").write_text(PREFIXES + SHAPES)
    clean = validate([tmp_path / "d.ttl"], [tmp_path / "s.ttl"])
    assert Sarif.model_validate_json(written(clean, "sarif")).runs[0].results == []


def test_junit_counts_what_fails(report: Report) -> None:
    root = ElementTree.fromstring(written(report, "junit"))
    assert int(root.attrib["failures"]) == len(root.findall(".//failure")) == 4
    assert int(root.attrib["tests"]) == len(root.findall(".//testcase"))
    strict = ElementTree.fromstring(written(report, "junit", Style(threshold=Severity.WARNING)))
    assert len(strict.findall(".//failure")) == 5


def test_annotations_cannot_be_broken_out_of(report: Report) -> None:
    lines = written(report, "github").splitlines()
    assert all(line.startswith(("::error ", "::warning ", "::notice")) for line in lines)
    assert len(lines) == len(report.findings) + len(report.doubts) + 1
    assert f"::error file=data.ttl,line={LINE + 2},col=13,title=person::" in "".join(lines)


def test_markdown_and_html_show_hostile_text_as_text(report: Report) -> None:
    assert "<b>" not in written(report, "markdown")
    page = written(report, "html")
    assert "<b>" not in page
    assert html.escape("<b>&</b>") in page


class _Links(HTMLParser):
    """Collects what a page would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        outside = (n in ("src", "href") and not str(value).startswith("#") for n, value in attrs)
        if tag in ("script", "link", "img", "iframe") or any(outside):
            self.found.append(tag)


def test_html_needs_nothing_else(report: Report) -> None:
    links = _Links()
    links.feed(written(report, "html"))
    assert links.found == []


@pytest.mark.parametrize(
    ("form", "syntax"), [("turtle", ox.RdfFormat.TURTLE), ("jsonld", ox.RdfFormat.JSON_LD)]
)
def test_report_in_rdf(report: Report, form: str, syntax: ox.RdfFormat) -> None:
    store = ox.Store()
    store.load(written(report, form).encode(), format=syntax)
    rows = store.query(
        "PREFIX sh: <http://www.w3.org/ns/shacl#> SELECT ?focus ?conforms "
        "{ ?r a sh:ValidationReport ; sh:conforms ?conforms ; sh:result ?x . ?x sh:focusNode ?focus }"
    )
    found = list(rows)  # type: ignore[arg-type]
    assert len(found) == len(report.findings)
    assert {row["conforms"].value for row in found} == {"false"}  # type: ignore[index]


NESTED = """
ex:S a sh:NodeShape ; sh:targetClass ex:Person ; sh:property [ sh:path ex:address ; sh:node ex:Address ] ,
    [ sh:path ex:contact ; sh:or ( [ sh:class ex:Person ] ex:Reachable ) ] .
ex:Reachable sh:property [ sh:path ex:mail ; sh:minCount 1 ] .
ex:Address sh:property [ sh:path ex:zip ; sh:minCount 1 ; sh:message "an address needs a zip code" ] .
"""
HOMES = """
ex:ann a ex:Person ; ex:address [ ex:city "Bern" ] , ex:home ; ex:contact ex:thing .
ex:home ex:zip "3000" .
"""


def test_details_tell_why_a_value_does_not_conform(mesoonto: Run, tmp_path: Path) -> None:
    done = mesoonto(*files(tmp_path, HOMES, NESTED), "--no-strict", "--format=json", "--format=turtle=r.ttl")
    reasons = {f["path"].rpartition("/")[2]: f["because"] for f in json.loads(done.stdout)["findings"]}
    assert reasons == {
        "address": ["https://example.org/zip: an address needs a zip code"],
        "contact": [
            "<https://example.org/thing>: expected an instance of <https://example.org/Person>",
            "<https://example.org/thing> https://example.org/mail: expected at least 1 value",
        ],
    }
    store = ox.Store()
    store.load(path=str(tmp_path / "r.ttl"), format=ox.RdfFormat.TURTLE)
    rows = store.query(
        "PREFIX sh: <http://www.w3.org/ns/shacl#> SELECT ?of ?component { [] sh:result ?result . "
        "?result sh:sourceConstraintComponent ?of ; sh:detail/sh:sourceConstraintComponent ?component }"
    )
    names = sorted(tuple(term.value.partition("#")[2] for term in row) for row in rows)  # type: ignore[union-attr]
    assert names == [
        ("NodeConstraintComponent", "MinCountConstraintComponent"),
        ("OrConstraintComponent", "ClassConstraintComponent"),
        ("OrConstraintComponent", "MinCountConstraintComponent"),
    ]
    shared = store.query(
        "PREFIX sh: <http://www.w3.org/ns/shacl#> ASK { ?a sh:value ?node . ?b sh:sourceShape ?node }"
    )
    assert not shared  # blank nodes of the data and of the shapes stay apart


# The command line


def files(folder: Path, data: str = DATA, shapes: str = SHAPES) -> list[str]:
    (folder / "data.ttl").write_text(PREFIXES + data)
    (folder / "shapes.ttl").write_text(PREFIXES + shapes)
    return ["validate", "data.ttl", "--shapes", "shapes.ttl"]


WELL = 'ex:ann a ex:Person ; ex:name "Ann" .'


def test_several_outputs_at_once(mesoonto: Run, tmp_path: Path) -> None:
    names = ["json", "sarif", "junit", "github", "markdown", "html", "turtle", "jsonld"]
    options = [f"--format={name}=out.{name}" for name in names]
    done = mesoonto(*files(tmp_path), "--format", "text", *options, "--no-strict")
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[-1].startswith("does not conform: 4 violations, 1 warning")
    assert all((tmp_path / f"out.{name}").stat().st_size > 100 for name in names)
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize(
    ("data", "options", "code"),
    [
        (WELL, [], 0),
        (DATA, [], 1),
        (WELL + " ex:ann ex:friend ex:x .", [], 0),
        (WELL + " ex:ann ex:friend ex:x .", ["--fail-on", "warning"], 1),
        (WELL + " ex:ann ex:friend ex:x .", ["--fail-on", "info"], 1),
        ("nonsense", [], 2),
        (WELL, ["--format", "nonsense"], 2),
        (WELL, ["--format", "json=no/such/folder/x"], 2),
        (WELL, ["--changed-since", "nonsense"], 2),
    ],
)
def test_exit_codes(mesoonto: Run, tmp_path: Path, data: str, options: list[str], code: int) -> None:
    done = mesoonto(*files(tmp_path, data), *options, "--no-strict")
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_files_of_many_kinds(mesoonto: Run, tmp_path: Path) -> None:
    import gzip

    import zstandard

    arguments = files(tmp_path)
    folder = tmp_path / "records" / "deep"
    folder.mkdir(parents=True)
    for number, pack in enumerate((bytes, gzip.compress, zstandard.compress)):
        text = f"<https://example.org/n{number}> <{RDF}type> <https://example.org/Person> .\n".encode()
        (folder / f"n{number}.nt{('', '.gz', '.zst')[number]}").write_bytes(pack(text))
    for data in (["records"], ["records/deep/n0.nt", "records/*/n1*", "records/**/*.zst"]):
        done = mesoonto("validate", *data, *arguments[2:], "--no-strict")
        assert done.returncode == 1, done.stderr
        assert all(
            (f"n{n}.nt" in done.stdout and f"n{n}: <" in done.stdout) or f"n{n}" in done.stdout
            for n in range(3)
        )
        assert "3 violations" in done.stdout.splitlines()[-1]


def test_engine_of_ones_choice(mesoonto: Run, tmp_path: Path) -> None:
    arguments = files(
        tmp_path, shapes='ex:S a sh:NodeShape ; sh:targetClass ex:Person ; sh:pattern "^(?=x)" .'
    )
    done = mesoonto(*arguments, "--engine", "oxigraph")
    assert done.returncode == 2
    assert "does not compile to SPARQL" in done.stderr
    verdicts = [
        mesoonto(*arguments, "--no-strict", *more).stdout.splitlines()[-1]
        for more in ([], ["--engine", "pyshacl"])
    ]
    assert verdicts[0] == verdicts[1]


BROKEN = {
    "a syntax error": (b"ex:a ex:b\n  ] .", "bad.ttl:1:"),
    "Latin-1": (b"# caf\xe9\n", "bad.ttl:1:6: not UTF-8"),
    "a literal of 100 MB": (b'<urn:a> <urn:b> """' + b"x" * 100_000_000 + b'""" .', "bad.ttl:1:"),
    "deep nesting": (b"<urn:a> <urn:b> " + b"[ <urn:c> " * 100_000, "bad.ttl"),
    "packed rubbish": (b"\x1f\x8b rubbish", "bad.ttl.gz"),
    "packed half": (b"\x28\xb5\x2f\xfd", "bad.ttl.zst"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_bad_input_gets_one_line(mesoonto: Run, tmp_path: Path, case: str) -> None:
    content, told = BROKEN[case]
    name = told.partition(":")[0]
    (tmp_path / name).write_bytes(content)
    done = mesoonto("validate", name)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1, done.stderr[:500]
    assert done.stderr.startswith(f"mesoonto: {told}"), done.stderr[:300]
    assert len(done.stderr) < 1000


def test_shapes_that_never_end_get_one_line(mesoonto: Run, tmp_path: Path) -> None:
    for shape in (
        "ex:S a sh:NodeShape ; sh:targetClass ex:Person ; sh:in _:l . _:l rdf:first 1 ; rdf:rest _:l .",
        "ex:S a sh:NodeShape ; sh:targetClass ex:Person ; sh:not ex:S .",
    ):
        done = mesoonto(*files(tmp_path, WELL, shape))
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("form", ["text", "markdown", "html", "github"])
def test_causes_without_words_of_the_shape_name_their_property(tmp_path: Path, form: str) -> None:
    (tmp_path / "shapes.ttl").write_text(
        PREFIXES
        + "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property [ sh:path ex:p ; sh:minCount 1 ] ,"
        ' [ sh:path ex:q ; sh:minCount 1 ] , [ sh:path ex:r ; sh:minCount 1 ; sh:message "an r, please" ] .'
    )
    (tmp_path / "data.ttl").write_text(PREFIXES + "ex:a a ex:T . ex:b a ex:T .")
    found = validate([tmp_path / "data.ttl"], [tmp_path / "shapes.ttl"])
    style = Style(limit=1)
    text = written(found, form, style).replace("\\", "").replace("%3A", ":")
    assert {f"https://example.org/{name}: expected at least 1 value" in text for name in "pq"} == {True}
    assert [cause(group) for group in found.groups()][2] == "an r, please"
