"""Runs a notebook in place with this Python as its kernel; a program, for its client leaves sockets open."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient


class ThisPython(KernelSpecManager):
    """Knows one kernel: the Python that runs this program, whatever is installed for the user."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, name=kernel_name, language="python")


def run(path: Path) -> None:
    """Run the notebook at *path* in an empty folder beside it, and write what came out into it.

    Client and kernel speak through sockets of the file system, which takes no port; *path* must be short.
    """
    import nbformat  # takes seconds, which all that collect the tests would wait for

    notebook: Any = nbformat.read(path, as_version=4)
    work = path.with_name("work")
    work.mkdir()
    manager = AsyncKernelManager(
        kernel_spec_manager=ThisPython(), transport="ipc", ip=str(path.with_name("k")),
        connection_file=str(path.with_name("kernel.json")),
    )  # fmt: skip
    client = NotebookClient(notebook, km=manager, timeout=120, resources={"metadata": {"path": str(work)}})
    client.execute()
    nbformat.write(notebook, path)


if __name__ == "__main__":
    run(Path(sys.argv[1]))
