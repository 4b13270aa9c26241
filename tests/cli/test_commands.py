"""The command line, run as a user runs it: exit codes, output, one clear line for bad input."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mesoonto import __version__
from mesoonto.cli import _COMMANDS
from mesoonto.dataset import shipped
from mesoonto.dataset.store import Engine
from tests.conftest import free_port, running_server

Run = Callable[..., subprocess.CompletedProcess[str]]


def assert_one_line(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    """The command failed with one line on standard error that holds *parts*."""
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("mesoonto: ")
    for part in parts:
        assert part in lines[0]


def test_help_lists_every_command(mesoonto: Run) -> None:
    text = mesoonto("--help").stdout
    assert all(f"  {name} " in text for name in _COMMANDS)


@pytest.mark.parametrize("command", _COMMANDS)
def test_each_command_explains_itself(mesoonto: Run, command: str) -> None:
    done = mesoonto(command, "--help")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 4


def test_version_names_the_dataset(mesoonto_process: Run) -> None:
    assert mesoonto_process("version").stdout == f"mesoonto {__version__}, dataset {shipped.version()}\n"


@pytest.mark.slow
def test_build_writes_the_dataset(mesoonto: Run, tmp_path: Path, engine: Engine) -> None:
    import pyoxigraph as ox

    done = mesoonto("build", "--output", "out.nq")
    assert done.returncode == 0, done.stderr
    store = ox.Store()
    store.load(path=tmp_path / "out.nq", format=ox.RdfFormat.N_QUADS)
    assert len(store) == len(engine.store)


@pytest.mark.slow
def test_build_into_a_missing_folder_leaves_nothing(mesoonto: Run, tmp_path: Path) -> None:
    assert_one_line(mesoonto("build", "--output", "no/such/folder/out.nq"), "out.nq")
    assert list(tmp_path.iterdir()) == []


def test_generated_files_are_current(mesoonto: Run) -> None:
    assert mesoonto("build", "--check").returncode == 0


def test_stats_as_json(mesoonto: Run, engine: Engine) -> None:
    counts = json.loads(mesoonto("stats", "--format", "json").stdout)
    assert counts["mechanisms"] > 10
    assert counts["triples"] == len(engine.store)


class TestQuery:
    def test_table_for_people(self, mesoonto: Run) -> None:
        done = mesoonto("query", "-e", "SELECT ?label { meso:MESO_0002101 rdfs:label ?label }")
        assert done.returncode == 0
        assert "│ nivolumab │" in done.stdout
        assert done.stdout.endswith("1 row\n")

    def test_file_and_format(self, mesoonto: Run, tmp_path: Path) -> None:
        (tmp_path / "q.rq").write_text("SELECT ?label { meso:MESO_0002101 rdfs:label ?label }")
        assert mesoonto("query", "q.rq", "--format", "csv").stdout == "label\nnivolumab\n"

    def test_ask(self, mesoonto: Run) -> None:
        assert mesoonto("query", "-e", "ASK {}").stdout == "yes\n"

    def test_construct_is_turtle(self, mesoonto: Run) -> None:
        done = mesoonto("query", "-e", "CONSTRUCT { ?s rdfs:label ?l } { ?s rdfs:label ?l } LIMIT 1")
        assert "rdfs:label" in done.stdout

    def test_syntax_error(self, mesoonto: Run) -> None:
        done = mesoonto("query", "-e", "SELECT *\nWHERE x")
        assert done.returncode == 2
        message, line, mark = done.stderr.splitlines()
        assert message.startswith("mesoonto: query:2:7: ")
        assert (line, mark) == ("WHERE x", "      ^")

    def test_name_that_the_data_do_not_have_is_told_beside_the_empty_table(self, mesoonto: Run) -> None:
        done = mesoonto("query", "-e", "SELECT ?s {\n ?s a meso:Studdy }", "--format", "csv")
        assert (done.returncode, done.stdout) == (0, "s\n")
        warning = (
            "mesoonto: warning: query:2:7: meso:Studdy: nothing has this type; meso:Study may be meant\n"
        )
        assert done.stderr == warning

    def test_service(self, mesoonto: Run) -> None:
        assert_one_line(
            mesoonto("query", "-e", "SELECT * { SERVICE <http://e/> {} }"), "SERVICE <http://e/> is refused"
        )

    def test_format_that_does_not_fit(self, mesoonto: Run) -> None:
        assert_one_line(mesoonto("query", "-e", "ASK {}", "--format", "turtle"), "json")

    def test_missing_file(self, mesoonto_process: Run) -> None:
        assert_one_line(mesoonto_process("query", "none.rq"), "none.rq", "no such file")

    def test_file_that_is_not_utf8(self, mesoonto: Run, tmp_path: Path) -> None:
        (tmp_path / "q.rq").write_bytes(b"ASK { ?s ?p '\xe9' }")
        assert_one_line(mesoonto("query", "q.rq"), "q.rq", "not UTF-8")

    def test_endpoint(self, mesoonto: Run, address: str) -> None:
        question = "SELECT ?label { meso:MESO_0002101 rdfs:label ?label }"
        assert "nivolumab" in mesoonto("query", "--endpoint", f"{address}sparql", "-e", question).stdout
        done = mesoonto("query", "--endpoint", f"{address}sparql", "--format", "csv", "-e", question)
        assert done.stdout.split() == ["label", "nivolumab"]

    def test_slip_is_told_as_for_the_shipped_dataset(self, mesoonto: Run, address: str) -> None:
        slip = "SELECT ?label { ?s rdfs:label ?label ?s a meso:Study }"
        done = mesoonto("query", "--endpoint", f"{address}sparql", "-e", slip)
        assert done.returncode == 2
        assert "query:1:37: " in done.stderr
        assert done.stderr == mesoonto("query", "-e", slip).stderr

    def test_endpoint_that_is_not_there(self, mesoonto: Run) -> None:
        where = f"http://127.0.0.1:{free_port()}/sparql"
        assert_one_line(mesoonto("query", "--endpoint", where, "-e", "ASK {}"), where)

    def test_endpoint_that_is_no_web_address(self, mesoonto: Run) -> None:
        assert_one_line(mesoonto("query", "--endpoint", "file:///etc/passwd", "-e", "ASK {}"), "not an http")


class TestValidate:
    @pytest.mark.slow
    def test_shipped_records_conform(self, mesoonto: Run) -> None:
        done = mesoonto("validate")
        assert done.returncode == 0, done.stdout
        assert "\npasses: 0 violations" in f"\n{done.stdout}"

    def test_finding_names_file_record_and_remedy(self, mesoonto: Run, tmp_path: Path) -> None:
        (tmp_path / "mine.ttl").write_text(
            "@prefix meso: <https://w3id.org/mesoonto/> .\n"
            "@prefix mesod: <https://w3id.org/mesoonto/data/> .\n"
            "mesod:study_NCT00000001 a meso:Study ; meso:registryId '33485464' ."
        )
        done = mesoonto("validate", "mine.ttl")
        assert done.returncode == 1
        lines = done.stdout.splitlines()
        # the registry number stands in line 3
        place = "  mine.ttl:3:56: mesod:study_NCT00000001: meso:registryId: (found: 33485464)"
        cause = next(n for n, line in enumerate(lines) if line.endswith("a PubMed id is none"))
        assert place in lines[cause:]

    def test_own_data_and_own_shapes(self, mesoonto: Run, tmp_path: Path) -> None:
        (tmp_path / "d.ttl").write_text("@prefix e: <http://e/> . e:a a e:Thing .")
        (tmp_path / "s.ttl").write_text(
            "@prefix e: <http://e/> . @prefix sh: <http://www.w3.org/ns/shacl#> .\n"
            "e:S a sh:NodeShape ; sh:targetClass e:Thing ; sh:property [ sh:path e:name ; sh:minCount 1 ;"
            " sh:message 'a thing needs a name' ] ."
        )
        done = mesoonto("validate", "d.ttl", "--shapes", "s.ttl")
        assert done.returncode == 1
        assert "a thing needs a name" in done.stdout
        (tmp_path / "d.ttl").write_text("@prefix e: <http://e/> . e:a a e:Thing ; e:name 'x' .")
        assert mesoonto("validate", "d.ttl", "--shapes", "s.ttl").returncode == 0

    def test_report_as_turtle(self, mesoonto: Run, tmp_path: Path) -> None:
        (tmp_path / "d.ttl").write_text("")
        assert "sh:ValidationReport" in mesoonto("validate", "d.ttl", "--format", "turtle").stdout

    def test_broken_data(self, mesoonto: Run, tmp_path: Path) -> None:
        (tmp_path / "bad.ttl").write_text("@prefix : <http://e/> .\n:a :b\n   ] .")
        assert_one_line(mesoonto("validate", "bad.ttl"), "bad.ttl:3:4:")

    def test_shapes_that_do_not_parse(self, mesoonto: Run, tmp_path: Path) -> None:
        (tmp_path / "d.ttl").write_text("")
        (tmp_path / "s.ttl").write_text("nonsense")
        assert_one_line(mesoonto("validate", "d.ttl", "--shapes", "s.ttl"), "s.ttl:1:")

    def test_unknown_file_type(self, mesoonto: Run, tmp_path: Path) -> None:
        (tmp_path / "d.docx").write_text("")
        assert_one_line(mesoonto("validate", "d.docx"), "unknown file type")


class TestServe:
    def test_port_in_use(self, mesoonto_process: Run) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            assert_one_line(
                mesoonto_process("serve", "--port", str(port)), f"127.0.0.1:{port}", "address already in use"
            )

    @pytest.mark.slow
    def test_directory_of_another_store_is_left_as_it_is(self, mesoonto_process: Run, tmp_path: Path) -> None:
        import pyoxigraph as ox

        location = tmp_path / "store"
        held = ox.Store(str(location))
        held.add(ox.Quad(ox.NamedNode("a:a"), ox.NamedNode("a:b"), ox.NamedNode("a:c"), ox.DefaultGraph()))
        held.flush()
        done = mesoonto_process("serve", "--port", str(free_port()), "--location", str(location))
        assert_one_line(done, "store", "not mesoonto's", "mesoonto load")
        assert len(held) == 1

    @pytest.mark.slow
    def test_directory_that_is_a_file_is_refused(self, mesoonto_process: Run, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("x")
        assert_one_line(mesoonto_process("serve", "--port", str(free_port()), "--location", "file"), "file")
        assert (tmp_path / "file").read_text() == "x"

    @pytest.mark.slow
    def test_store_on_disk_keeps_other_graphs(self, mesoonto: Run, tmp_path: Path, engine: Engine) -> None:
        (tmp_path / "mine.nt").write_text("<a:a> <a:b> <a:c> .")
        loaded = mesoonto("load", "mine.nt", "--location", "store", "--graph", "a:mine")
        assert loaded.returncode == 0, loaded.stderr
        for _ in range(2):
            with running_server("--location", str(tmp_path / "store")) as address:
                count = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
                done = mesoonto("query", "--endpoint", f"{address}sparql", "--format", "csv", "-e", count)
                assert done.stdout.split() == ["n", str(len(engine.store) + 1)]
                mine = "ASK { GRAPH <a:mine> { <a:a> <a:b> <a:c> } }"
                assert mesoonto("query", "--endpoint", f"{address}sparql", "-e", mine).stdout == "yes\n"

    def test_empty_endpoint(self, mesoonto: Run) -> None:
        with running_server("--empty") as address:
            done = mesoonto("query", "--endpoint", f"{address}sparql", "-e", "ASK { ?s ?p ?o }")
            assert done.stdout == "no\n"

    @pytest.mark.slow
    def test_announcement_and_quiet_end(self, tmp_path: Path) -> None:
        log = tmp_path / "log"
        with running_server(log=log) as address:
            pass
        text = log.read_text()
        assert address in text
        assert "curl -G" in text
        assert "Traceback" not in text

    @pytest.mark.slow
    def test_options_from_environment_and_file(self, mesoonto_process: Run, tmp_path: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            (tmp_path / "c.toml").write_text(f"port = {port}\n")
            assert_one_line(mesoonto_process("serve", "--config", "c.toml"), f":{port}")
            assert_one_line(mesoonto_process("serve", env={"MESOONTO_PORT": str(port)}), f":{port}")

    @pytest.mark.parametrize(
        ("content", "part"),
        [(b"port = ", "not TOML"), (b"prot = 1", "unknown option prot"), (b"port = '\xff'", "not UTF-8")],
    )
    def test_bad_config_file(self, mesoonto_process: Run, tmp_path: Path, content: bytes, part: str) -> None:
        (tmp_path / "c.toml").write_bytes(content)
        assert_one_line(mesoonto_process("serve", "--config", "c.toml"), "c.toml", part)


def test_no_command_imports_flask_before_it_is_needed() -> None:
    code = (
        "import sys, mesoonto.cli, mesoonto.dataset, mesoonto.dataset.store; sys.exit('flask' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, env=dict(os.environ)).returncode == 0
