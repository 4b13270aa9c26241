"""The pages of the reference that are written when the site is built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Generated:
    """One page."""

    name: str  #: its path in docs/
    title: str
    about: str  #: what it holds, in half a sentence
    write: Callable[[], str]  #: its Markdown, below the title


def command_line() -> str:
    """The place where mkdocs-click puts every command with its help."""
    options = {"module": "mesoonto.cli", "command": "cli", "prog_name": "mesoonto", "style": "table"}
    return "::: mkdocs-click\n" + "".join(f"    :{name}: {value}\n" for name, value in options.items())


def python() -> str:
    """The places where mkdocstrings puts the public names."""
    import mesoonto

    return "\n".join(f"::: mesoonto.{name}\n" for name in mesoonto.__all__ if name != "__version__")


PAGES = (
    Generated("reference/command-line.md", "Command line", "every command and option", command_line),
    Generated("reference/python.md", "Python", "what `import mesoonto` offers", python),
)

#: Pages of the reference that are files of the repository.
_WRITTEN = ("docs/shapes.md", "docs/shacl.md")

_OVERVIEW = """
## Reference

Generated from the code and the ontology when this site was built:

"""


def navigation() -> list[Any]:
    """The list of all pages of the reference."""
    return [*(f"docs/{page.name}" for page in PAGES), *_WRITTEN]


def markdown(page: Generated) -> str:
    """*page* as a whole."""
    return f"# {page.title}\n\n{page.write()}"


def overview() -> str:
    """A list of these pages, for the first page of the site."""
    return _OVERVIEW + "".join(f"- [{page.title}]({page.name}): {page.about}\n" for page in PAGES)
