"""``mesoonto release``."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.argument("version")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The new folder to write; default dist/VERSION."
)
@click.option(
    "--previous",
    type=click.Path(path_type=Path),
    help="The folder of an earlier release: CHANGES.md and changes.ttl tell what differs.",
)
def release(version: str, output: Path | None, previous: Path | None) -> None:
    """Build the files of release VERSION.

    The ontology in four variants (base, full, reasoned, simple), each as OWL (RDF/XML), Turtle, OBO and OBO
    Graphs JSON; a JSON-LD context; a SKOS view; the mappings as one SSSOM table; all records as TriG and CSV;
    what changed, in words and RDF; a documentation page; DCAT and VoID metadata; checksums. The same
    sources give the same bytes. Needs no Java.

    \b
    mesoonto release 0.2.0 --previous dist/0.1.0
    """
    from mesoonto.release import publish

    def show(text: str) -> None:
        if sys.stderr.isatty():
            click.echo(f"{text} ...", err=True)

    folder = output or Path("dist", version)
    written = publish.release(version, folder, previous, show)
    size = sum(path.stat().st_size for path in written)
    click.echo(f"wrote {len(written)} files, {size / 1e6:.1f} MB, to {folder}")
