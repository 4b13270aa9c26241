"""``mesoonto load``, ``backup`` and ``restore``: datasets on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mesoonto.cli.progress import progress

if TYPE_CHECKING:
    import pyoxigraph as ox

    from mesoonto.engines.address import EngineAddress


def _location_option(*, required: bool) -> Callable[[Any], Any]:
    """The option that names a dataset on disk."""
    return click.option(
        "--dataset-dir",
        "--location",
        "location",
        envvar=["MESOONTO_DATASET_DIR", "MESOONTO_LOCATION"],
        type=click.Path(file_okay=False, path_type=Path),
        required=required,
        show_envvar=True,
        help="The directory that holds the dataset, in versions; `mesoonto serve --dataset-dir` serves it.",
    )


_LOCATION = _location_option(required=True)


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@_location_option(required=False)
@click.option(
    "--engine", metavar="URL", help="Load into the engine that answers SPARQL queries at URL instead."
)
@click.option("--engine-kind", metavar="KIND", default="", help="Its kind, such as fuseki; else it is asked.")
@click.option(
    "--update-url", metavar="URL", default="", help="Where it takes updates, if not told by its kind."
)
@click.option("--graph-store-url", metavar="URL", default="", help="Where it has its graph store, likewise.")
@click.option(
    "--credentials-file",
    type=click.Path(path_type=Path),
    help="File of one line that lets us into it: USER:PASSWORD, or Bearer TOKEN.",
)
@click.option("--graph", metavar="IRI", help="Put triples into this graph instead of the default graph.")
@click.option(
    "--replace",
    is_flag=True,
    help="Start from an empty dataset instead of adding to the current one; in an engine, from empty graphs "
    "in place of those that FILES fill.",
)
@click.option(
    "--no-optimize", is_flag=True, help="Leave the store as loading made it: sooner done, slower asked."
)
def load(
    files: tuple[Path, ...], location: Path | None, engine: str | None, engine_kind: str, update_url: str,
    graph_store_url: str, credentials_file: Path | None, graph: str | None, replace: bool, no_optimize: bool,
) -> None:  # fmt: skip
    """Load the RDF files FILES into a dataset on disk or another engine, all or none of them.

    The ending says which syntax it is; .gz and .zst are understood. A server of the same directory goes on
    and shows the new data within a second of the end. An engine without FILES is given the shipped dataset.

    \b
    mesoonto load dump.nq.zst --dataset-dir /var/lib/mesoonto
    mesoonto load --engine http://localhost:3030/ds/query
    """
    from mesoonto.engines.address import EngineAddress
    from mesoonto.errors import InputError, Place

    if (engine is None) == (location is None):
        raise click.UsageError("name one of --dataset-dir and --engine")
    try:
        target = _node(graph)
    except ValueError as error:
        raise InputError(f"no IRI: {error}", Place("--graph")) from error
    for path in files:
        if not path.is_file():
            raise InputError("no such file", Place(str(path)))
    if engine is not None:
        address = EngineAddress.of(
            engine, update_url=update_url, graph_store_url=graph_store_url, kind=engine_kind,
            credentials_file=credentials_file,
        )  # fmt: skip
        _load_engine(files, address, graph, replace=replace)
    elif location is not None:
        if not files:
            raise click.UsageError("name the files to load")
        _load_location(files, location, target, replace=replace, optimize=not no_optimize)


def _node(iri: str | None) -> ox.NamedNode | None:
    """The node called *iri*; a ValueError where that is no IRI."""
    import pyoxigraph as ox

    return ox.NamedNode(iri) if iri else None


def _load_location(
    files: tuple[Path, ...], location: Path, target: ox.NamedNode | None, *, replace: bool, optimize: bool
) -> None:
    import time

    from mesoonto.dataset.versions import Location
    from mesoonto.files import rdf

    started = time.monotonic()
    with Location(location).draft(wait=10, empty=replace) as draft:
        before = len(draft.data)
        for path in files:
            with progress(f"load {path.name}", path.stat().st_size) as advance:
                rdf.load_into(draft.data, path, advance, graph=target)
        if optimize:
            with progress("optimize", None):
                draft.data.optimize()
        added = len(draft.data) - before
        name = draft.name
    seconds = time.monotonic() - started
    click.echo(f"{added:,} statements added in {seconds:.1f} s ({added / seconds:,.0f}/s); version {name}")


#: Seconds that one request of a load may take.
_LONG = 6 * 3600.0


def _load_engine(
    files: tuple[Path, ...], address: EngineAddress, graph: str | None, *, replace: bool
) -> None:
    import time

    from mesoonto.dataset import kept
    from mesoonto.engines.kinds import opened
    from mesoonto.engines.load import collected, load, shows_union
    from mesoonto.files import rdf

    started = time.monotonic()
    client = opened(address)
    try:
        if files:
            version = None
            quads = (quad for path in files for quad in rdf.from_path(path).quads(fresh=True))
        else:
            shipped = kept.engine()
            version, quads = shipped.version, iter(shipped.store)
        with collected(quads, graph) as parts:
            with progress(f"load into {address.query.url}", sum(part.size for part in parts)) as advance:
                load(client, parts, advance, replacing=replace or not files, seconds=_LONG, version=version)
            number = sum(part.statements for part in parts)
        union = shows_union(client)
    finally:
        client.close()
    seconds = time.monotonic() - started
    told = f"; version {version}" if version else ""
    click.echo(f"{number:,} statements loaded in {seconds:.1f} s ({number / seconds:,.0f}/s){told}")
    if not union:
        click.echo(
            "Its default graph is not the union of its graphs, as queries expect: "
            f"{client.adapter.advice_on_union}",
            err=True,
        )


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
