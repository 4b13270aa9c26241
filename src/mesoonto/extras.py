"""Libraries that only some work needs: an extra of the package brings them, and one line says which.

The extras are those of the installed package, as pyproject.toml has them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from mesoonto import resources
from mesoonto.errors import NotInstalledError

_PACKAGE = "mesoonto"
_OWN = ("mesoonto", "mesoonto_server")

#: Without these all works, only slower; there are systems for which they cannot be had.
_OPTIONAL = ("cmeel-mimalloc",)


def need(extra: str, what: str) -> None:
    """Raise a NotInstalledError where a library of *extra* is missing; *what* is what it is needed for."""
    missing = sorted(
        {name for name in _libraries(extra) if name not in _OPTIONAL and not _is_installed(name)}
    )
    if missing:
        raise NotInstalledError(
            f"{what} needs the extra {extra}, of which {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not installed: pip install 'mesoonto[{extra}]'"
        )


def advice(error: ModuleNotFoundError) -> str | None:
    """One line on the library whose absence *error* reports; None where it is a mistake of ours."""
    library = (error.name or "").partition(".")[0]
    if library in ("", *_OWN) or library in sys.stdlib_module_names:
        return None
    if (resources.root() / "Makefile").is_file():
        return f"the library {library} is not installed; after a change of the checkout, run: make setup"
    return f"the library {library} is not installed: pip install 'mesoonto[all]'"


def _libraries(extra: str) -> Iterator[str]:
    """The names of the packages that *extra* brings, here and now."""
    # Nearly no command gets here, and the module takes a third of the time in which many start.
    from importlib import metadata

    from packaging.requirements import Requirement

    for line in metadata.requires(_PACKAGE) or ():
        wanted = Requirement(line)
        mark = wanted.marker
        if mark and mark.evaluate({"extra": extra}) and not mark.evaluate({"extra": ""}):
            if wanted.name == _PACKAGE:
                for part in wanted.extras:
                    yield from _libraries(part)
            else:
                yield wanted.name


def _is_installed(name: str) -> bool:
    from importlib import metadata

    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True
