"""A Dask cluster of processes of this machine, which a terminal does not reach.

An interrupt at a terminal goes to all processes that run in its foreground. Workers among them would tell of
it each in its own way, some in the middle of their start. So scheduler and workers have a session of their
own. They end when a pipe closes that whoever started them holds, and so however that one ends.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from mesoonto.errors import ClusterError

#: How a scheduler, and a client, of ours behave.
SETTINGS = {
    "distributed.admin.tick.interval": "500ms",  # 50 looks a second at themselves, for nobody
    "distributed.client.heartbeat": "2s",
    "distributed.logging.distributed": "critical",
    "distributed.scheduler.allowed-failures": 3,  # how often a step whose worker has died is tried on another
    "distributed.scheduler.work-stealing": False,
    "distributed.worker.profile.enabled": False,
}

#: Seconds that the processes have to end by themselves.
_PATIENCE = 15


@contextmanager
def local_cluster(workers: int) -> Iterator[str]:
    """Start *workers* processes, and give the address of their scheduler, on the loopback interface.

    They are ended when the block ends. Raises ClusterError when they do not start.
    """
    # -P: no module is taken from the directory that one happens to be in.
    command = [sys.executable, "-P", "-m", __name__, str(workers)]
    with subprocess.Popen(  # noqa: S603
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdin is not None  # noqa: S101  # as asked for
        assert process.stdout is not None  # noqa: S101
        try:
            told = process.stdout.readline().strip()
        except BaseException:
            process.kill()  # its children notice
            raise
        if "://" not in told:
            raise ClusterError(f"the processes of this machine do not start: {told or 'they ended at once'}")
        try:
            yield told
        finally:
            process.stdin.close()
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


def _main(workers: int) -> None:
    """Run a cluster, and tell its address, until the pipe to the process that wants it closes."""
    import dask
    from distributed import LocalCluster

    try:
        with (
            dask.config.set(SETTINGS),
            LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=workers,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",  # without one it has a fixed port, which may be taken
                silence_logs=logging.CRITICAL,
            ) as cluster,
        ):
            print(cluster.scheduler_address, flush=True)
            sys.stdin.read()
    except (OSError, RuntimeError) as error:
        print(" ".join(str(error).split()) or type(error).__name__, flush=True)


if __name__ == "__main__":
    _main(int(sys.argv[1]))
