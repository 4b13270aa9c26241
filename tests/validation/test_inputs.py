"""What is read: imports by a catalog, contexts, standard input, addresses, broken files, what git knows."""

from __future__ import annotations

import http.server
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif

from mesoonto import resources
from mesoonto.errors import InputError
from mesoonto.files import catalog, network
from mesoonto.files.terms import TYPE
from mesoonto.validation.request import DOUBTS
from tests.conftest import ROOT
from tests.validation.helpers import PREFIXES

Run = Callable[..., subprocess.CompletedProcess[str]]
PROGRAM = Path(sys.executable).parent / "mesoonto"
SHAPES = (
    "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property [ sh:path ex:n ; sh:datatype xsd:integer ] ."
)
BAD = 'ex:x a ex:T ; ex:n "no" .'
XML = '<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">'


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text if text.startswith(("{", "<")) else PREFIXES + text)


def report(done: subprocess.CompletedProcess[str]) -> dict[str, list[dict[str, str]]]:
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def kinds(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [doubt["kind"] for doubt in report(done)["doubts"]]


# Imports and catalogs


def test_shipped_catalog_names_every_module() -> None:
    found = catalog.read([resources.root() / "ontology" / "catalog-v001.xml"])
    path = found.path("https://w3id.org/mesoonto/modules/core")
    assert path is not None
    assert path.samefile(resources.root() / "ontology" / "modules" / "core.ttl")
    assert found.path("https://w3id.org/mesoonto/modules/nothing") is None


def test_entries_of_a_catalog(tmp_path: Path) -> None:
    write(
        tmp_path,
        a_xml=f'{XML}<group xml:base="deep/"><uri id="x" name="urn:a" uri="a%20b.ttl"/></group>'
        '<rewriteURI uriStartString="http://e/" rewritePrefix="all/"/>'
        '<rewriteURI uriStartString="http://e/x/" rewritePrefix="x/"/>'
        '<uriSuffix uriSuffix="/last.ttl" uri="last.ttl"/><uri name="urn:web" uri="http://elsewhere/"/>'
        '<nextCatalog catalog="deep/b.xml"/></catalog>',
        deep__b_xml=f'{XML}<uri name="urn:a" uri="never.ttl"/><uri name="urn:b#" uri="b.ttl"/>'
        '<nextCatalog catalog="../a.xml"/></catalog>',
    )
    found = catalog.read([tmp_path / "a.xml"])
    expected = {
        "urn:a": "deep/a b.ttl", "urn:b": "deep/b.ttl", "http://e/f.ttl": "all/f.ttl",
        "http://e/x/f.ttl": "x/f.ttl", "urn:some/last.ttl": "last.ttl",
    }  # fmt: skip
    assert {iri: found.path(iri) for iri in expected} == {i: tmp_path / f for i, f in expected.items()}
    assert found.path("urn:web") is None
    assert found.path("urn:c") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<catalog", "not an XML catalog"),
        ('<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>', "entity declarations"),
    ],
)
def test_broken_catalog_gets_one_line(mesoonto: Run, tmp_path: Path, text: str, told: str) -> None:
    write(tmp_path, c_xml=text, d_ttl=BAD, s_ttl=SHAPES)
    done = mesoonto("validate", "d.ttl", "--shapes", "s.ttl", "--catalog", "c.xml")
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_imports_of_shapes_are_followed_by_the_catalog(mesoonto: Run, tmp_path: Path) -> None:
    owl = "http://www.w3.org/2002/07/owl#"
    head = f"# a remark\n<http://e/{{}}> a <{owl}Ontology> ; <{owl}imports> <http://e/{{}}> . "
    write(
        tmp_path, s_ttl=head.format("top", "middle"), m_ttl=head.format("middle", "real"),
        r_ttl=head.format("real", "top") + SHAPES, d_ttl=BAD,
        c_xml=f'{XML}<uri name="http://e/middle" uri="m.ttl"/><uri name="http://e/real" uri="r.ttl"/>'
        "</catalog>",
    )  # fmt: skip
    arguments = ["validate", "d.ttl", "--shapes", "s.ttl", "--format", "json"]
    alone = mesoonto(*arguments, "--strict")
    assert alone.returncode == 1
    assert {"not-imported", "no-shapes"} <= set(kinds(alone))
    followed = mesoonto(*arguments, "--strict", "--catalog", "c.xml")
    assert followed.returncode == 1
    assert len(report(followed)["findings"]) == 1
    assert kinds(followed) == []
    together = mesoonto(*arguments, "--shapes", "m.ttl", "--shapes", "r.ttl", "--strict")
    assert kinds(together) == []


# JSON-LD contexts and syntaxes

