"""The copy of the built dataset in the user's cache: the same data, never stale, never in the way."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest

from mesoonto.dataset import kept, shipped

VERSION = "0123456789ab"


def small() -> ox.Store:
    store = ox.Store()
    store.update('INSERT DATA { GRAPH <http://e/g> { <http://e/s> <http://e/p> "a\\nb"@en , 1.50 , _:b } }')
    return store


class Builds:
    """Stands for building, and counts how often that was done."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> ox.Store:
        self.count += 1
        return small()


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Builds:
    found = Builds()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(shipped, "build", found)
    monkeypatch.setattr(shipped, "version", lambda: VERSION)
    return found


def without_labels(store: ox.Store) -> list[str]:
    """The quads of *store* in its order, in which all blank nodes are alike: their labels are not kept."""
    return [re.sub(r"_:\w+", "_:b", str(quad)) for quad in store]


def copies(folder: Path) -> list[Path]:
    return sorted((folder / "mesoonto").glob("*"))


@pytest.mark.slow
def test_copy_of_the_shipped_dataset_is_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    built, version = shipped.build(), shipped.version()
    kept.keep(built, version)
    monkeypatch.setattr(shipped, "build", Builds())
    assert without_labels(kept.store(version)) == without_labels(built)


def test_second_process_reads_the_copy_of_the_first(builds: Builds, tmp_path: Path) -> None:
    first = kept.store(VERSION)
    (copy,) = copies(tmp_path)
    assert VERSION in copy.name
    assert without_labels(kept.store(VERSION)) == without_labels(first)
    assert builds.count == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no quads\n" + path.read_bytes()),
        lambda path: path.write_bytes(b"\xff" + path.read_bytes()),
        lambda path: path.unlink(),
    ],
    ids=["cut", "empty", "broken", "bytes", "gone"],
)
def test_copy_that_is_not_whole_is_made_anew(
    builds: Builds, tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    first = kept.store(VERSION)
    (copy,) = copies(tmp_path)
    whole = copy.read_bytes()
    spoil(copy)
    assert {quad.predicate for quad in kept.store(VERSION)} == {quad.predicate for quad in first}
    assert builds.count == 2
    assert copy.read_bytes().count(b"\n") == whole.count(b"\n")


def test_other_files_or_other_code_have_another_copy(
    builds: Builds, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept.store(VERSION)
    monkeypatch.setattr(kept, "_code", lambda: "other")
    kept.store(VERSION)
    monkeypatch.setattr(shipped, "version", lambda: "ffffffffffff")
    kept.store("ffffffffffff")
    assert builds.count == len(copies(tmp_path)) == 3


def test_files_that_were_edited_while_they_were_read_leave_no_copy(
    builds: Builds, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shipped, "version", lambda: "edited")
    kept.store(VERSION)
    assert builds.count == 1
    assert copies(tmp_path) == []


def test_copies_that_were_used_last_stay(
    builds: Builds, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for number in range(6):
        monkeypatch.setattr(kept, "_code", lambda number=number: f"code{number}")
        kept.store(VERSION)
        for age, copy in enumerate(reversed(copies(tmp_path))):
            os.utime(copy, (1000 - age, 1000 - age))
    assert [copy.name[-4] for copy in copies(tmp_path)] == ["2", "3", "4", "5"]
    assert builds.count == 6


def test_what_a_killed_process_left_goes(
    builds: Builds, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept.store(VERSION)
    (copy,) = copies(tmp_path)
    old, new = (copy.with_name(f".dataset-{name}.nq.0000.partial") for name in ("old", "new"))
    for partial in (old, new):
        partial.touch()
    os.utime(old, (0, 0))
    monkeypatch.setattr(kept, "_code", lambda: "other")
    kept.store(VERSION)
    assert builds.count == 2
    assert (old.exists(), new.exists()) == (False, True)


def test_without_a_place_for_it_the_dataset_is_built(
    builds: Builds, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert len(kept.store(VERSION)) == 3

    def no_home() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/none")
    monkeypatch.setattr(Path, "home", no_home)
    assert len(kept.store(VERSION)) == 3
    assert builds.count == 2
