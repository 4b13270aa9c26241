"""`mesoonto publish` into a directory: whole versions, and the former one when it does not get to its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest

from mesoonto.dataset.versions import Location
from mesoonto.errors import AbsentError, PublicationError, StorageError
from mesoonto.replicas.directory import Directory
from mesoonto.replicas.publish import latest_version, publish, roll_back, versions
from tests.replicas.data import dataset, latest, lines, numbered

Run = Callable[..., subprocess.CompletedProcess[str]]


class Failing(Directory):
    """A directory that fails at the write of a number."""

    def __init__(self, path: Path, at: int) -> None:
        super().__init__(path)
        self.left = at

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise StorageError("the network has gone")

    def put(self, name: str, path: Path, sent: Callable[[int], None]) -> None:
        self._count()
        super().put(name, path, sent)

    def write(self, name: str, content: bytes) -> None:
        self._count()
        super().write(name, content)


def test_publishes_a_whole_version(tmp_path: Path) -> None:
    store = dataset('<urn:s> <urn:p> "1" <urn:g> .\n_:b <urn:p> <urn:s> <urn:g> .\n<urn:s> <urn:p> "2" .\n')
    store.add_graph(ox.NamedNode("urn:empty"))
    done = publish(store, Directory(tmp_path / "new"), shipped="abc")
    manifest = latest(tmp_path / "new")
    assert done.changed
    assert (manifest["version"], manifest["triples"], manifest["previous"]) == (done.version, 3, None)
    assert [(graph["graph"], graph["triples"]) for graph in manifest["graphs"]] == [
        (None, 1), ("urn:empty", 0), ("urn:g", 2),
    ]  # fmt: skip
    assert (manifest["format"], manifest["shipped"]) == (1, "abc")
    assert lines(tmp_path / "new") == [
        '<urn:s> <urn:p> "2" .', '<urn:s> <urn:p> "1" <urn:g> .', "_:c14n0 <urn:p> <urn:s> <urn:g> .",
    ]  # fmt: skip


def test_same_data_are_not_published_twice(tmp_path: Path) -> None:
    target = Directory(tmp_path)
    first = publish(numbered(1), target)
    again = publish(numbered(1), target)
    assert (again.version, again.changed, again.sent) == (first.version, False, 0)
    assert versions(target) == [first.version]


def test_only_what_has_changed_is_sent(tmp_path: Path) -> None:
    target = Directory(tmp_path)
    first = publish(numbered(1, each=500), target)
    second = publish(numbered(2, each=500), target)
    assert 0 < second.sent < first.sent / 2
    assert latest(tmp_path)["previous"] == first.version


@pytest.mark.parametrize("at", range(4))
def test_interrupted_leaves_the_former_version_and_goes_on_later(tmp_path: Path, at: int) -> None:
    first = publish(numbered(1), Directory(tmp_path))
    store = dataset("<urn:s> <urn:p> <urn:o> <urn:a> .\n<urn:s> <urn:p> <urn:o> <urn:b> .")
    with pytest.raises(StorageError, match="network"):
        publish(store, Failing(tmp_path, at))  # two files, a manifest, the pointer
    assert latest(tmp_path)["version"] == first.version
    sizes: list[int] = []

    def report(what: str, _: int, total: int | None) -> None:
        if what == "send":
            sizes.append(total or 0)

    done = publish(store, Directory(tmp_path), report=report)
    manifest = latest(tmp_path)
    assert manifest["version"] == done.version
    lacking = [graph["bytes"] for graph in manifest["graphs"]][min(at, 2) :]
    assert (sizes[0], done.sent) == (sum(lacking), sum(lacking))


def test_killed_in_the_middle_leaves_the_former_version(tmp_path: Path) -> None:
    first = publish(numbered(1), Directory(tmp_path))
    code = f"""
import os, signal, sys
from pathlib import Path
from mesoonto.replicas.directory import Directory
from mesoonto.replicas.publish import publish
from tests.replicas.data import numbered
def kill(sent): os.kill(os.getpid(), signal.SIGKILL)
class Killed(Directory):
    def put(self, name, path, sent): super().put(name, path, kill)
publish(numbered(2), Killed(Path({str(tmp_path)!r})))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == -signal.SIGKILL
    assert latest(tmp_path)["version"] == first.version
    assert list(tmp_path.glob("objects/*.partial"))
    publish(numbered(2), Directory(tmp_path))
    assert '<urn:s> <urn:number> "2" <urn:g0> .' in lines(tmp_path)
    assert not list(tmp_path.glob("*/*.partial"))


