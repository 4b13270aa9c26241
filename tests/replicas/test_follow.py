"""Bad days of a follower: the former version stays, the status tells, and a right version is taken later."""

from __future__ import annotations

import hashlib
import json
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from mesoonto.dataset.versions import Location
from mesoonto.replicas import storage
from mesoonto.replicas.cache import FileCache
from mesoonto.replicas.directory import Directory
from mesoonto.replicas.follow import Follower, FollowState, FollowStatus
from mesoonto.replicas.install import drop_broken, install, published_version
from mesoonto.replicas.manifest import GraphFile, Manifest
from mesoonto.replicas.publish import publish, roll_back
from tests.replicas.data import dataset, latest, numbered

_NUMBER = "SELECT ?n { GRAPH ?g { <urn:s> <urn:number> ?n } }"


class Replica:
    """A follower of a directory, and what it has."""

    def __init__(
        self, folder: Path, source: storage.PublicationSource | None = None, most: int = 1 << 30
    ) -> None:
        self.public = folder / "public"
        self.cache = FileCache(folder / "cache")
        self.location = Location(folder / "cache" / "dataset")
        self.told: list[FollowStatus] = []
        self.installed = 0
        self.follower = Follower(
            source or Directory(self.public), self.cache, self.location, self._install, self.told.append,
            interval=30.0, most=most,
        )  # fmt: skip

    def _install(self, manifest: Manifest) -> None:
        self.installed += 1
        install(manifest, self.cache, self.location)

    def publish(self, number: int) -> str:
        return publish(numbered(number), Directory(self.public)).version

    def look(self) -> FollowStatus:
        self.follower.look()
        return self.follower.status

    def number(self) -> int:
        """Which data are there."""
        store, _ = self.location.open_current()
        (row,) = list(store.query(_NUMBER))  # type: ignore[arg-type]
        return int(row["n"].value)


@pytest.fixture
def replica(tmp_path: Path) -> Replica:
    return Replica(tmp_path)


@pytest.fixture
def served(replica: Replica) -> Replica:
    """One that has taken the version with the number 1."""
    replica.publish(1)
    assert replica.look().state is FollowState.CURRENT
    return replica


def test_takes_each_version_and_goes_back(replica: Replica) -> None:
    first = replica.publish(1)
    status = replica.look()
    assert (status.state, status.version, status.error, replica.number()) == ("current", first, "", 1)
    assert 0 < status.published <= status.loaded <= status.checked + 60
    second = replica.publish(2)
    assert (replica.look().version, replica.number()) == (second, 2)
    roll_back(Directory(replica.public), first)
    assert (replica.look().version, replica.number()) == (first, 1)
    assert replica.installed == 3
    replica.look()
    assert replica.installed == 3
    files = {f"objects/{path.name}" for path in replica.cache.path.glob("objects/*")}
    assert files == {graph["file"] for graph in latest(replica.public)["graphs"]}


def test_starts_with_what_it_had(served: Replica, tmp_path: Path) -> None:
    again = Replica(tmp_path)
    assert again.follower.status.version == served.follower.status.version
    assert again.look().state is FollowState.CURRENT
    assert again.installed == 0


def test_blank_nodes_of_two_graphs_stay_the_same_node(replica: Replica) -> None:
    text = "_:b <urn:p> <urn:a> <urn:g> .\n_:b <urn:q> <urn:b> <urn:h> .\n<urn:s> <urn:p> 1 .".replace(
        " 1 ", ' "1" '
    )
    publish(dataset(text), Directory(replica.public))
    assert replica.look().state is FollowState.CURRENT
    store, _ = replica.location.open_current()
    together = "ASK { GRAPH <urn:g> { ?b <urn:p> ?x } GRAPH <urn:h> { ?b <urn:q> ?y } }"
    assert bool(store.query(together))


def test_waits_for_a_source_that_is_not_there(replica: Replica) -> None:
    status = replica.look()
    assert (status.state, status.failures) == ("waiting", 1)
    assert "latest.json: no such file" in status.error
    early = [replica.look() and replica.follower.delay() for _ in range(12)]
    assert early[0] < 3
    assert early[0] < early[3] < early[-1] <= 36
    replica.publish(1)
    status = replica.look()
    assert (status.state, status.failures, replica.number()) == ("current", 0, 1)


def edited(path: Path, **values: object) -> None:
    content: dict[str, Any] = json.loads(path.read_text())
    path.write_text(json.dumps(content | values))


