"""``mesoonto export``."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import click

from mesoonto.cli.progress import progress
from mesoonto.exchange.formats import FORMATS


def _table() -> str:
    width = max(len(row.name) for row in FORMATS)
    return "\b\nFormats:\n" + "\n".join(f"  {row.name:<{width}}  {row.words}" for row in FORMATS)


@click.command(epilog=_table())
@click.argument("form", metavar="FORMAT")
@click.argument("names", metavar="[ID]...", nargs=-1)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    help="Write to this file, whole or not at all; default or - standard output.",
)
@click.option(
    "--losses",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what the format cannot carry to this file: record, property and reason, by tabs.",
)
def export(form: str, names: tuple[str, ...], output: Path | None, losses: Path | None) -> None:
    """Write records in FORMAT: those with the names ID, or all that it carries.

    \b
    mesoonto export nanopub statement_Blum2019_1
    mesoonto export nanopub -o statements.trig

    How much of the records the format cannot carry is told at the end; --losses lists it. Some formats need
    the extra mesoonto[exchange].
    """
    from mesoonto.dataset import kept
    from mesoonto.exchange import formats
    from mesoonto.files.replacing import replacing
    from mesoonto.views.facts import Facts

    row = formats.named(form)
    facts = Facts(kept.engine().store)
    chosen = formats.records(facts, row, names)
    done = count(1)
    with progress("records", len(chosen)) as advance:
        exported = formats.write(facts, row, chosen, lambda: advance(next(done)))
    if losses is not None:
        with replacing(losses) as partial:
            partial.write_text(formats.loss_table(exported.losses), encoding="utf-8")
    if output is None or str(output) == "-":
        click.echo(exported.text, nl=False)
    else:
        with replacing(output) as partial:
            partial.write_text(exported.text, encoding="utf-8")
    click.echo(formats.summary(len(chosen), exported.losses), err=True)