def test_prunes_old_versions_and_their_files(tmp_path: Path) -> None:
    target = Directory(tmp_path)
    made = [publish(numbered(number), target, keep=2).version for number in range(4)]
    assert versions(target) == made[-2:]
    needed = {graph["file"] for graph in latest(tmp_path)["graphs"]}
    roll_back(target, made[-2])
    needed |= {graph["file"] for graph in latest(tmp_path)["graphs"]}
    assert {f"objects/{path.name}" for path in tmp_path.glob("objects/*")} == needed


def test_rolls_back_to_a_version_that_is_whole(tmp_path: Path) -> None:
    target = Directory(tmp_path)
    first, second = (publish(numbered(number), target).version for number in (1, 2))
    roll_back(target, first)
    assert latest(tmp_path)["version"] == first
    assert latest_version(target) == first
    roll_back(target, second)
    assert '<urn:s> <urn:number> "2" <urn:g0> .' in lines(tmp_path)
    roll_back(target, first)
    (gone,) = {g["file"] for g in latest(tmp_path)["graphs"] if g["graph"] == "urn:g0"}
    roll_back(target, second)
    (tmp_path / gone).unlink()
    with pytest.raises(PublicationError, match=r"not whole any more: objects/"):
        roll_back(target, first)
    with pytest.raises(AbsentError):
        roll_back(target, "20200101T000000000Z-0123456789ab")
    with pytest.raises(PublicationError, match="is no version"):
        roll_back(target, "../../etc/passwd")
    assert latest(tmp_path)["version"] == second


def test_a_broken_pointer_is_replaced(tmp_path: Path) -> None:
    target = Directory(tmp_path)
    publish(numbered(1), target)
    (tmp_path / "latest.json").write_text("{")
    assert latest_version(target) is None
    assert publish(numbered(1), target).changed
    assert latest(tmp_path)["triples"] == len(numbered(1))


def test_one_publisher_at_a_time(tmp_path: Path) -> None:
    with Directory(tmp_path).publishing(), pytest.raises(StorageError, match="somebody else is publishing"):
        publish(numbered(1), Directory(tmp_path))
    publish(numbered(1), Directory(tmp_path))


def test_command_publishes_what_it_is_given(mesoonto: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.ttl").write_text("<urn:s> <urn:p> 1, 2 .")
    done = mesoonto("publish", "out", "--rdf-file", "mine.ttl")
    assert done.returncode == 0
    assert "2 triples in 1 graphs" in done.stdout
    location = Location(tmp_path / "disk")
    with location.draft() as draft:
        draft.data.add(ox.Quad(ox.NamedNode("urn:s"), ox.NamedNode("urn:p"), ox.Literal(3)))
    assert "1 triples" in mesoonto("publish", "out", "--dataset-dir", "disk", "--keep", "5").stdout
    assert "nothing was published" in mesoonto("publish", "out", "--dataset-dir", "disk").stdout
    listed = mesoonto("publish", "out", "--list").stdout.splitlines()
    assert [line[0] for line in listed] == [" ", "*"]
    older = listed[0].split()[-1]
    assert f"version {older} again" in mesoonto("publish", "out", "--rollback", older).stdout
    assert latest(tmp_path / "out")["version"] == older


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["http://example.org/x"], "publish to a directory or to s3://BUCKET/PREFIX"),
        (["out", "--rdf-file", "none.ttl"], "none.ttl: no such file"),
        (["out", "--dataset-dir", "none"], "none: holds no dataset"),
        (["out", "--rollback", "20200101T000000000Z-0123456789ab"], "no such file"),
        (["file.nt/below", "--rdf-file", "file.nt"], "not a directory"),
        (["s3://", "--rdf-file", "file.nt"], "write s3://BUCKET/PREFIX"),
    ],
)
def test_bad_use_is_told_in_one_line(mesoonto: Run, tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "file.nt").write_text("")
    done = mesoonto("publish", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_readers_never_see_half(tmp_path: Path) -> None:
    """At each step of another writer, what the pointer names is whole."""
    target = Directory(tmp_path)
    publish(numbered(0), target)

    class Watched(Directory):
        def put(self, name: str, path: Path, sent: Callable[[int], None]) -> None:
            super().put(name, path, lambda more: (latest(tmp_path), sent(more))[1])
            latest(tmp_path)

        def write(self, name: str, content: bytes) -> None:
            latest(tmp_path)
            super().write(name, content)
            latest(tmp_path)

    publish(numbered(1, graphs=4), Watched(tmp_path))
    assert json.loads((tmp_path / "latest.json").read_text())["format"] == 1


def test_no_write_permission_is_told(tmp_path: Path) -> None:
    (tmp_path / "objects").write_text("a file where a folder should be")
    with pytest.raises(StorageError, match="objects"):
        publish(numbered(1), Directory(tmp_path))
    assert not os.path.exists(tmp_path / "latest.json")
