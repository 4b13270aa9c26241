"""``mesoonto serve``."""

from __future__ import annotations

from pathlib import Path

import click

_EXAMPLE = "SELECT ?trial { ?s a meso:Study ; rdfs:label ?trial } ORDER BY ?trial"


def _read_config(ctx: click.Context, _: click.Parameter, path: Path | None) -> Path | None:
    """Take the options of the TOML file *path* as defaults, so that flags and environment go before it."""
    import tomllib

    from mesoonto.errors import InputError, Place

    if path is None:
        return None
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError((error.strerror or str(error)).lower(), Place(str(path))) from error
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8; save the file with that encoding", Place(str(path))) from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"not TOML: {error}", Place(str(path))) from error
    known = {parameter.name for parameter in ctx.command.params} - {"config"}
    unknown = sorted(values.keys() - known)
    if unknown:
        raise InputError(
            f"unknown option {unknown[0]}; known are {', '.join(sorted(map(str, known)))}", Place(str(path))
        )
    ctx.default_map = values
    return path


@click.command()
@click.option(
    "--host",
    envvar="MESOONTO_HOST",
    default="127.0.0.1",
    show_default=True,
    show_envvar=True,
    help="Address to listen on.",
)
@click.option(
    "--port",
    envvar="MESOONTO_PORT",
    type=click.IntRange(1, 65535),
    default=7878,
    show_default=True,
    show_envvar=True,
    help="Port to listen on.",
)
@click.option(
    "--location",
    envvar="MESOONTO_LOCATION",
    type=click.Path(file_okay=False, path_type=Path),
    show_envvar=True,
    help="Keep the store in this directory instead of in memory. The shipped graphs in it are renewed at "
    "every start; other graphs stay.",
)
@click.option(
    "--empty", envvar="MESOONTO_EMPTY", is_flag=True, show_envvar=True, help="Serve without the shipped data."
)
@click.option(
    "--config",
    envvar="MESOONTO_CONFIG",
    type=click.Path(dir_okay=False, path_type=Path),
    is_eager=True,
    callback=_read_config,
    show_envvar=True,
    help="TOML file with the options above, such as: port = 8080.",
)
def serve(host: str, port: int, location: Path | None, empty: bool, config: Path | None) -> None:  # noqa: ARG001
    """Serve the dataset: a page for people at / and a SPARQL endpoint at /sparql.

    The endpoint only reads. It evaluates queries in the serving process without a time limit, so keep it on
    a network that you trust.
    """
    from mesoonto import __version__
    from mesoonto_server.serving import Settings
    from mesoonto_server.serving import serve as run

    def announce(address: str) -> None:
        click.echo(f"mesoonto {__version__} listens at {address} (stop it with Ctrl-C)")
        click.echo(f"SPARQL endpoint: {address}sparql. Try:")
        click.echo(
            f"  curl -G {address}sparql -H 'Accept: text/csv' --data-urlencode \\\n    'query={_EXAMPLE}'"
        )

    run(Settings(host, port, location, empty), announce)
