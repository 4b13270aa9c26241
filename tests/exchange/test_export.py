"""`mesoonto export`: which records, where they go, what is said of mistakes; the same for every format."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest

from mesoonto import extras
from mesoonto.dataset.store import Engine
from mesoonto.errors import FormatError, NoRecordError, NotInstalledError
from mesoonto.exchange import formats
from mesoonto.exchange.formats import FORMATS, ExchangeFormat
from mesoonto.namespaces import DATA
from mesoonto.views.facts import Facts
from tests.conftest import ROOT

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def facts(engine: Engine) -> Facts:
    return Facts(engine.store)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_the_file_has_what_standard_output_has(
    mesoonto: Run, tmp_path: Path, facts: Facts, form: ExchangeFormat
) -> None:
    key = formats.records(facts, form)[0].value.removeprefix(DATA)
    printed = mesoonto("export", form.name, key)
    assert printed.returncode == 0
    written = mesoonto("export", form.name, f"mesod:{key}", "-o", "out", "--losses", "losses")
    assert (written.returncode, written.stdout) == (0, "")
    assert (
        (tmp_path / "out").read_text()
        == printed.stdout
        == mesoonto("export", form.name, DATA + key, "-o", "-").stdout
    )
    rows = (tmp_path / "losses").read_text().splitlines()
    assert rows[0].split("\t") == ["record", "what", "why"]
    assert all(row.startswith(f"mesod:{key}\t") and row.count("\t") == 2 for row in rows[1:])
    assert "1 record" in written.stderr


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_help_and_documentation_name_the_format(mesoonto: Run, form: ExchangeFormat) -> None:
    assert f"{form.name} " in mesoonto("export", "--help").stdout
    if (ROOT / "docs").is_dir():  # not beside an installed wheel
        assert f"`{form.name}`" in (ROOT / "docs" / "exchange.md").read_text()


def test_an_unknown_format_is_told_with_the_nearest(mesoonto: Run) -> None:
    done = mesoonto("export", "nanopubs")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "mesoonto: nanopubs: unknown format; did you mean nanopub?\n"
    with pytest.raises(FormatError, match=r"^qqq: unknown format; choose from .*nanopub"):
        formats.named("qqq")


def test_an_unknown_record_is_told_with_the_nearest_and_nothing_is_written(
    mesoonto: Run, tmp_path: Path
) -> None:
    done = mesoonto("export", "nanopub", "statement_Blum209_1", "-o", "out")
    assert done.returncode == 2
    assert done.stderr.startswith(
        "mesoonto: statement_Blum209_1: no record that nanopub carries; did you mean statement_"
    )
    assert not (tmp_path / "out").exists()


def test_a_record_of_another_kind_is_refused(facts: Facts) -> None:
    with pytest.raises(NoRecordError, match="study_NCT02899299: no record that nanopub carries"):
        formats.records(facts, formats.named("nanopub"), ["study_NCT02899299"])


def test_records_come_once_in_the_order_in_which_they_are_named(facts: Facts) -> None:
    names = ["statement_Blum2019_2", "mesod:statement_Blum2019_1", f"{DATA}statement_Blum2019_2"]
    assert formats.records(facts, formats.named("nanopub"), names) == [
        ox.NamedNode(f"{DATA}statement_Blum2019_{number}") for number in (2, 1)
    ]


def test_a_missing_library_is_told_with_the_extra(facts: Facts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "_is_installed", lambda name: name != "nanopub")
    with pytest.raises(NotInstalledError, match=r"nanopub.*pip install 'mesoonto\[exchange\]'"):
        formats.write(facts, formats.named("nanopub"), [])
