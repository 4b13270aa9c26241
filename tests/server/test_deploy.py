"""The deployment examples agree with the server and with each other."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from mesoonto.cli.serve import serve
from mesoonto_server.settings import Settings, option_table
from tests.conftest import ROOT, program

pytestmark = pytest.mark.checkout

DEPLOY = ROOT / "server" / "deploy"


@pytest.fixture(scope="module")
def configured() -> Settings:
    return Settings(**tomllib.loads((DEPLOY / "mesoonto.toml").read_text()))


def seconds_in(name: str, pattern: str) -> list[float]:
    return [float(number) for number in re.findall(pattern, (DEPLOY / name).read_text())]


def test_serve_takes_the_configuration(configured: Settings) -> None:
    with serve.make_context("serve", ["--config", str(DEPLOY / "mesoonto.toml")]) as context:
        values = {name: value for name, value in context.params.items() if name != "config"}
    taken = Settings(**values)
    assert taken.dataset_dir == Path("/var/lib/mesoonto")
    assert (taken.max_timeout, taken.client_limit) == (configured.max_timeout, 16)
    assert taken.writable


def test_proxy_waits_longer_than_the_server_works(configured: Settings) -> None:
    longest = max(configured.max_timeout, configured.write_timeout)
    waits = seconds_in("nginx.conf", r"proxy_(?:read|send)_timeout (\d+)s;")
    assert len(waits) == 2
    assert min(waits) > longest


def test_rate_is_counted_in_one_place(configured: Settings) -> None:
    assert not configured.rate_limit
    assert seconds_in("nginx.conf", r"rate=(\d+)r/s;") == [10]


def test_proxy_takes_bodies_as_large_as_the_server(configured: Settings) -> None:
    assert seconds_in("nginx.conf", r"client_max_body_size (\d+)m;") == [configured.max_body]


def test_service_manager_waits_until_the_last_query_has_ended(configured: Settings) -> None:
    (patience,) = seconds_in("mesoonto.service", r"TimeoutStopSec=(\d+)")
    assert patience > max(configured.max_timeout, configured.write_timeout) + 5  # as long as the front waits


def test_memory_of_all_workers_fits_into_the_units(configured: Settings) -> None:
    (gigabytes,) = seconds_in("mesoonto.service", r"MemoryMax=(\d+)G")
    assert configured.query_memory * configured.max_workers < gigabytes * 1024


@pytest.mark.nginx
def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    key, certificate = tmp_path / "privkey.pem", tmp_path / "fullchain.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
         "-subj", "/CN=sparql.example.org"],
        check=True, capture_output=True,
    )  # fmt: skip
    text = (DEPLOY / "nginx.conf").read_text()
    text = re.sub(r"/etc/letsencrypt/live/[^/]+", str(tmp_path), text)
    (tmp_path / "mesoonto.conf").write_text(text)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{ access_log off; include {tmp_path}/mesoonto.conf; }}\n"
    )
    command = [program("nginx"), "-t", "-e", str(tmp_path / "error.log"), "-c", str(tmp_path / "nginx.conf")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr


class TestContainerfile:
    """Its lines, without what continues and what remarks."""

    @pytest.fixture
    def steps(self) -> list[tuple[str, str]]:
        text = re.sub(r"\\\n", " ", (DEPLOY / "Containerfile").read_text())
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        return [(verb, " ".join(rest.split())) for verb, _, rest in (line.partition(" ") for line in lines)]

    def test_all_that_a_wheel_is_built_from_is_sent_and_nothing_that_was_made(self) -> None:
        sent = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
        assert [name for name in sent if not (ROOT / name).exists()] == []
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())
        wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
        needed = {*wheel["packages"], *wheel["force-include"], "pyproject.toml", "requirements.lock"}
        needed |= {project["project"]["readme"], *project["project"]["license-files"]}
        assert {name.split("/")[0] for name in needed} <= set(sent)
        assert not {".venv", ".git", "build", "tests"} & set(sent)

    def test_image_runs_as_a_user_of_its_own_that_may_write_its_data_alone(
        self, steps: list[tuple[str, str]]
    ) -> None:
        last = max(at for at, (verb, _) in enumerate(steps) if verb == "FROM")
        final = steps[last:]
        users = [rest for verb, rest in final if verb == "USER"]
        assert users == ["mesoonto"]
        after = final[[verb for verb, _ in final].index("USER") :]
        assert not {"RUN", "COPY", "ADD"} & {verb for verb, _ in after}
        made = " ".join(rest for verb, rest in final if verb == "RUN")
        assert "useradd --system --uid 7878" in made
        assert [rest for verb, rest in final if verb == "VOLUME"] == ["/var/lib/mesoonto"]

    def test_packages_are_those_of_the_lock_file(self, steps: list[tuple[str, str]]) -> None:
        installs = re.findall(r"pip install ([^&]+)", " ".join(rest for verb, rest in steps if verb == "RUN"))
        assert len(installs) == 2
        assert all("--no-deps" in one for one in installs)
        assert "--require-hashes --requirement requirements.lock" in installs[0]
        assert "--no-build-isolation ." in installs[1]

    def test_tools_of_the_build_do_not_stay(self, steps: list[tuple[str, str]]) -> None:
        (names,) = re.findall(r"pip uninstall --yes (.+)", "\n".join(rest for _, rest in steps))
        lock = (ROOT / "requirements.lock").read_text()
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())
        gone = names.split()
        assert set(project["dependency-groups"]["build"]) <= set(gone)
        assert [name for name in gone if f"\n{name}==" not in f"\n{lock}"] == []

    def test_settings_of_the_image_are_settings_of_the_server(self, steps: list[tuple[str, str]]) -> None:
        named = {
            name for verb, rest in steps if verb == "ENV" for name in re.findall(r"(MESOONTO_\w+)=", rest)
        }
        assert "MESOONTO_HOST" in named
        assert named <= {variable for _, variable, *_ in option_table()}

    def test_commands_of_the_image_start_and_tell_that_the_server_is_ready(
        self, steps: list[tuple[str, str]], address: str
    ) -> None:
        told = dict(steps)
        assert (told["ENTRYPOINT"], told["CMD"]) == ('["mesoonto"]', '["serve"]')
        check = json.loads(told["HEALTHCHECK"].partition("CMD ")[2])
        assert check[:2] == ["python", "-c"]
        assert "http://127.0.0.1:7878/health/ready" in check[2]
        program = check[2].replace("http://127.0.0.1:7878/", address)
        assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
        program = (
            check[2].replace("/health/ready", "/health/nowhere").replace("http://127.0.0.1:7878/", address)
        )
        done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
        assert done.returncode == 1

    def test_labels_are_those_of_the_package(self, steps: list[tuple[str, str]]) -> None:
        (rest,) = (rest for verb, rest in steps if verb == "LABEL")
        labels = dict(word.split("=", 1) for word in shlex.split(rest))
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        name = "org.opencontainers.image."
        assert labels[f"{name}title"] == project["name"]
        assert labels[f"{name}licenses"] == project["license"]
        assert labels[f"{name}url"] == project["urls"]["Homepage"]
