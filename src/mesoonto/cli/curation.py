"""``mesoonto new``, ``report`` and ``check-ids``: help for curators."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import click

from mesoonto.knowledge.templates import KINDS


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("key")
@click.option(
    "-d",
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write the file into.  [default: the folder of the kind below ontology/data; for a tumour "
    "the current folder]",
)
def new(kind: str, key: str, directory: Path | None) -> None:
    """Write a template for a new record: a trial by its registry number, a part of a trial by that and a
    name, a statement or publication by a PubMed id, a decision by its body and number, a status by the agent
    and the year.

    \b
    mesoonto new trial NCT02709512
    mesoonto new result NCT02709512_2026_os_hr_all
    mesoonto new statement 38358753
    mesoonto new decision NICE_TA818
    mesoonto new status pegargiminase_2026

    An existing file is never touched. Fill in the file, then run mesoonto validate FILE, and mesoonto fmt
    FILE, which drops the template's remarks.
    """
    import datetime

    from mesoonto.errors import OutputError, Place
    from mesoonto.knowledge import templates

    template = templates.new(kind, key, datetime.datetime.now(tz=datetime.UTC).date())
    home = Path("ontology/data", template.folder) if template.folder else Path()
    if directory is None and not home.is_dir():
        raise OutputError("no such folder; run it in a checkout, or name a folder: -d .", Place(str(home)))
    path = (directory or home) / template.file_name
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(template.text)
    except OSError as error:
        raise OutputError((error.strerror or str(error)).lower(), Place(str(path))) from error
    click.echo(f"wrote {path}; fill it in, then run: mesoonto validate {path} and mesoonto fmt {path}")


@click.command()
@click.option("--list", "show_records", is_flag=True, help="Name every record, not only their numbers.")
def report(show_records: bool) -> None:
    """Tell what the records still lack: second sources, interval levels, cut-offs, doses ...

    These are no mistakes, which validate finds, but work that is left. At the end stands how many results and
    evidence statements were read a second time.
    """
    from mesoonto.dataset import kept
    from mesoonto.knowledge import completeness, questions, readings
    from mesoonto.namespaces import compress

    engine = kept.engine()
    gaps = completeness.gaps(engine)
    for lack, group in groupby(gaps, key=lambda gap: gap.lack):
        records = list(group)
        click.echo(f"{len(records):>5}  {lack}")
        if show_records:
            for gap in records:
                click.echo(f"         {compress(gap.record)}  {gap.label}")
    click.echo("\nread a second time:")
    for share in readings.shares(engine, questions.shipped()):
        click.echo(
            f"{share.agreeing + share.mended:>5}  of {share.records} {share.of} ({share.percent:.0f} %): "
            f"{share.agreeing} agree, {share.elsewhere} of them on a page that the record does not name, "
            f"{share.mended} mended; {share.not_found} more not found again"
        )


@click.command("check-ids")
@click.option(
    "--tables",
    envvar="MESOONTO_TABLES",
    show_envvar=True,
    type=click.Path(path_type=Path),
    required=True,
    help="Directory with a table <prefix>.tsv.gz for each vocabulary.",
)
def check_ids(tables: Path) -> None:
    """Compare every identifier and label of other vocabularies with tables of them.

    Looks at the import slices, the mappings, the modules and the records. The tables are no part of the
    project: make them from the vocabularies' own files. go.tsv.gz, say, has these columns, with tabs between
    them; the last two may be empty:

    \b
    id          label                        obsolete  replaced_by  synonyms  xrefs
    GO:0000001  mitochondrion inheritance    false
    GO:0000003  obsolete reproduction        true      GO:0022414

    \b
    Ends with 0 when all are known, in use and labelled alike, 1 when not, and 2 without tables.
    """
    from mesoonto.knowledge import identifiers

    found = identifiers.compare(tables)
    for mistake in found.mistakes:
        click.echo(mistake)
    unchecked = f"; no table for {', '.join(found.unchecked)}" if found.unchecked else ""
    click.echo(f"{found.checked} identifiers compared, {len(found.mistakes)} mistakes{unchecked}")
    raise SystemExit(1 if found.mistakes else 0)
