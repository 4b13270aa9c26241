"""The command line: each command parses its arguments, calls one function and prints."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from keyword import iskeyword
from pathlib import Path

import click

from mesoonto import __version__, extras
from mesoonto.errors import MesoontoError, QuerySyntaxError

#: Name, module and one line of help. Modules are imported when their command is called, so that
#: ``mesoonto --help`` answers at once.
_COMMANDS = {
    "backup": ("store", "Copy a dataset on disk while it is served."),
    "build": ("dataset", "Renew generated files and write the dataset to a file."),
    "check": ("check", "Check the ontology by its quality rules."),
    "check-ids": ("curation", "Compare identifiers and labels with tables of other vocabularies."),
    "check-sources": ("sources", "Ask indexes and registries whether records still agree with them."),
    "completion": ("shell", "Print the script by which a shell completes commands and options."),
    "diff": ("diff", "Tell what changed between two states of an ontology."),
    "import": ("exchange", "Read another resource's records as records to be checked."),
    "load": ("store", "Load RDF files into a dataset on disk."),
    "explain": ("explain", "Tell why a triple of the dataset holds."),
    "export": ("exchange", "Write records in a format that others of the field read."),
    "fmt": ("fmt", "Write Turtle files in their one canonical form."),
    "man": ("shell", "Print the manual page of a command."),
    "mcp": ("mcp", "Serve the dataset to language models, by the Model Context Protocol."),
    "new": ("curation", "Write a template for a new record."),
    "pool": ("pool", "Pool the ratios of trials that may be pooled, and tell what is left out."),
    "publish": ("publish", "Publish a version of the dataset for servers that follow it."),
    "query": ("query", "Ask the shipped dataset, or an endpoint, a SPARQL query."),
    "reason": ("reason", "Classify the ontology with HermiT."),
    "release": ("release", "Build the files of a release."),
    "report": ("curation", "Tell what the records still lack."),
    "restore": ("store", "Make a backup the newest version of a dataset on disk."),
    "serve": ("serve", "Serve the dataset as a SPARQL endpoint with a page."),
    "stats": ("dataset", "Count what the dataset holds."),
    "stratify": ("stratify", "Tell what the records say for a tumour like the one described."),
    "synth": ("synth", "Write a synthetic cohort of patients, with faults to be found."),
    "validate": ("validate", "Check records against SHACL shapes."),
    "version": ("dataset", "Print the version of mesoonto and of its dataset."),
}

#: Exit code for wrong use or unusable input, as click has it for wrong options.
UNUSABLE = 2


def shown(path: Path) -> Path:
    """*path* as a reader finds it: from the current folder on, where it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"mesoonto.cli.{_COMMANDS[cmd_name][0]}")
        name = cmd_name.replace("-", "_")
        command = getattr(module, f"{name}_" if iskeyword(name) else name)
        assert isinstance(command, click.Command)  # noqa: S101  # as the table says
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][1]) for name in sorted(_COMMANDS)])


@click.group(
    cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="mesoonto")
def cli() -> None:
    """Resistance to immunotherapy in malignant pleural mesothelioma, as linked data.

    \b
    mesoonto query -e 'SELECT * { ?trial a meso:Study } LIMIT 3'
    mesoonto validate my_records.ttl
    mesoonto serve

    Exit codes: 0 all well, 1 the answer is no (data that do not conform, an ontology that is not
    sound), 2 the command could not do its work.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with its exit code."""
    try:
        cli.main(args=arguments, prog_name="mesoonto", auto_envvar_prefix="MESOONTO")
    except MesoontoError as error:
        click.echo(f"mesoonto: {error}", err=True)
        if isinstance(error, QuerySyntaxError) and error.excerpt:
            click.echo(error.excerpt, err=True)
        sys.exit(UNUSABLE)
    except ModuleNotFoundError as error:
        told = extras.advice(error)
        if told is None:
            raise
        click.echo(f"mesoonto: {told}", err=True)
        sys.exit(UNUSABLE)