def pinned(public: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the latest manifest, and let the pointer tell its new hash."""
    version = json.loads((public / "latest.json").read_text())["version"]
    path = public / "versions" / f"{version}.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))
    content = path.read_bytes()
    edited(public / "latest.json", sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))


def manifest_of(public: Path) -> Path:
    return public / "versions" / f"{json.loads((public / 'latest.json').read_text())['version']}.json"


def object_of(public: Path) -> Path:
    """The file with the number."""
    graphs = json.loads(manifest_of(public).read_text())["graphs"]
    return public / next(graph["file"] for graph in graphs if graph["graph"] == "urn:g0")


def first_graph(manifest: dict[str, Any], **values: object) -> None:
    manifest["graphs"][0].update(values)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def other_file(public: Path) -> None:
    """A file whose hash is right, and whose text is not what the digest says."""

    def change(manifest: dict[str, Any]) -> None:
        graph = next(graph for graph in manifest["graphs"] if graph["graph"] == "urn:g0")
        old = zstandard.ZstdDecompressor().stream_reader((public / graph["file"]).read_bytes()).read()
        text = old.replace(b'"2"', b'"3"')
        assert len(text) == graph["size"]
        packed = zstandard.ZstdCompressor().compress(text)
        name = hashlib.sha256(packed).hexdigest()
        (public / "objects" / f"{name}.nq.zst").write_bytes(packed)
        graph.update(sha256=name, file=f"objects/{name}.nq.zst", bytes=len(packed))

    pinned(public, change)


def traversal(name: str) -> Callable[[Path], None]:
    return lambda public: pinned(public, lambda manifest: first_graph(manifest, file=name))


BAD_DAYS: dict[str, tuple[Callable[[Path], object], str]] = {
    "pointer gone": (lambda p: (p / "latest.json").unlink(), "no such file"),
    "pointer empty": (lambda p: (p / "latest.json").write_bytes(b""), "latest.json is broken"),
    "pointer garbage": (lambda p: (p / "latest.json").write_bytes(b"\xff\x00{"), "latest.json is broken"),
    "pointer deep": (lambda p: (p / "latest.json").write_bytes(b"[" * 10_000), "latest.json is broken"),
    "pointer large": (lambda p: (p / "latest.json").write_bytes(b" " * (1 << 20)), "is larger than"),
    "pointer of a page": (lambda p: (p / "latest.json").write_text("<html>"), "latest.json is broken"),
    "pointer a folder": (
        lambda p: ((p / "latest.json").unlink(), (p / "latest.json").mkdir()),
        "latest.json: is no file",
    ),
    "pointer leads out": (
        lambda p: edited(p / "latest.json", version="../../../etc/passwd"),
        "'../../../etc/passwd' is no version",
    ),
    "unknown format": (
        lambda p: edited(p / "latest.json", format=2),
        "latest.json has the format 2, and this version of mesoonto reads 1",
    ),
    "unknown format of the manifest": (
        lambda p: pinned(p, lambda m: m.update(format=99)),
        "has the format 99",
    ),
    "manifest gone": (lambda p: manifest_of(p).unlink(), "no such file"),
    "manifest half written": (lambda p: cut(manifest_of(p)), "bytes in place of"),
    "manifest changed": (lambda p: flip(manifest_of(p)), "its SHA-256 differs"),
    "manifest of another version": (
        lambda p: pinned(p, lambda m: m.update(version="20200101T000000000Z-0123456789ab")),
        "tells of another version",
    ),
    "file above": (traversal("../../etc/passwd"), "a file of another form"),
    "file absolute": (traversal("/etc/passwd"), "a file of another form"),
    "file hidden": (traversal("objects/../latest.json"), "a file of another form"),
    "file without graph": (
        lambda p: pinned(p, lambda m: first_graph(m, graph="urn:x> <urn:y")),
        "a graph that is no IRI",
    ),
    "negative": (lambda p: pinned(p, lambda m: first_graph(m, bytes=-1)), "is broken"),
    "fewer triples": (lambda p: pinned(p, lambda m: m.update(triples=1)), "do not add up"),
    "other digest": (lambda p: pinned(p, lambda m: m.update(digest="0" * 64)), "do not make up"),
    "bomb": (lambda p: pinned(p, lambda m: first_graph(m, bytes=1 << 40)), "is larger than what it holds"),
    "file gone": (lambda p: object_of(p).unlink(), "no such file"),
    "file cut off": (lambda p: cut(object_of(p)), "ends after"),
    "file too long": (lambda p: object_of(p).write_bytes(object_of(p).read_bytes() + b"x"), "more than its"),
    "file changed": (lambda p: flip(object_of(p)), "its SHA-256 differs"),
    "text changed": (other_file, "is not what its digest says"),
}  # fmt: skip


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Replica:
    """One that has the version with the number 1, while that with the number 2 is the latest."""
    replica = Replica(tmp_path_factory.mktemp("shared"))
    replica.publish(1)
    replica.look()
    replica.publish(2)
    return replica


@pytest.mark.parametrize("day", BAD_DAYS)
def test_bad_day_leaves_the_former_version(shared: Replica, tmp_path: Path, day: str) -> None:
    spoil, said = BAD_DAYS[day]
    public = shutil.copytree(shared.public, tmp_path / "public")
    spoil(public)
    replica = Replica(shared.public.parent, Directory(public))
    before = replica.follower.status.version
    for failures in (1, 2):
        status = replica.look()
        assert (status.state, status.version, status.failures) == ("failing", before, failures)
        assert said in status.error
    assert replica.number() == 1
    assert not list(replica.location.path.glob("versions/*.partial"))


_SAMPLE = ("pointer garbage", "pointer large", "file changed")


@pytest.mark.parametrize(
    "day", [day if day in _SAMPLE else pytest.param(day, marks=pytest.mark.thorough) for day in BAD_DAYS]
)
def test_a_right_version_is_taken_after_a_bad_day(served: Replica, day: str) -> None:
    served.publish(2)
    BAD_DAYS[day][0](served.public)
    assert served.look().failures == 1
    if (served.public / "latest.json").is_dir():
        (served.public / "latest.json").rmdir()
    served.publish(3)
    status = served.look()
    assert (status.state, status.failures, status.error, served.number()) == ("current", 0, "", 3)


def test_the_same_version_is_taken_once_it_was_mended(
    served: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.publish(2)
    whole = object_of(served.public).read_bytes()
    flip(object_of(served.public))
    assert served.look().failures == 1
    object_of(served.public).write_bytes(whole)
    assert served.look().failures == 2  # not tried again so soon
    monkeypatch.setattr(served.follower, "_retry_at", 0.0)
    assert (served.look().state, served.number()) == ("current", 2)


def test_too_large_a_version_is_refused(served: Replica, tmp_path: Path) -> None:
    served.publish(2)
    small = Replica(tmp_path, most=100)
    status = small.look()
    assert "--follow-max-size allows 100" in status.error
    assert (status.state, small.number(), small.installed) == ("failing", 1, 0)


def test_a_broken_version_is_not_fetched_again_and_again(served: Replica) -> None:
    served.publish(2)
    other_file(served.public)
    for _ in range(5):
        assert "is not what its digest says" in served.look().error
    assert served.installed == 2
    served.publish(3)
    assert (served.look().state, served.number()) == ("current", 3)


class BreaksOff(Directory):
    """A source whose files end after some bytes, as a lost connection has it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.after: int | None = None
        self.offsets: list[int] = []

    def open(self, name: str, *, offset: int = 0, unless: str = "") -> Any:
        if name.startswith("objects/"):
            self.offsets.append(offset)
        return super().open(name, offset=offset, unless=unless)

    def _parts(self, file: Any, name: str) -> Any:
        for part in super()._parts(file, name):
            yield part[: self.after] if name.startswith("objects/") else part


def test_goes_on_where_it_broke_off(tmp_path: Path) -> None:
    source = BreaksOff(tmp_path / "public")
    replica = Replica(tmp_path, source)
    publish(dataset(f'<urn:s> <urn:number> "{"7" * 9}" <urn:g0> .'), Directory(replica.public))
    source.after = 10
    for there in (0, 10, 20):
        assert f"ends after {there + 10}" in replica.look().error
    source.after = None
    assert replica.look().state is FollowState.CURRENT
    assert source.offsets == [0, 10, 20, 30]


def test_a_slow_source_is_left_and_the_former_version_stays(
    served: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mesoonto.replicas.cache._MOMENT", -1.0)
    served.publish(2)
    assert "comes too slowly" in served.look().error
    assert served.number() == 1
    monkeypatch.undo()
    assert (served.look().state, served.number()) == ("current", 2)


@contextmanager
def _longest_file(most: int) -> Iterator[None]:
    """No file can be written beyond *most* bytes, as on a disk without room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_while_fetching(served: Replica) -> None:
    publish(numbered(2, each=20_000), Directory(served.public))
    with _longest_file(10_000):
        status = served.look()
    assert status.state is FollowState.FAILING
    assert "file too large; make room, or name another place with --follow-cache" in status.error
    assert not list(served.cache.path.glob("objects/*.partial"))
    assert served.number() == 1
    assert (served.look().state, served.number()) == ("current", 2)


def test_a_full_disk_while_loading(served: Replica, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(numbered(2, each=20_000), Directory(served.public))
    for graph in latest(served.public)["graphs"]:
        served.cache.obtain(Directory(served.public), msgspec.convert(graph, GraphFile))
    with _longest_file(20_000):
        status = served.look()
    assert status.state is FollowState.FAILING
    assert served.number() == 1
    assert not list(served.location.path.glob("versions/*.partial"))
    monkeypatch.setattr(served.follower, "_retry_at", 0.0)
    assert (served.look().state, served.number()) == ("current", 2)


def test_a_broken_copy_is_dropped(served: Replica, tmp_path: Path) -> None:
    assert drop_broken(served.location) == ""
    folder = served.location.directory(served.location.current())
    for path in folder.glob("*"):
        if path.is_file():
            path.write_bytes(b"broken")
    assert "cannot be used" in drop_broken(served.location)
    again = Replica(tmp_path)
    assert again.follower.status.state is FollowState.WAITING
    assert (again.look().state, again.number()) == ("current", 1)


def test_version_has_one_name_on_each_machine(served: Replica, tmp_path: Path) -> None:
    second = served.publish(2)
    served.look()
    other = Replica(tmp_path / "other", Directory(served.public))
    other.look()
    names = [replica.location.current() for replica in (served, other)]
    assert names[0] != names[1]
    assert {published_version(name) for name in names} == {second}
