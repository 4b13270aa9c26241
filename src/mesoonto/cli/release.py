"""``mesoonto release``."""

from __future__ import annotations

import sys
from datetime import datetime
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
@click.option(
    "--date",
    "issued",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day on which it is issued; default today, or that of SOURCE_DATE_EPOCH.",
)
@click.option(
    "--tables",
    envvar="MESOONTO_TABLES",
    show_envvar=True,
    type=click.Path(path_type=Path),
    help="Directory with a table <prefix>.tsv.gz for each vocabulary, for check-ids.",
)
@click.option(
    "--skip",
    "skipped",
    multiple=True,
    type=click.Choice(
        ["version", "generated", "check", "registries", "validate", "check-ids", "fmt", "reason"]
    ),
    help="Publish without this check; repeatable. It is told.",
)
def release(
    version: str,
    output: Path | None,
    previous: Path | None,
    issued: datetime | None,
    tables: Path | None,
    skipped: tuple[str, ...],
) -> None:
    """Build the files of release VERSION.

    The ontology as registries load it and in four variants (base, full, reasoned, simple), each as OWL
    (RDF/XML), Turtle, OBO and OBO Graphs JSON; a JSON-LD context; a SKOS view; the mappings as one SSSOM
    table; all records as TriG and CSV; what changed, in words and RDF; a documentation page; DCAT, VoID
    and RO-Crate metadata; checksums. The same sources and date give the same bytes.

    \b
    mesoonto release 0.2.0 --previous dist/0.1.0 --tables ~/vocabularies
    mesoonto release 0.2.0 --skip check-ids --skip reason        without tables and Java

    Before, it is checked that the version is above the previous one, generated files are current, mesoonto
    check, validate, check-ids and fmt --check find nothing, what registries ask for is there, and HermiT,
    asked anew, infers what is shipped.
    Ends with 1, and writes nothing, when a check fails or comes to no verdict.
    """
    from mesoonto import extras
    from mesoonto.ontology.model import Ontology

    extras.need("release", "a release")
    from mesoonto.release import gate, publish

    def show(text: str) -> None:
        if sys.stderr.isatty():
            click.echo(f"{text} ...", err=True)

    wanted = gate.Release(publish.checked(version), Ontology.shipped(), previous, tables)
    failed = gate.failures(wanted, skipped, show)
    for failure in failed:
        for finding in failure.findings:
            click.echo(f"{failure.check}: {finding}", err=True)
    if failed:
        click.echo(f"not released: {', '.join(f.check for f in failed)} failed", err=True)
        raise SystemExit(1)
    for name in skipped:
        click.echo(f"not checked: {name}", err=True)
    folder = output or Path("dist", version)
    day = issued.date().isoformat() if issued else ""
    written = publish.release(version, folder, previous, show, day)
    size = sum(path.stat().st_size for path in written)
    click.echo(f"wrote {len(written)} files, {size / 1e6:.1f} MB, to {folder}")
