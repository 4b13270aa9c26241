"""``mesoonto export`` and ``mesoonto import``."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import click

from mesoonto.cli.progress import progress
from mesoonto.exchange.formats import FORMATS

#: Broken rows that are told one by one.
_TOLD = 20

_OUTPUT = click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    help="Write to this file, whole or not at all; default or - standard output.",
)


def _table() -> str:
    width = max(len(row.name) for row in FORMATS)
    return "\b\nFormats:\n" + "\n".join(f"  {row.name:<{width}}  {row.words}" for row in FORMATS)


@click.command(epilog=_table())
@click.argument("form", metavar="FORMAT")
@click.argument("names", metavar="[ID]...", nargs=-1)
@_OUTPUT
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
    from mesoonto.views.facts import Facts

    row = formats.named(form)
    facts = Facts(kept.engine().store)
    chosen = formats.records(facts, row, names)
    done = count(1)
    with progress("records", len(chosen)) as advance:
        exported = formats.write(facts, row, chosen, lambda: advance(next(done)))
    if losses is not None:
        _put(formats.loss_table(exported.losses), losses)
    _put(exported.text, output)
    click.echo(formats.summary(len(chosen), exported.losses), err=True)


@click.command(name="import")
@click.argument("form", metavar="FORMAT")
@click.argument("table", metavar="FILE", type=click.Path(path_type=Path))
@_OUTPUT
@click.option(
    "--losses",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what could not be kept to this file: row or record, field and reason, by tabs.",
)
def import_(form: str, table: Path, output: Path | None, losses: Path | None) -> None:
    """Read FILE, another resource's records, as records in Turtle that somebody has to check.

    \b
    mesoonto import civic nightly-AcceptedClinicalEvidenceSummaries.tsv -o civic.ttl --losses lost.tsv

    FORMAT is civic: CIViC's table of evidence; rows on malignant mesothelioma, prognostic and predictive,
    become evidence statements. What a row does not say is left out; mesoonto validate then asks for it. Ends
    with 1 when rows are broken; they are told with line and field, and the others are written.
    """
    from mesoonto.dataset import kept
    from mesoonto.exchange import civic_reading, formats
    from mesoonto.views.facts import Facts

    formats.readable(form)
    imported = civic_reading.read(Facts(kept.engine().store), table)
    if losses is not None:
        _put(formats.loss_table(imported.losses), losses)
    _put(imported.turtle, output)
    for problem in imported.problems[:_TOLD]:
        click.echo(f"{problem.place}: {problem.message}", err=True)
    if len(imported.problems) > _TOLD:
        click.echo(f"and {len(imported.problems) - _TOLD} broken rows more", err=True)
    rows = imported.number + imported.left_out
    click.echo(formats.summary(rows, imported.losses, "unbroken rows"), err=True)
    raise SystemExit(1 if imported.problems else 0)


def _put(text: str, path: Path | None) -> None:
    """Write *text* to *path* whole or not at all; None and - stand for standard output."""
    from mesoonto.files.replacing import replacing

    if path is None or str(path) == "-":
        click.echo(text, nl=False)
        return
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")
