"""The pages of the reference that are written when the site is built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import click
from docs.generate import configuration, http, questions, terms
from docs.generate.markdown import fenced

from mesoonto.cli import cli


@dataclass(frozen=True, slots=True)
class Generated:
    """One page."""

    name: str  #: its path in docs/
    title: str
    about: str  #: what it holds, in half a sentence
    write: Callable[[], str]  #: its Markdown, below the title
    contents: bool = True  #: whether it lists its headings, of which some pages have hundreds


def command_line() -> str:
    """Every command with the help that it prints itself."""
    settings = {**cli.context_settings, "terminal_width": _COLUMNS}
    top = click.Context(cli, info_name="mesoonto", auto_envvar_prefix="MESOONTO", **settings)
    parts = [fenced("text", cli.get_help(top))]
    for name in cli.list_commands(top):
        command = cli.get_command(top, name)
        if command is not None:
            own = click.Context(command, info_name=name, parent=top)
            parts += [f"## mesoonto {name}\n", fenced("text", command.get_help(own))]
    return "\n".join(parts)


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

#: The width of a help text.
_COLUMNS = 80

#: Pages of the reference that are files of the repository.
_WRITTEN = ({"Shapes": "docs/shapes.md"}, {"SHACL": "docs/shacl.md"})

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
