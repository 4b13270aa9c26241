"""Programs that start again with mimalloc: with the wheel that is installed, and with broken libraries."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from mesoonto.processes import allocator

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="LD_PRELOAD is of Linux"),
]

needs_wheel = pytest.mark.skipif(
    not any(metadata.distributions(name="cmeel-mimalloc")),
    reason="needs a wheel: pip install cmeel-mimalloc",
)

#: Notes each start in a file, starts again as it is told, and prints what it then has.
PROGRAM = """
import json, logging, os, subprocess, sys
from pathlib import Path
with open(sys.argv[1], "a") as starts:
    starts.write("x")
logging.basicConfig(format="%(message)s")
from mesoonto.processes import allocator
allocator.start_again(sys.argv[2])
read, write = os.pipe()
if os.fork() == 0:
    os.write(write, allocator.current().name.encode())
    os._exit(0)
other = "import ctypes; print(hasattr(ctypes.CDLL(None), 'mi_version'))"
print(json.dumps({
    "name": allocator.current().name,
    "version": allocator.current().version,
    "mapped": sorted({line.split()[-1] for line in open("/proc/self/maps") if "mimalloc" in line}),
    "fork": os.read(read, 100).decode(),
    "another program": subprocess.check_output([sys.executable, "-c", other], text=True).strip(),
    "environment": {n: v for n, v in os.environ.items() if n.startswith(("LD_", "MIMALLOC", "_MESO"))},
}))
"""


def run(tmp_path: Path, choice: str, **environment: str) -> tuple[dict[str, object], str, int]:
    """What the program prints, what it logs, and how often it started."""
    starts = tmp_path / "starts"
    starts.unlink(missing_ok=True)
    plain = {k: v for k, v in os.environ.items() if k not in ("LD_PRELOAD", "MIMALLOC_ARENA_RESERVE")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(starts), choice],
        env={**plain, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return json.loads(done.stdout), done.stderr, len(starts.read_text())


def libraries_of(folder: Path, content: bytes) -> str:
    """A folder for PYTHONPATH in which the distribution is installed with a library of this *content*."""
    library = folder / "cmeel.prefix/lib/libmimalloc.so"
    library.parent.mkdir(parents=True)
    library.write_bytes(content)
    about = folder / "cmeel_mimalloc-3.4.3.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: cmeel-mimalloc\nVersion: 3.4.3\n")
    (about / "RECORD").write_text("cmeel.prefix/lib/libmimalloc.so,,\n")
    return str(folder)


def system_allocator() -> tuple[str, str]:
    name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "system").partition(" ")
    return name, version


@needs_wheel
@pytest.mark.parametrize("choice", ["auto", "mimalloc"])
def test_a_program_starts_again_once_and_has_mimalloc(tmp_path: Path, choice: str) -> None:
    told, log, starts = run(tmp_path, choice)
    assert (told["name"], told["fork"], starts, log) == ("mimalloc", "mimalloc", 2, "")
    assert told["version"] == metadata.version("cmeel-mimalloc")
    (mapped,) = told["mapped"]  # type: ignore[misc]
    assert Path(mapped).name == "libmimalloc.so"


@needs_wheel
def test_programs_that_are_not_ours_start_as_they_would_have(tmp_path: Path) -> None:
    told, _, _ = run(tmp_path, "auto")
    assert (told["another program"], told["environment"]) == ("False", {})


@needs_wheel
def test_what_else_is_to_be_loaded_stays(tmp_path: Path) -> None:
    other = "/lib/no-such-library.so"
    told, _, starts = run(tmp_path, "auto", LD_PRELOAD=other, MIMALLOC_ARENA_RESERVE="128MiB")
    assert (told["name"], starts) == ("mimalloc", 2)
    assert told["environment"] == {"LD_PRELOAD": other, "MIMALLOC_ARENA_RESERVE": "128MiB"}


@needs_wheel
def test_who_has_it_does_not_start_again(tmp_path: Path) -> None:
    library = next(allocator._libraries())
    told, log, starts = run(tmp_path, "auto", LD_PRELOAD=library)
    assert (told["name"], starts, log) == ("mimalloc", 1, "")


def test_switched_off(tmp_path: Path) -> None:
    told, log, starts = run(tmp_path, "system")
    assert ((told["name"], told["version"]), starts, log) == (system_allocator(), 1, "")
    assert told["mapped"] == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"no library" * 100, "invalid ELF header", id="garbage"),
        pytest.param(b"", "file too short", id="empty"),
        pytest.param(None, "undefined symbol: mi_is_in_heap_region", id="another-library"),
    ],
)
def test_a_broken_library_leaves_the_system_in_place(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    if content is None:
        import _ctypes

        content = Path(_ctypes.__file__).read_bytes()
    told, log, starts = run(tmp_path, "auto", PYTHONPATH=libraries_of(tmp_path / "broken", content))
    assert ((told["name"], told["version"]), starts) == (system_allocator(), 1)
    assert "mimalloc cannot be used" in log
    assert reason in log
    assert len(log.splitlines()) == 1


@needs_wheel
def test_a_library_that_ends_the_process_leaves_the_system_in_place(tmp_path: Path) -> None:
    """As where a seccomp filter answers a system call of it with a signal; here most of the file lacks."""
    whole = Path(next(allocator._libraries())).read_bytes()
    folder = libraries_of(tmp_path / "broken", whole[: len(whole) // 4])
    told, log, starts = run(tmp_path, "mimalloc", PYTHONPATH=folder)
    assert (told["name"], starts) == (system_allocator()[0], 1)
    assert "mimalloc cannot be used" in log


@needs_wheel
def test_a_path_that_cannot_be_named_leaves_the_system_in_place(tmp_path: Path) -> None:
    whole = Path(next(allocator._libraries())).read_bytes()
    told, log, starts = run(tmp_path, "auto", PYTHONPATH=libraries_of(tmp_path / "with space", whole))
    assert (told["name"], starts) == (system_allocator()[0], 1)
    assert "no path with a space" in log


@needs_wheel
def test_a_start_that_lost_the_library_on_the_way_goes_on(tmp_path: Path) -> None:
    """As with a program whose privileges let the linker ignore the environment."""
    told, log, starts = run(tmp_path, "auto", _MESOONTO_ENVIRONMENT='{"LD_PRELOAD": null}')
    assert (told["name"], starts) == (system_allocator()[0], 1)
    assert "is not used" in log


def test_asked_for_and_not_there(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(allocator, "_libraries", lambda: iter(()))
    allocator.start_again("auto")
    assert caplog.messages == []
    allocator.start_again("mimalloc")
    (line,) = caplog.messages
    assert "pip install cmeel-mimalloc" in line


@needs_wheel
def test_a_system_that_refuses_the_start_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "execve", refused)
    allocator.start_again("auto")
    (line,) = caplog.messages
    assert "cannot start again with mimalloc" in line


#: Loads, frees more than a fork may take, forks, and lets the fork take all that it may.
HUNGRY = """
import os, sys
from mesoonto.processes import allocator, worker
allocator.start_again(sys.argv[1])
loaded = [bytearray(3000) for _ in range(60_000)]
del loaded[::2]
freed = [b"x" * size for size in (100_000, 5_000_000) for _ in range(400_000_000 // size)]
del freed
allocator.settle()
most = 256 << 20
read, write = os.pipe()
hold, _ = os.pipe()
size, taken = int(sys.argv[2]), []
pid = os.fork()
if pid == 0:
    worker.limit_memory(most)
    os.write(write, b"x")
    try:
        while True:
            taken.append(bytearray(size))
    except MemoryError:  # here nothing can be allocated
        os.write(write, b"x")
        os.read(hold, 1)
def resident():
    return int(open(f"/proc/{pid}/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
os.read(read, 1)
before = resident()
os.read(read, 1)
print((resident() - before) / most, allocator.current().name)
os.kill(pid, 9)
"""


@pytest.mark.slow
@pytest.mark.parametrize("size", [1_000, 100_000, 5_000_000])
@pytest.mark.parametrize("choice", ["system", pytest.param("mimalloc", marks=needs_wheel)])
def test_a_worker_takes_what_it_may_and_no_more(choice: str, size: int) -> None:
    """Also where much address space is reserved in advance, and where loading left a lot of it free."""
    done = subprocess.run(
        [sys.executable, "-c", HUNGRY, choice, str(size)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    share, name = done.stdout.split()
    assert (name == "mimalloc") == (choice == "mimalloc")
    assert 0.7 < float(share) < 1.2
