"""``mesoonto publish``."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mesoonto.cli.progress import progress

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyoxigraph as ox


@click.command()
@click.argument("target")
@click.option(
    "--rdf-file",
    "--data",
    "rdf_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Publish this RDF file (or .gz, .zst) instead of the shipped dataset.",
)
@click.option(
    "--dataset-dir",
    "--location",
    "dataset_dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Publish the current version of the dataset in this directory.",
)
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    metavar="N",
    help="Remove all versions but the newest N. Without it, all stay.",
)
@click.option("--rollback", metavar="VERSION", help="Make this version, published before, the latest again.")
@click.option("--list", "listed", is_flag=True, help="Only list the versions; the latest has a star.")
@click.option(
    "--endpoint-url",
    metavar="URL",
    help="Address of an S3-compatible service that is not Amazon's.",
)
def publish(
    target: str,
    rdf_file: Path | None,
    dataset_dir: Path | None,
    keep: int | None,
    rollback: str | None,
    listed: bool,
    endpoint_url: str | None,
) -> None:
    """Publish a version of the dataset to TARGET, for servers that follow it.

    TARGET is a directory, or s3://BUCKET/PREFIX, which needs the extra mesoonto[replicas] and takes
    credentials, region and endpoint as other programs do that use boto3. Servers read it by
    `mesoonto serve --follow`. Stopped at any moment, the version before stays the latest, whole; run again,
    it sends only what is not there yet. The same data are not published twice.

    \b
    mesoonto publish /srv/mesoonto
    mesoonto publish s3://datasets/mesoonto --dataset-dir /var/lib/mesoonto --keep 10
    mesoonto publish /srv/mesoonto --rollback 20261129T181500123Z-9f3a61c2b4d0
    """
    from mesoonto.replicas import publish as publishing
    from mesoonto.replicas.storage import storage

    if rdf_file is not None and dataset_dir is not None:
        raise click.UsageError("--rdf-file does not go with --dataset-dir")
    place = storage(target, endpoint_url)
    if listed:
        latest = publishing.latest_version(place)
        for version in publishing.versions(place):
            click.echo(f"{'*' if version == latest else ' '} {version}")
        return
    if rollback is not None:
        found = publishing.roll_back(place, rollback)
        click.echo(f"{place.name}: the latest is version {found.version} again, {found.triples:,} triples")
        return
    store, shipped = _data(rdf_file, dataset_dir)
    with ExitStack() as bars:
        done = publishing.publish(store, place, shipped=shipped, keep=keep or 0, report=_report(bars))
    if not done.changed:
        click.echo(f"{place.name}: version {done.version} has these data already; nothing was published")
        return
    click.echo(
        f"{place.name}: version {done.version}, {done.triples:,} triples in {done.files} graphs, "
        f"{done.sent:,} bytes sent"
    )


def _data(rdf_file: Path | None, dataset_dir: Path | None) -> tuple[ox.Store, str | None]:
    """What is to be published, and the version of the shipped dataset where it is that."""
    from mesoonto.dataset import kept, shipped
    from mesoonto.dataset.versions import Location
    from mesoonto.errors import InputError, Place
    from mesoonto.files import rdf

    if dataset_dir is not None:
        return Location(dataset_dir).open_current()[0], None
    if rdf_file is not None:
        if not rdf_file.is_file():
            raise InputError("no such file", Place(str(rdf_file)))
        return rdf.load(rdf_file)[0], None
    version = shipped.version()
    return kept.store(version), version


def _report(bars: ExitStack) -> Callable[[str, int, int | None], None]:
    """A bar for each thing that is done, one after the other."""
    done: dict[str, int] = {}
    advance: dict[str, Callable[[int], None]] = {}

    def report(what: str, more: int, total: int | None) -> None:
        if what not in advance:
            bars.close()
            advance[what] = bars.enter_context(progress(what, total))
        done[what] = done.get(what, 0) + more
        advance[what](done[what])

    return report
