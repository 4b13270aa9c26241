"""``mesoonto load``, ``backup`` and ``restore``: datasets on disk."""

from __future__ import annotations

from pathlib import Path

import click

from mesoonto.cli.progress import progress

_LOCATION = click.option(
    "--dataset-dir",
    "--location",
    "location",
    envvar=["MESOONTO_DATASET_DIR", "MESOONTO_LOCATION"],
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    show_envvar=True,
    help="The directory that holds the dataset, in versions; `mesoonto serve --dataset-dir` serves it.",
)


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@_LOCATION
@click.option("--graph", metavar="IRI", help="Put triples into this graph instead of the default graph.")
@click.option(
    "--replace", is_flag=True, help="Start from an empty dataset instead of adding to the current one."
)
@click.option(
    "--no-optimize", is_flag=True, help="Leave the store as loading made it: sooner done, slower asked."
)
def load(
    files: tuple[Path, ...], location: Path, graph: str | None, replace: bool, no_optimize: bool
) -> None:
    """Load the RDF files FILES into a dataset on disk, all or none of them.

    The ending says which syntax it is; .gz and .zst are understood. A server of the same directory goes on
    and shows the new data within a second of the end.

    \b
    mesoonto load dump.nq.zst --dataset-dir /var/lib/mesoonto
    """
    import time

    import pyoxigraph as ox

    from mesoonto.dataset.versions import Location
    from mesoonto.errors import InputError, Place
    from mesoonto.files import rdf

    try:
        target = ox.NamedNode(graph) if graph else None
    except ValueError as error:
        raise InputError(f"no IRI: {error}", Place("--graph")) from error
    for path in files:
        if not path.is_file():
            raise InputError("no such file", Place(str(path)))
    started = time.monotonic()
    with Location(location).draft(wait=10, empty=replace) as draft:
        before = len(draft.data)
        for path in files:
            with progress(f"load {path.name}", path.stat().st_size) as advance:
                rdf.load_into(draft.data, path, advance, graph=target)
        if not no_optimize:
            with progress("optimize", None):
                draft.data.optimize()
        added = len(draft.data) - before
        name = draft.name
    seconds = time.monotonic() - started
    click.echo(f"{added:,} statements added in {seconds:.1f} s ({added / seconds:,.0f}/s); version {name}")


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@_LOCATION
def backup(target: Path, location: Path) -> None:
    """Copy the current version of a dataset on disk to the new directory TARGET.

    A server of the dataset goes on. On one file system this takes milliseconds, because files are shared.
    """
    from mesoonto.dataset.versions import Location

    version = Location(location).backup(target)
    click.echo(f"version {version} copied to {target}")


@click.command()
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_LOCATION
def restore(source: Path, location: Path) -> None:
    """Make the backup SOURCE the newest version of a dataset on disk.

    A server of the dataset goes on and shows it within a second. The version before it is kept.
    """
    from mesoonto.dataset.versions import Location

    target = Location(location)
    target.restore(source)
    click.echo(f"{source} restored as version {target.current()}")
