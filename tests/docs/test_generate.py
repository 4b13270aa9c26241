"""The pages of the documentation that are written from code and ontology."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import fields
from xml.etree import ElementTree

import pytest
from docs.generate import configuration, http, markdown, questions, reference, sources, terms
from docs.generate.doctests import fenced
from hypothesis import given
from hypothesis import strategies as st
from markdown import markdown as read_markdown

from mesoonto.cli import _COMMANDS
from tests.conftest import ROOT

pytestmark = pytest.mark.checkout


@given(st.text(st.characters(exclude_categories="CZ") | st.sampled_from(" `|*_[]<>&\\#{}"), max_size=40))
def test_text_and_code_are_read_as_they_were_written(words: str) -> None:
    """By the library that builds the site, in a table, which divides at bars."""
    plain = " ".join(words.split())
    written = markdown.table(["a", "b"], [[f"x{markdown.text(words)}x", "end"]])
    cells = ElementTree.fromstring(f"<x>{read_markdown(written, extensions=['tables'])}</x>").findall(".//td")
    assert ["".join(cell.itertext()) for cell in cells] == [f"x{plain}x", "end"]
    if plain:
        read = ElementTree.fromstring(read_markdown(f"x {markdown.code(words)} x"))
        assert "".join(read.itertext()) == f"x {plain} x"


def test_links_of_code_are_none() -> None:
    page = "[a](b.md) `[c](d.md)` ![e](f.png)\n\n```text\n[g](h.md)\n```\n[i](<j k.md>)"
    assert list(sources.links(page)) == ["b.md", "f.png"]


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("docs/index.md", "index.html"),
        ("docs/python.md", "python/index.html"),
        ("docs/tutorials/README.md", "tutorials/index.html"),
        ("docs/images/site-map.png", "images/site-map.png"),
        ("README.md", "readme/index.html"),
        ("server/README.md", "server/index.html"),
        ("CONTRIBUTING.md", "contributing/index.html"),
        ("server/deploy/nginx.conf", "files/server/deploy/nginx.conf"),
    ],
)
def test_each_source_has_its_place(source: str, place: str) -> None:
    assert sources.place(source) == place


def test_no_two_sources_have_one_place() -> None:
    names = [*sources.linked(), *(f"docs/{page.name}" for page in reference.PAGES)]
    assert len({sources.place(name) for name in names}) == len(names)


def test_examples_in_docstrings_are_fenced() -> None:
    assert fenced("What.\n\n>>> 1 + 1\n2\n\nMore.") == "What.\n\n```pycon\n>>> 1 + 1\n2\n```\n\nMore."


def test_configuration_has_every_setting() -> None:
    from mesoonto.federation.config import Endpoint
    from mesoonto_server.settings import Settings

    page = configuration.page()
    for one in fields(Settings):
        assert f"| `--{one.name.replace('_', '-')}` | `MESOONTO_{one.name.upper()}` |" in page
    assert [
        one.name for one in fields(Endpoint) if one.name != "name" and f"| `{one.name}` |" not in page
    ] == []
    assert "| `--port` | `MESOONTO_PORT` | whole number | 7878 | Port to listen on. |" in page


def test_http_has_every_operation_and_parameter() -> None:
    from mesoonto_server.web.openapi import openapi

    page = http.page()
    for path, operations in openapi("http://127.0.0.1:7878/", tokens=True)["paths"].items():
        for method, operation in operations.items():
            heading = f"## {method.upper()} {markdown.text(path)}\n"
            _, found, rest = page.partition(heading)
            assert found, heading
            own = rest.partition("\n## ")[0]
            assert [p["name"] for p in operation["parameters"] if f"| `{p['name']}`" not in own] == []


def test_questions_are_all_there() -> None:
    page = questions.page()
    files = (ROOT / "ontology" / "queries").rglob("*.rq")
    assert [path.name for path in files if f"### {path.name.partition('_')[0]}: " not in page] == []


def test_terms_are_all_there() -> None:
    """As a search of the text of the files finds them."""
    page = "".join(map(terms.classes, terms.MODULES_WITH_CLASSES)) + terms.properties()
    declared = [
        line.split()[0].removeprefix("meso:")
        for path in sorted((ROOT / "ontology" / "modules").glob("*.ttl"))
        for line in path.read_text("utf-8").splitlines()
        if line.startswith("meso:")
        and line.partition(" ")[2].startswith(("a owl:Class", "a owl:ObjectProperty"))
    ]
    assert len(declared) > 700
    assert [name for name in declared if f"{{ #{name} }}" not in page] == []


def test_a_term_is_described_as_its_file_does() -> None:
    entry = terms.classes("mechanism").partition("{ #MESO_0001052 }")[2].partition("\n## ")[0]
    assert "which quiets T and NK cells through the A2A receptor." in entry
    assert "- Synonyms: CD39-CD73-A2A pathway\n- Kind of: [metabolic resistance mechanism]" in entry


def test_every_command_stands_there_with_its_help(
    mesoonto: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    page = reference.command_line()
    shown = mesoonto("query", "--help").stdout
    assert [name for name in _COMMANDS if f"## mesoonto {name}\n" not in page] == []
    assert f"## mesoonto query\n\n```text\n{shown}```\n" in page
