"""``mesoonto fmt``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Change nothing; end with 1 when a file is not canonical.")
def fmt(files: tuple[Path, ...], check: bool) -> None:
    """Write Turtle files in their one canonical form.

    The same statements give the same bytes, whoever saved the file: prefixes, order, blank nodes and layout
    are fixed, and each opaque identifier is followed by its label. Without FILES the modules and records
    of this checkout are formatted; shapes are not, since their queries are laid out by hand.

    \b
    mesoonto fmt                                      after a save from Protégé
    mesoonto fmt --check ontology/modules/core.ttl    in CI

    A file with a remark behind # that would be lost, or with a mistake, is named and left as it is; the
    others are judged all the same. Ends with 1 when --check finds a file that is not canonical, 2 when a file
    cannot be formatted.
    """
    from mesoonto import resources
    from mesoonto.cli import UNUSABLE
    from mesoonto.errors import InputError
    from mesoonto.ontology.model import Ontology
    from mesoonto.owl import fmt as formatting

    chosen = files or (*resources.module_files(), *resources.record_files())
    labels = Ontology.shipped().labels
    changed, refused = False, False
    for path in chosen:
        try:
            loose = formatting.format_file(path, labels, write=not check)
        except InputError as error:
            click.echo(f"mesoonto: {error}", err=True)
            refused = True
            continue
        if loose:
            changed = True
            done = f"{path}: not canonical; run mesoonto fmt" if check else f"formatted {path}"
            click.echo(done, err=check)
    raise SystemExit(UNUSABLE if refused else 1 if check and changed else 0)
