"""``mesoonto build``, ``stats`` and ``version``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the dataset to this file as N-Quads.",
)
@click.option(
    "--check", is_flag=True, help="Change nothing; end with 1 when a generated file is out of date."
)
def build(output: Path | None, check: bool) -> None:
    """Renew the generated files of a checkout, and load the whole dataset once.

    Generated are the import slices (ontology/imports/*.ttl), the classes in modules that design patterns
    define (ontology/patterns/), and what HermiT infers (ontology/inferred.ttl; computed anew, with Java, only
    when an axiom has changed). A file that does not parse is named with line and column, and nothing is
    written.
    """
    from mesoonto.cli import shown
    from mesoonto.dataset import kept, shipped
    from mesoonto.ontology.model import Ontology
    from mesoonto.owl import generated

    if check:
        stale = generated.stale_files(Ontology.shipped())
        for path in stale:
            click.echo(f"{shown(path)}: out of date; run mesoonto build", err=True)
        raise SystemExit(1 if stale else 0)
    for path in generated.renew():
        click.echo(f"renewed {shown(path)}")
    version = shipped.version()
    store = shipped.build()
    kept.keep(store, version)
    click.echo(f"dataset {version}: {len(store)} triples in {len(list(store.named_graphs()))} graphs")
    if output:
        shipped.write_nquads(store, output)
        click.echo(f"wrote {output}")


@click.command()
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def stats(form: str) -> None:
    """Count classes, records and links of the shipped dataset."""
    import json

    from mesoonto.dataset import kept
    from mesoonto.knowledge import statistics

    counts = statistics.count(kept.engine())
    if form == "json":
        click.echo(json.dumps(counts, indent=2))
        return
    width = max(map(len, counts))
    for name, number in counts.items():
        click.echo(f"{name:<{width}}  {number:>6}")


@click.command()
def version() -> None:
    """Print the version of mesoonto and of the dataset it ships."""
    from mesoonto import __version__
    from mesoonto.dataset import shipped

    click.echo(f"mesoonto {__version__}, dataset {shipped.version()}")
