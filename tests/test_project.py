"""The project as a whole: lock files, documentation, packaging."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import tomllib

import pytest
import yaml

from mesoonto import __version__, resources
from mesoonto.cli import _COMMANDS
from tests.conftest import ROOT

pytestmark = pytest.mark.checkout

#: What says where packages are fetched from: an address of one or of an index, an option that names an index.
_FETCHED = re.compile(
    rb"https?://[^\s\"'<>)]*(?:\.(?:whl|tgz|tar\.gz|jar|deb|crate)\b|/simple/?(?=[\s\"'<>)]|$))"
    rb"|(?:\bindex[-_]url[\s=]+|\bfind[-_]links[\s=]+|\bregistry\s*=\s*)\"?https?://\w"
)

LOCKS = ["requirements.lock", "requirements-dev.lock"]


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_a_version_and_hashes(name: str) -> None:
    text = (ROOT / name).read_text()
    entries = re.split(r"\n(?=[a-z0-9])", text)
    assert len(entries) > 20
    assert [e.splitlines()[0] for e in entries if "==" not in e or "--hash=sha256:" not in e] == []


@pytest.mark.parametrize("name", LOCKS)
def test_lock_files_name_no_host(name: str) -> None:
    assert not re.search(r"https?:|^-", (ROOT / name).read_text(), re.MULTILINE)


def test_no_file_says_where_packages_are_fetched_from() -> None:
    """Packages are named, and come from wherever the reader's clients are set up to ask."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    names = [name for name in listed.decode().split("\0") if name]
    assert len(names) > 500
    assert [name for name in names if _FETCHED.search((ROOT / name).read_bytes())] == []


#: Put together, so that this file does not hold what it looks for.
_ADDRESS = "://".join(("https", "example.org"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{_ADDRESS}/x/x-1.0-py3-none-any.whl", True),
        (f"{_ADDRESS}/simple/", True),
        (f"registry={_ADDRESS}", True),
        (f"--index-url {_ADDRESS}/pip", True),
        (f"{_ADDRESS}/simple-guide and a jar", False),
    ],
)
def test_place_of_packages_is_found(text: str, found: bool) -> None:
    assert (_FETCHED.search(text.encode()) is not None) is found


def test_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__
    assert f"version: {__version__}\n" in (ROOT / "CITATION.cff").read_text()
    assert f'owl:versionInfo "{__version__}"' in (resources.ontology_dir() / "mesoonto.ttl").read_text()
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def test_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [name for name in _COMMANDS if f"mesoonto {name}" not in readme] == []


def test_readme_shows_the_answer_that_is_given() -> None:
    readme = (ROOT / "README.md").read_text()
    shown = re.findall(
        r"^\$ \.venv/bin/mesoonto query -e '\n(.*?)'\n(.*?)^```", readme, re.DOTALL | re.MULTILINE
    )
    assert len(shown) == 1
    ((query, answer),) = shown
    command = [sys.executable, "-m", "mesoonto", "query", "-e", query]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == answer


def test_readme_names_every_folder() -> None:
    readme = (ROOT / "README.md").read_text()
    folders = [
        p.name for p in ROOT.iterdir() if p.is_dir() and not p.name.startswith(".") and p.name != "build"
    ]
    assert [name for name in folders if f"`{name}/`" not in readme] == []


def test_every_page_of_the_documentation_is_in_its_navigation() -> None:
    """One that is not has to be added to mkdocs.yml."""
    from docs.generate import navigation, sources

    items = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]
    listed = list(navigation.pages(navigation.filled(items)))
    assert [page for page in sources.linked() if page.endswith(".md") and page not in listed] == []
    assert len(listed) == len(set(listed))


def test_relative_links_of_pages_lead_somewhere() -> None:
    """Also in the repository, which has no generated pages."""
    from docs.generate import sources

    lost = [
        (page, link)
        for page in sources.linked()
        if page.endswith(".md")
        for link in sources.links((ROOT / page).read_text("utf-8"))
        if (name := sources.target(page, link)) is not None and not (ROOT / name).is_file()
    ]
    assert lost == []


def test_server_readme_names_every_route() -> None:
    from mesoonto.processes.fork_server import Link
    from mesoonto_server.front.gateway import Gateway
    from mesoonto_server.settings import Settings
    from mesoonto_server.web.app import create_app

    text = (ROOT / "server" / "README.md").read_text()
    with socket.socket() as unused:
        app = create_app(Gateway(Link(unused, -1, 0), Settings()), Settings())
    routes = {rule.rule for rule in app.url_map.iter_rules()}
    assert len(routes) > 8
    assert [route for route in routes if not route.startswith("/static") and f"`{route}`" not in text] == []


def test_server_readme_has_the_current_table_of_settings() -> None:
    from mesoonto_server.settings import option_table

    text = (ROOT / "server" / "README.md").read_text()
    rows = [
        f"| `{option}` | `{variable}` | {default or '–'} | {meaning} |"
        for option, variable, default, meaning in option_table()
    ]
    assert "\n".join(rows) in text


def test_server_readme_names_every_metric() -> None:
    from mesoonto.processes.fork_server import Link
    from mesoonto_server.front.gateway import Gateway
    from mesoonto_server.settings import Settings
    from mesoonto_server.telemetry.report import Telemetry

    text = (ROOT / "server" / "README.md").read_text()
    with socket.socket() as unused:
        exposition = (
            Telemetry(Gateway(Link(unused, -1, 0), Settings()).pool, Settings()).exposition().decode()
        )
    names = re.findall(r"^# TYPE (\S+) (?:counter|gauge|histogram)$", exposition, re.MULTILINE)
    assert len(names) > 8
    assert [name for name in names if f"`{name}`" not in text and not name.endswith("_created")] == []


def test_library_never_imports_flask() -> None:
    sources = (ROOT / "src" / "mesoonto").rglob("*.py")
    assert [
        p.name for p in sources if re.search(r"^\s*(import|from) flask", p.read_text(), re.MULTILINE)
    ] == []


def test_long_form_is_run_by_its_marker_alone() -> None:
    """A test that is slow in its short form too needs no second marker, as CONTRIBUTING has it."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "hostile_full", "tests/hostile"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "test_kill_during_write.py::test_kill_during_write_leaves_a_published_state[100]" in listed
    assert "test_kill_during_write.py::test_kill_during_write_leaves_a_published_state[4]" not in listed
