"""The walls between a process and the network, each tried by really connecting to a listener."""

from __future__ import annotations

import ctypes
import os
import platform
import socket
import sys
import warnings
from collections.abc import Callable, Iterator

import pyoxigraph as ox
import pytest

from mesoonto.errors import QueryFailedError
from mesoonto.processes import network
from mesoonto.processes.network import Wall, leave_network, without_network

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64", "riscv64"),
    reason="both walls are of Linux",
)


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def in_child(work: Callable[[], str]) -> str:
    """What *work* returns in a process of its own."""
    read_end, write_end = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other tests may have started threads
        pid = os.fork()
    if pid == 0:
        try:
            os.write(write_end, work().encode())
        except BaseException as error:  # noqa: BLE001  # the boundary of a process
            os.write(write_end, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.close(write_end)
    with open(read_end) as pipe:
        text = pipe.read()
    os.waitpid(pid, 0)
    return text


def connects(port: int) -> str:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return "unreachable"
    return "connected"


def test_a_listener_is_reached_without_a_wall(port: int) -> None:
    assert in_child(lambda: connects(port)) == "connected"


def test_where_namespaces_are_refused_the_filter_stands(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_enter_namespace", lambda: False)
    assert in_child(lambda: f"{leave_network()} {connects(port)}") == f"{Wall.SECCOMP} unreachable"


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET])
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW])
def test_filter_refuses_sockets_of_every_family_but_unix(family: int, kind: int) -> None:
    def work() -> str:
        network.refuse_sockets()
        with socket.socket(family, kind):
            return "opened"

    assert in_child(work).startswith("PermissionError")


def test_filter_leaves_what_stays_on_this_machine(port: int) -> None:
    held = socket.create_connection(("127.0.0.1", port))

    def work() -> str:
        network.refuse_sockets()
        one, other = socket.socketpair()
        socket.send_fds(one, [b"x"], [held.fileno()])
        _, descriptors, _, _ = socket.recv_fds(other, 1, 1)
        received = socket.socket(fileno=descriptors[0])
        return f"{received.send(b'hello')} {socket.socket(socket.AF_UNIX).family.name}"

    with held:
        assert in_child(work) == "5 AF_UNIX"


def test_filter_has_no_way_round_by_a_ring() -> None:
    def work() -> str:
        network.refuse_sockets()
        libc = ctypes.CDLL(None, use_errno=True)
        libc.syscall(425, 1, ctypes.create_string_buffer(120))  # io_uring_setup
        return os.strerror(ctypes.get_errno())

    assert in_child(work) == "Permission denied"


def test_filter_is_inherited_by_forks(port: int) -> None:
    assert in_child(lambda: f"{network.refuse_sockets()} {in_child(lambda: connects(port))}") == (
        "True unreachable"
    )


def test_engine_reaches_nothing_in_a_thread_without_network(port: int) -> None:
    query = f"SELECT * {{ SERVICE <http://127.0.0.1:{port}/> {{ ?s ?p ?o }} }}"

    def work() -> str:
        try:
            return str(len(list(ox.Store().query(query))))
        except OSError as error:
            raise QueryFailedError(str(error)) from error

    with pytest.raises(QueryFailedError, match=r"denied|ermission") as caught:
        without_network(work)
    assert caught.value.__cause__ is None
    assert connects(port) == "connected"  # the rest of the process keeps its network


def test_what_the_thread_returns_is_handed_on() -> None:
    assert without_network(lambda: [1, 2]) == [1, 2]