JSON = '{"@context": "http://context.example/v1", "@id": "http://d/x", "@type": "T",\n "n": "no"}'
CONTEXT = json.dumps({"@context": {"T": "https://example.org/T", "n": "https://example.org/n"}})
CATALOG = f'{XML}<uri name="http://context.example/v1" uri="context.json"/></catalog>'


def test_context_comes_from_the_catalog(mesoonto: Run, tmp_path: Path) -> None:
    write(tmp_path, d_json=JSON, context_json=CONTEXT, c_xml=CATALOG, s_ttl=SHAPES)
    arguments = ["validate", "d.json", "--shapes", "s.ttl", "--format", "json", "--no-strict"]
    without = mesoonto(*arguments)
    assert without.returncode == 2
    assert "d.json:1: the context http://context.example/v1 is not at hand" in without.stderr
    found = report(mesoonto(*arguments, "--catalog", "c.xml"))["findings"]
    assert [(f["line"], f["value"]) for f in found] == [(2, "no")]


def test_context_that_leads_to_itself_is_refused(mesoonto: Run, tmp_path: Path) -> None:
    write(
        tmp_path, d_json=JSON, context_json='{"@context": ["http://context.example/v1"]}', c_xml=CATALOG,
        s_ttl=SHAPES,
    )  # fmt: skip
    done = mesoonto("validate", "d.json", "--shapes", "s.ttl", "--catalog", "c.xml")
    assert done.returncode == 2
    assert "leads to itself" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("syntax", ["turtle", "ntriples", "jsonld"])
def test_standard_input_and_named_syntax(tmp_path: Path, syntax: str) -> None:
    write(tmp_path, s_ttl=SHAPES)
    text = {
        "turtle": PREFIXES + BAD,
        "ntriples": f"<urn:x> <{TYPE.value}> <https://example.org/T> .\n"
        '<urn:x> <https://example.org/n> "no" .\n',
        "jsonld": '{"@id": "urn:x", "@type": "https://example.org/T", "https://example.org/n": "no"}',
    }[syntax]
    (tmp_path / "d.txt").write_text(text)
    for data in ("-", "d.txt"):
        done = subprocess.run(
            [PROGRAM, "validate", data, "--shapes", "s.ttl", "--data-format", syntax, "--format", "json"],
            input=text, capture_output=True, text=True, check=False, cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode == 1, done.stderr
        assert [f["file"] for f in report(done)["findings"]] == ["stdin" if data == "-" else "d.txt"]
    done = subprocess.run(
        [PROGRAM, "validate", "-"], input=text, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 2
    assert "--data-format" in done.stderr


@pytest.mark.parametrize("ending", ["ttl", "nt", "jsonld", "rdf"])
def test_byte_order_mark_is_read_over(mesoonto: Run, tmp_path: Path, ending: str) -> None:
    text = {
        "ttl": "<urn:x> a <https://example.org/T> .",
        "nt": "<urn:x> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://example.org/T> .",
        "jsonld": '{"@id": "urn:x", "@type": "https://example.org/T"}',
        "rdf": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="https://example.org/">'
        '<e:T rdf:about="urn:x"/></rdf:RDF>',
    }[ending]
    write(tmp_path, s_ttl=SHAPES.replace("sh:datatype xsd:integer", "sh:minCount 1"))
    (tmp_path / f"d.{ending}").write_bytes(b"\xef\xbb\xbf" + text.encode())
    found = report(mesoonto("validate", f"d.{ending}", "--shapes", "s.ttl", "--format", "json"))["findings"]
    assert [f["line"] for f in found] == [1]


# The web


class _Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "ftp://127.0.0.1/x")
            self.end_headers()
            return
        body = {
            "/d": (PREFIXES + BAD).encode(),
            "/context": CONTEXT.encode(),
            "/long": b"x" * (network.MOST_BYTES + 10),
        }.get(self.path)
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "application/json" if self.path == "/context" else "text/turtle")
        self.end_headers()
        if body:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_address_is_fetched_when_asked_for(mesoonto: Run, tmp_path: Path, web: str) -> None:
    write(tmp_path, s_ttl=SHAPES, d_jsonld=JSON.replace("http://context.example/v1", f"{web}/context"))
    arguments = ["validate", "--shapes", "s.ttl", "--format", "json"]
    refused = mesoonto(*arguments, f"{web}/d")
    assert refused.returncode == 2
    assert "--allow-network" in refused.stderr
    for data in (f"{web}/d", "d.jsonld"):
        found = mesoonto(*arguments, data, "--allow-network")
        assert [f["file"] for f in report(found)["findings"]] == [data], found.stderr


