"""Versions of a dataset on disk: published whole, or not at all."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyoxigraph as ox
import pytest

from mesoonto.dataset.versions import Location
from mesoonto.errors import OverloadedError, StoreError, StoreFullError

P = ox.NamedNode("a:p")


def quad(number: int) -> ox.Quad:
    return ox.Quad(ox.NamedNode(f"a:{number}"), P, ox.Literal(number), ox.DefaultGraph())


def publish(location: Location, *numbers: int) -> str:
    with location.draft() as draft:
        for number in numbers:
            draft.data.add(quad(number))
        return draft.name


def size(location: Location) -> int:
    return len(location.open_current()[0])


def names(location: Location) -> set[str]:
    return {path.name for path in (location.path / "versions").iterdir()}


@pytest.fixture
def location(tmp_path: Path) -> Location:
    return Location(tmp_path / "data")


def test_there_is_nothing_at_first(location: Location) -> None:
    assert location.current() == ""
    with pytest.raises(StoreError, match="holds no dataset"):
        location.open_current()


def test_draft_is_published_at_its_end(location: Location) -> None:
    first = publish(location, 1)
    assert location.current() == first
    with location.draft() as draft:
        draft.data.add(quad(2))
        assert location.current() == first
        assert size(location) == 1
    assert location.current() == draft.name != first
    assert size(location) == 2


def test_versions_have_numbers_that_rise(location: Location) -> None:
    made = [publish(location, number) for number in range(12)]
    assert made == sorted(made)
    assert [name.partition("-")[0] for name in made] == [f"{n:06d}" for n in range(1, 13)]


def test_failed_draft_leaves_no_trace(location: Location) -> None:
    first = publish(location, 1)

    def fail() -> None:
        with location.draft() as draft:
            draft.data.add(quad(2))
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        fail()
    assert location.current() == first
    assert size(location) == 1
    assert names(location) == {first}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a device without room")
def test_disk_without_room_is_told_and_the_version_before_stays(location: Location) -> None:
    first = publish(location, 1)
    marker = location.path / "current.partial"
    marker.symlink_to("/dev/full")
    with pytest.raises(StoreFullError, match="no room for a new version"):
        publish(location, 2)
    assert (location.current(), size(location)) == (first, 1)
    marker.unlink()
    publish(location, 2)
    assert size(location) == 2


def test_reader_keeps_its_version(location: Location) -> None:
    publish(location, 1)
    store, version = location.open_current()
    for number in range(2, 9):  # more than are kept
        publish(location, number)
    assert [q.object for q in store] == [ox.Literal(1)]
    assert version.startswith("000001-")
    assert size(location) == 8


def test_old_versions_are_removed_but_for_two(location: Location) -> None:
    made = [publish(location, number) for number in range(6)]
    # They go when the next draft begins, so one more than those two may be there.
    assert made[-3:] == sorted(names(location))[-3:]
    assert len(names(location)) <= 4


def test_version_that_is_read_stays_as_long_as_it_is(location: Location) -> None:
    """Another process reads it, as workers do; the engine opens files when it comes to need them."""
    with location.draft() as draft:
        draft.data.add(ox.Quad(ox.NamedNode("a:a"), ox.NamedNode("a:b"), ox.Literal(1)))
    old = location.current()
    code = (
        "import sys; from pathlib import Path; from mesoonto.dataset.versions import Location; "
        "location = Location(Path(sys.argv[1])); store, version = location.open_current(); "
        "print(version, flush=True); sys.stdin.readline(); print(len(store), flush=True)"
    )
    command = [sys.executable, "-c", code, str(location.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        assert reader.stdout.readline().strip() == old
        for number in range(2, 9):  # more than are kept
            with location.draft() as draft:
                draft.data.add(ox.Quad(ox.NamedNode("a:a"), ox.NamedNode("a:b"), ox.Literal(number)))
        assert location.directory(old).exists()
        reader.stdin.write("\n")
        reader.stdin.flush()
        assert reader.stdout.readline().strip() == "1"
    with location.draft():
        pass
    assert not location.directory(old).exists()


def test_second_writer_waits_its_turn_or_is_told(location: Location) -> None:
    publish(location, 1)
    with location.draft():
        started = time.monotonic()
        with (
            pytest.raises(OverloadedError, match="somebody else is writing"),
            Location(location.path).draft(wait=0.2),
        ):
            pass
        assert time.monotonic() - started >= 0.2


def test_empty_draft_starts_without_data(location: Location) -> None:
    publish(location, 1, 2, 3)
    with location.draft(empty=True) as draft:
        draft.data.add(quad(4))
    assert size(location) == 1


def test_directory_of_another_store_is_refused(tmp_path: Path) -> None:
    store = ox.Store(str(tmp_path / "other"))
    store.add(quad(1))
    store.flush()
    store.optimize()
    del store
    with pytest.raises(StoreError, match="not mesoonto's"):
        Location(tmp_path / "other").prepare()


class TestBackup:
    def test_backup_is_restored_as_the_newest_version(self, location: Location, tmp_path: Path) -> None:
        first = publish(location, 1, 2)
        assert location.backup(tmp_path / "copy") == first
        publish(location, 3)
        location.restore(tmp_path / "copy")
        assert size(location) == 2
        assert location.current().startswith("000003-")

    def test_backup_is_a_store_of_its_own(self, location: Location, tmp_path: Path) -> None:
        publish(location, 1, 2)
        location.backup(tmp_path / "copy")
        publish(location, 3)
        assert len(ox.Store.read_only(str(tmp_path / "copy"))) == 2

    def test_restored_data_can_be_written_to_and_the_backup_stays(
        self, location: Location, tmp_path: Path
    ) -> None:
        publish(location, *range(100))
        location.backup(tmp_path / "copy")
        location.restore(tmp_path / "copy")
        with location.draft() as draft:
            draft.data.clear()
            draft.data.optimize()
        assert size(location) == 0
        assert len(ox.Store.read_only(str(tmp_path / "copy"))) == 100

    def test_restore_into_an_empty_place(self, location: Location, tmp_path: Path) -> None:
        publish(location, 1)
        location.backup(tmp_path / "copy")
        other = Location(tmp_path / "other")
        other.restore(tmp_path / "copy")
        assert size(other) == 1

    def test_existing_target_is_left_as_it_is(self, location: Location, tmp_path: Path) -> None:
        publish(location, 1)
        (tmp_path / "copy").mkdir()
        (tmp_path / "copy" / "mine").write_text("x")
        with pytest.raises(StoreError, match="is there already"):
            location.backup(tmp_path / "copy")
        assert [path.name for path in (tmp_path / "copy").iterdir()] == ["mine"]

    def test_what_is_no_backup_is_refused(self, location: Location, tmp_path: Path) -> None:
        first = publish(location, 1)
        (tmp_path / "other").mkdir()
        with pytest.raises(StoreError, match="no backup"):
            location.restore(tmp_path / "other")
        assert location.current() == first

    def test_broken_backup_is_refused_and_nothing_changes(self, location: Location, tmp_path: Path) -> None:
        first = publish(location, *range(100))
        location.backup(tmp_path / "copy")
        for manifest in (tmp_path / "copy").glob("MANIFEST-*"):
            manifest.write_bytes(b"nonsense")
        with pytest.raises(StoreError):
            location.restore(tmp_path / "copy")
        assert location.current() == first
        assert names(location) == {first}


#: Adds numbers, each to two graphs and one in each version, so that an odd count would show half a version.
_ENDLESS_WRITER = """
import sys
from pathlib import Path
import pyoxigraph as ox
from mesoonto.dataset.versions import Location
location = Location(Path(sys.argv[1]))
number = int(sys.argv[2])
while True:
    with location.draft(wait=5) as draft:
        number += 1
        subject = ox.NamedNode(f"a:{number}")
        for graph in (ox.NamedNode("a:g"), ox.DefaultGraph()):
            draft.data.add(ox.Quad(subject, subject, subject, graph))
    print(location.current(), len(location.open_current()[0]), flush=True)
"""


@pytest.mark.slow
def test_killed_at_any_moment_the_last_published_version_stays(location: Location) -> None:
    publish(location)
    moment = random.Random(5)
    for round_ in range(25):  # tests/hostile does it a hundred times over HTTP
        before = size(location)
        command = [sys.executable, "-c", _ENDLESS_WRITER, str(location.path), str(round_ * 10_000)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            first = writer.stdout.readline()
            time.sleep(moment.uniform(0, 0.04))
            os.kill(writer.pid, signal.SIGKILL)
            told = [first, *writer.stdout.readlines()]
        last = [line.split() for line in told if line.endswith("\n")][-1]
        after = size(location)
        assert after % 2 == 0
        assert before < int(last[1]) <= after <= int(last[1]) + 2
        merged = location.open_merged(location.current())
        assert merged is not None
        assert len(merged) == after  # one graph, and the union, which is the same
        assert location.current() >= last[0]
    publish(location, 1)  # and the next writer finds no lock in its way
