"""The pages of the reference that are written when the site is built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from docs.generate import configuration, http, questions, terms


@dataclass(frozen=True, slots=True)
class Generated:
    """One page."""

    name: str  #: its path in docs/
    title: str
    about: str  #: what it holds, in half a sentence
    write: Callable[[], str]  #: its Markdown, below the title
    contents: bool = True  #: whether it lists its headings, of which some pages have hundreds


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
    Generated("reference/configuration.md", "Configuration", "every setting", configuration.page),
    Generated("reference/http.md", "HTTP interface", "every address, parameter and answer", http.page),
    Generated("reference/python.md", "Python", "what `import mesoonto` offers", python),
    Generated("reference/questions.md", "Competency questions", "each with its query", questions.page),
    *(
        Generated(
            f"reference/classes-{module}.md",
            f"Classes: {module}",
            "definitions, synonyms, parents",
            partial(terms.classes, module),
            contents=False,
        )
        for module in terms.MODULES_WITH_CLASSES
    ),
    Generated(
        "reference/properties.md", "Properties", "those of mesoonto itself", terms.properties, contents=False
    ),
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
    front = "" if page.contents else "---\nhide: [toc]\n---\n\n"
    return f"{front}# {page.title}\n\n{page.write()}"


def overview() -> str:
    """A list of these pages, for the first page of the site."""
    return _OVERVIEW + "".join(f"- [{page.title}]({page.name}): {page.about}\n" for page in PAGES)
