"""Writes the licences of what requirements.lock installs: ``python .ci/licences.py build/licences.md``.

Ends with 1 where a package has a licence that is neither permissive nor listed here with a reason.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent

#: SPDX identifiers of licences that ask for no more than that they are kept.
PERMISSIVE = {
    *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0", "PSF-2.0"),
    *("Unlicense", "W3C-20150513", "Zlib"),
}

#: Packages under a weak copyleft, which asks that changes of the package stay free: licence and reason.
WEAK = {
    "certifi": ("MPL-2.0", "a list of root certificates, used unchanged by httpcore"),
    "owlready2": ("LGPL-3.0-or-later", "of the extra `reason` alone; imported unchanged, in no file of ours"),
    "pathspec": ("MPL-2.0", "of the builder hatchling; used when a wheel is built, never at run time"),
}

#: What metadata say in words. "BSD License" is told by the text of the licence.
_IDENTIFIERS = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}


_UNREAD = "not read: for another system or Python"


@dataclass(frozen=True, slots=True)
class PackageLicence:
    """A locked package; its licence is an SPDX expression, empty where it is not installed here."""

    name: str
    version: str
    licence: str


def locked(text: str) -> list[Requirement]:
    """The packages that the lock file with this *text* installs."""
    return [Requirement(line) for line in re.findall(r"^\w.*?==.*?(?= \\$)", text, re.MULTILINE)]


def collect() -> list[PackageLicence]:
    """What requirements.lock installs, by name."""
    read = subprocess.run(
        [sys.executable, "-m", "piplicenses", "--from=mixed", "--with-system", "--with-license-file",
         "--no-license-path", "--format=json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    told = {canonicalize_name(row["Name"]): row for row in json.loads(read.stdout)}
    found = []
    for wanted in locked((ROOT / "requirements.lock").read_text(encoding="utf-8")):
        version = str(wanted.specifier).removeprefix("==")
        row = told.get(canonicalize_name(wanted.name))
        licence = ""
        if wanted.marker is None or wanted.marker.evaluate():
            if row is None:
                raise SystemExit(f"{wanted.name} is not installed; run make dev")
            licence = expression(row["License"], row["LicenseText"])
        found.append(PackageLicence(wanted.name, version, licence))
    return sorted(found, key=lambda one: one.name)


def expression(stated: str, text: str) -> str:
    """The SPDX expression of what metadata state, with the *text* of the licence where they are vague."""
    names = dict(_IDENTIFIERS)
    if "Redistribution and use in source and binary forms" in text:
        names["BSD License"] = "BSD-3-Clause" if "either the name" in text else "BSD-2-Clause"
    return " AND ".join(names.get(part.strip(), part.strip()) for part in stated.split(";"))


def refused(packages: list[PackageLicence]) -> list[PackageLicence]:
    """Those with a licence that is neither permissive nor in `WEAK`."""
    return [
        one
        for one in packages
        if one.licence
        and not set(re.split(r" AND | OR ", one.licence.replace("(", "").replace(")", ""))) <= PERMISSIVE
        and WEAK.get(one.name, ("",))[0] != one.licence
    ]


def report(packages: list[PackageLicence]) -> str:
    """A page in Markdown."""
    weak = [one for one in packages if one.name in WEAK]
    lines = [
        "# Licences of what is installed",
        "",
        f"{len(packages)} packages of requirements.lock, which `make serve` installs. Their licences are",
        f"permissive but for {len(weak)}, whose weak copyleft asks that changes of these packages stay free,",
        "and nothing of what uses them:",
        "",
        *(f"- **{one.name}**, {one.licence}: {WEAK[one.name][1]}" for one in weak),
        "",
        "| package | version | licence |",
        "|---|---|---|",
        *(f"| {one.name} | {one.version} | {one.licence or _UNREAD} |" for one in packages),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    every = collect()
    Path(sys.argv[1]).write_text(report(every), encoding="utf-8")
    for one in refused(every):
        print(f"{one.name} {one.version}: {one.licence}: neither permissive nor accepted in {__file__}")
    sys.exit(1 if refused(every) else 0)