@pytest.mark.parametrize(("path", "told"), [("/none", "404"), ("/moved", "ftp"), ("/long", "longer than")])
def test_what_does_not_come_gets_one_line(web: str, path: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        network.fetch(web + path)
    with pytest.raises(InputError, match="only http"):
        network.fetch("file:///etc/passwd")


# Files that cannot be read


def test_broken_file_is_told_and_the_others_are_judged(mesoonto: Run, tmp_path: Path) -> None:
    write(tmp_path, d__a_ttl=BAD, d__b_ttl="ex:y a ] .", d__c_ttl=BAD.replace("ex:x", "ex:z"), s_ttl=SHAPES)
    (tmp_path / "d" / "d.ttl").write_bytes(b"\xff\xfe")
    forms = [
        "github",
        "sarif=o.sarif",
        "junit=o.xml",
        "json=o.json",
        "html=o.html",
        "markdown=o.md",
        "turtle=o.ttl",
    ]
    done = mesoonto("validate", "d", "--shapes", "s.ttl", *(f"--format={form}" for form in forms))
    assert done.returncode == 2
    assert [line.partition(": ")[2].partition(":")[0] for line in done.stderr.splitlines()] == [
        "d/b.ttl",
        "d/d.ttl",
    ]
    line = PREFIXES.count("\n") + 1
    assert f"::error file=d/b.ttl,line={line},col=" in done.stdout
    assert done.stdout.count("::error file=d/a.ttl") == done.stdout.count("::error file=d/c.ttl") == 1
    found = json.loads((tmp_path / "o.json").read_text())
    assert {f["file"] for f in found["findings"]} == {"d/a.ttl", "d/c.ttl"}
    assert [error["file"] for error in found["errors"]] == ["d/b.ttl", "d/d.ttl"]
    run = Sarif.model_validate_json((tmp_path / "o.sarif").read_text()).runs[0]
    assert run.invocations is not None
    assert run.invocations[0].executionSuccessful is False
    junit = ElementTree.parse(tmp_path / "o.xml").getroot()
    assert len(junit.findall(".//error")) == int(junit.attrib["errors"]) == 2
    for name in ("o.html", "o.md"):
        assert "d/b.ttl" in (tmp_path / name).read_text().replace("\\", "")


@pytest.mark.parametrize("data", ["nonsense", None])
def test_outputs_are_written_also_when_nothing_could_be_read(
    mesoonto: Run, tmp_path: Path, data: str | None
) -> None:
    write(tmp_path, s_ttl=SHAPES, **({} if data is None else {"d_ttl": data}))
    done = mesoonto(
        "validate",
        "d.ttl",
        "--shapes",
        "s.ttl",
        "--format=github",
        "--format=sarif=o.sarif",
        "--format=junit=o.xml",
    )
    assert done.returncode == 2
    assert "::error file=d.ttl" in done.stdout
    results = json.loads((tmp_path / "o.sarif").read_text())["runs"][0]["results"]
    assert [r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in results] == ["d.ttl"]
    assert len(ElementTree.parse(tmp_path / "o.xml").findall(".//error")) == 1


QUERIES = {
    "ex:S sh:sparql [ sh:select 'SELECT $this { $this owl:p 1 }' ] .": "uses the prefix owl:",
    "ex:S sh:sparql [ sh:select 'SELECT $this { $this ?p }' ] .": 'is not SPARQL at "}"',
    "ex:S sh:target [ a sh:SPARQLTarget ; sh:select 'SELECT ?this { ?this a owl:C }' ] .": "the prefix owl:",
    "ex:S sh:target [ a sh:SPARQLTarget ; sh:select 'SELECT ?x { ?x a <u:T> }' ] .": "does not select ?this",
}


@pytest.mark.parametrize("query", QUERIES)
def test_wrong_query_is_told_with_its_place_in_few_words(mesoonto: Run, tmp_path: Path, query: str) -> None:
    write(tmp_path, d_ttl=BAD, s_ttl=f"# one line\n{SHAPES}\n{query}")
    done = mesoonto("validate", "d.ttl", "--shapes", "s.ttl")
    assert done.returncode == 2
    line = PREFIXES.count("\n") + 2
    assert done.stderr.startswith(f"mesoonto: s.ttl:{line}:1: the shapes cannot be used: the query of ")
    assert QUERIES[query] in done.stderr
    assert len(done.stderr) < 220


# Since a revision


def git(folder: Path, *arguments: str) -> None:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


FRIENDS = "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property [ sh:path ex:friend ; sh:class ex:T ] ."


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    write(tmp_path, d__a_ttl="ex:a a ex:T ; ex:friend ex:b .", d__b_ttl="ex:b a ex:T .", s_ttl=FRIENDS)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    return tmp_path


@pytest.mark.parametrize("data", [["d"], ["d/*.ttl"], ["."], ["d/a.ttl", "--context", "d"]])
def test_deleted_file_is_a_change(mesoonto: Run, repository: Path, data: list[str]) -> None:
    arguments = [
        "validate",
        *data,
        "--shapes",
        "s.ttl",
        "--changed-since",
        "HEAD",
        "--no-strict",
        "--format",
        "json",
    ]
    assert report(mesoonto(*arguments))["findings"] == []
    (repository / "d" / "b.ttl").unlink()
    done = mesoonto(*arguments)
    assert done.returncode == 1, done.stderr
    assert [f["file"] for f in report(done)["findings"]] == ["d/a.ttl"]


def test_changed_shapes_check_everything(mesoonto: Run, repository: Path) -> None:
    arguments = ["validate", "d", "--shapes", "s.ttl", "--changed-since", "HEAD", "--no-strict"]
    write(repository, s_ttl="# laid out anew\n\n" + FRIENDS)
    assert mesoonto(*arguments).returncode == 0
    write(repository, s_ttl=FRIENDS + "ex:S sh:nodeKind sh:Literal .")
    done = mesoonto(*arguments)
    assert done.returncode == 1
    assert "everything, as the shapes differ" in done.stderr


def test_context_is_not_checked_and_an_ontology_among_the_data_neither(mesoonto: Run, tmp_path: Path) -> None:
    ontology = BAD.replace("ex:x", "ex:shipped") + " ex:T a rdfs:Class ."
    write(tmp_path, d__a_ttl=BAD, d__o_ttl=ontology, s_ttl=SHAPES)
    arguments = ["validate", "d", "--shapes", "s.ttl", "--format", "json", "--strict"]
    for option in ("--ontology", "--context"):
        found = mesoonto(*arguments, option, "d/o.ttl")
        assert [f["file"] for f in report(found)["findings"]] == ["d/a.ttl"]


def test_findings_beyond_those_that_are_placed_come_last_and_name_their_file(
    mesoonto: Run, tmp_path: Path
) -> None:
    for name in "ab":
        rows = "\n".join(f'ex:{name}{n} a ex:T ; ex:n "b{n}" .' for n in range(600))
        write(tmp_path, **{f"d__{name}_ttl": rows})
    write(tmp_path, s_ttl=SHAPES)
    found = report(mesoonto("validate", "d", "--shapes", "s.ttl", "--format", "json"))["findings"]
    assert len(found) == 1200
    assert {f["file"] for f in found} == {"d/a.ttl", "d/b.ttl"}
    text = mesoonto("validate", "d", "--shapes", "s.ttl").stdout
    assert "(no file)" not in text
    assert text.count("  d/a.ttl:") == 20


def test_warnings_that_tell_their_values_are_one_group(mesoonto: Run, tmp_path: Path) -> None:
    shape = (
        "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:sparql [ sh:severity sh:Warning ; "
        "sh:message 'found {?value}' ; sh:select "
        "'SELECT $this ?value { $this <https://example.org/n> ?value }' ] ; sh:severity sh:Warning ."
    )
    write(tmp_path, s_ttl=shape, d_ttl="".join(f'ex:x{n} a ex:T ; ex:n "b{n}" .' for n in range(50)))
    text = mesoonto("validate", "d.ttl", "--shapes", "s.ttl", "--no-strict").stdout
    assert len(text.splitlines()) == 2
    assert "(50 times; list them with --warnings)" in text


def test_misspelt_property_fails_and_an_unused_one_does_not(mesoonto: Run, tmp_path: Path) -> None:
    write(tmp_path, s_ttl=SHAPES.replace("ex:n ;", "ex:unit ;"), d_ttl="ex:x a ex:T ; ex:other 1 .")
    arguments = ["validate", "d.ttl", "--shapes", "s.ttl", "--strict", "--format", "json"]
    unused = mesoonto(*arguments)
    assert (unused.returncode, kinds(unused)) == (0, ["unused-property"])
    write(tmp_path, d_ttl="ex:x a ex:T ; ex:units 1 .")
    misspelt = mesoonto(*arguments)
    assert (misspelt.returncode, kinds(misspelt)) == (1, ["unknown-property"])
    assert mesoonto(*arguments, "--ignore", "unknown-property").returncode == 0


@pytest.mark.checkout
def test_every_kind_of_doubt_can_be_left_out_and_is_documented() -> None:
    text = "".join(path.read_text() for path in (ROOT / "src" / "mesoonto" / "validation").rglob("*.py"))
    found = set(re.findall(r'Doubt\(\s*"([a-z-]+)"', text))
    assert found == set(DOUBTS)
    documented = (ROOT / "docs" / "validating.md").read_text()
    assert [kind for kind in DOUBTS if f"`{kind}`" not in documented] == []


@pytest.mark.checkout
def test_every_option_is_documented() -> None:
    from mesoonto.cli.validate import validate

    documented = (ROOT / "docs" / "validating.md").read_text()
    names = {name for parameter in validate.params for name in parameter.opts if name.startswith("--")}
    assert [name for name in sorted(names) if name not in documented] == []
