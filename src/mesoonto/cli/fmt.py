"""``mesoonto fmt``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mesoonto.owl.fmt import RemarkRule


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Change nothing; end with 1 when a file is not canonical.")
@click.option(
    "--remarks",
    "rule",
    type=click.Choice(["refuse", "keep", "drop"]),
    default="refuse",
    show_default=True,
    help="What to do with a remark behind #: leave its file as it is, keep it above its subject, drop it.",
)
def fmt(files: tuple[Path, ...], check: bool, rule: RemarkRule) -> None:
    """Write Turtle files in their one canonical form.

    The same statements give the same bytes, whoever saved the file: order, blank nodes and layout are fixed,
    and each opaque identifier is followed by its label. Lists that OWL reads as sets are sorted
    (intersectionOf, unionOf, oneOf, disjointUnionOf, members, distinctMembers), others stay as they are.
    Prefixes are this project's in files that describe its terms or records; any other file keeps its own.
    Without FILES the modules and records of this checkout are formatted; shapes are not, since their queries
    are laid out by hand.

    \b
    mesoonto fmt                                      after a save from Protégé
    mesoonto fmt --check ontology/modules/core.ttl    in CI
    mesoonto fmt --remarks keep mine.ttl              an ontology of your own

    A file with a remark that would be lost, or with a mistake, is named and left as it is; the others are
    judged all the same. Remarks that mesoonto new wrote are dropped. Ends with 1 when --check finds a file
    that is not canonical, 2 when a file cannot be formatted.
    """
    from mesoonto import resources
    from mesoonto.cli import UNUSABLE, shown
    from mesoonto.errors import InputError, OutputError
    from mesoonto.ontology.model import Ontology
    from mesoonto.owl import fmt as formatting

    chosen = files or tuple(map(shown, (*resources.module_files(), *resources.record_files())))
    labels = Ontology.shipped().labels
    changed, refused = False, False
    for path in chosen:
        try:
            loose = formatting.format_file(path, labels, write=not check, rule=rule)
        except (InputError, OutputError) as error:
            click.echo(f"mesoonto: {error}", err=True)
            refused = True
            continue
        if loose:
            changed = True
            done = f"{path}: not canonical; run mesoonto fmt" if check else f"formatted {path}"
            click.echo(done, err=check)
    raise SystemExit(UNUSABLE if refused else 1 if check and changed else 0)
