"""``mesoonto diff``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("before")
@click.argument("after", default="shipped")
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "kgcl"]),
    default="markdown",
    show_default=True,
    help="For people, or as commands of the Knowledge Graph Change Language.",
)
@click.option(
    "--limit", type=click.IntRange(0), default=0, help="Changes shown under each heading; default all."
)
@click.option(
    "--releases-dir",
    type=click.Path(path_type=Path),
    default=Path("dist"),
    show_default=True,
    help="The folder in which releases are, by version.",
)
def diff(before: str, after: str, form: str, limit: int, releases_dir: Path) -> None:
    """Tell what changed from BEFORE to AFTER in terms, axioms and records.

    Each is a file of an ontology; a folder (a release, a checkout, or of ontology files); the version of a
    release; a git revision of this repository, of which the folder ontology is read, or REVISION:PATH; or
    shipped, the ontology of this installation or checkout.

    \b
    mesoonto diff main                        what this checkout changes
    mesoonto diff 0.1.0 0.2.0                 two releases in dist
    mesoonto diff v1.owl v2.owl               any ontology
    mesoonto diff HEAD~1:onto.ttl onto.ttl    a file as it was
    mesoonto diff main --format kgcl

    Ends with 0 when nothing differs, 1 when something does, 2 when one of the two cannot be read.
    """
    from mesoonto.release import changes, snapshot

    old, new = (snapshot.read(name, releases_dir) for name in (before, after))
    found = changes.compare(old, new)
    markdown = form == "markdown"
    text = changes.in_markdown(found, before, after, limit) if markdown else changes.in_kgcl(found)
    click.echo(text, nl=False)
    raise SystemExit(1 if found else 0)
