"""``mesoonto serve``."""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mesoonto.processes import allocator
from mesoonto_server.settings import Settings

if TYPE_CHECKING:
    from mesoonto.federation.config import Endpoints

_EXAMPLE = "SELECT ?trial { ?s a meso:Study ; rdfs:label ?trial } ORDER BY ?trial"


def _read_config(ctx: click.Context, _: click.Parameter, path: Path | None) -> Endpoints | None:
    """Take the options of the TOML file *path* as defaults, behind flags and environment."""
    if path is None:
        return None
    from mesoonto.errors import InputError, Place
    from mesoonto.federation.config import Endpoints
    from mesoonto.files import toml

    values = toml.read(path)
    place = Place(str(path))
    endpoints = Endpoints.from_config(values, place)
    values.pop("federation", None)
    names = {older: setting.name for setting in fields(Settings) if (older := setting.metadata["older"])}
    values = {names.get(key, key): value for key, value in values.items()}
    known = {parameter.name for parameter in ctx.command.params} - {"config"}
    unknown = sorted(values.keys() - known)
    if unknown:
        raise InputError(
            f"unknown option {unknown[0]}; known are {', '.join(sorted(map(str, known)))}", place
        )
    ctx.default_map = values
    return endpoints


def _options(command: Any) -> Any:
    """Give *command* one option for each setting of the server."""
    for setting in reversed(fields(Settings)):
        kind: dict[str, Any] = {"default": setting.default, "show_default": setting.default not in (None, "")}
        if setting.default is False:
            kind = {"is_flag": True}
        elif setting.default is True:
            kind = {"default": True, "type": click.BOOL, "show_default": "on", "metavar": "on|off"}
        elif setting.name in (
            "dataset_dir",
            "rdf_file",
            "releases_dir",
            "token_file",
            "follow_cache",
            "credentials_file",
        ):
            kind["type"] = click.Path(path_type=Path)
        elif setting.name == "allocator":
            kind["type"] = click.Choice(allocator.CHOICES)
        elif setting.name == "port":
            kind["type"] = click.IntRange(1, 65535)
        elif isinstance(setting.default, int):
            kind["type"] = click.IntRange(min=0)
        elif isinstance(setting.default, float):
            kind["type"] = click.FloatRange(min=0, min_open=True)
        if setting.name == "query_workers":
            kind["show_default"] = "one for each core"
        unit = setting.metadata["unit"]
        names = [name for name in (setting.name, setting.metadata["older"]) if name]
        option = click.option(
            *(f"--{name.replace('_', '-')}" for name in names),
            setting.name,
            envvar=[f"MESOONTO_{name.upper()}" for name in names],
            show_envvar=True,
            help=f"{setting.metadata['help']}{f' [{unit}]' if unit else ''}",
            **kind,
        )
        command = option(command)
    return command


@click.command()
@_options
@click.option(
    "--config",
    envvar="MESOONTO_CONFIG",
    type=click.Path(dir_okay=False, path_type=Path),
    is_eager=True,
    callback=_read_config,
    show_envvar=True,
    help="TOML file with the options above, such as: port = 8080, and with the endpoints that SERVICE may "
    "ask, each as [federation.endpoints.NAME].",
)
def serve(config: Endpoints | None, **options: Any) -> None:
    """Serve the dataset: a page for people at / and a SPARQL endpoint at /sparql.

    Each query runs in a worker process that is ended at its deadline, so that no query can stop the
    endpoint. Writing is off; with --token-file or --allow-update the dataset can be changed at /update and
    /store.

    \b
    mesoonto serve
    mesoonto serve --dataset-dir /var/lib/mesoonto --token-file tokens --trusted-proxy 127.0.0.1
    mesoonto serve --empty --allow-update
    mesoonto serve --follow s3://datasets/mesoonto
    mesoonto serve --engine http://localhost:3030/cohort/sparql
    """
    from mesoonto import __version__, extras

    extras.need("server", "the server")
    if sys.argv[1:2] == ["serve"]:  # and not within another program, which would be what starts again
        allocator.start_again(options["allocator"])
    from mesoonto.federation.config import Endpoints
    from mesoonto_server.processes import serve as run

    def announce(address: str) -> None:
        click.echo(f"mesoonto {__version__} listens at {address} (stop it with Ctrl-C)")
        click.echo(f"SPARQL endpoint: {address}sparql. Try:")
        click.echo(
            f"  curl -G {address}sparql -H 'Accept: text/csv' --data-urlencode \\\n    'query={_EXAMPLE}'"
        )

    run(Settings(**options), config or Endpoints(), announce)
