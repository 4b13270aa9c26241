"""``mesoonto mcp``."""

from __future__ import annotations

import click


class _Address(click.ParamType[tuple[str, int]]):
    """``HOST:PORT`` or ``PORT``, which is one of this machine alone."""

    name = "[host:]port"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        host, _, port = value.rpartition(":")
        if not (port.isascii() and port.isdigit() and int(port) <= 65535):
            self.fail(f"{value}: give HOST:PORT or PORT, such as 127.0.0.1:8000", param, ctx)
        return host.removeprefix("[").removesuffix("]") or "127.0.0.1", int(port)


@click.command()
@click.option(
    "--http",
    "address",
    type=_Address(),
    metavar="[HOST:]PORT",
    help="Serve streamable HTTP there, at /mcp, instead of standard input and output. Without HOST it is "
    "reached from this machine alone.",
)
def mcp(address: tuple[str, int] | None) -> None:
    """Serve the dataset to language models, by the Model Context Protocol (MCP). Read only.

    Speaks on standard input and output, as clients want it that start their servers themselves; put this
    into their configuration:

    \b
    {"mcpServers": {"mesoonto": {"command": "mesoonto", "args": ["mcp"]}}}

    or let others reach it by HTTP:

    \b
    mesoonto mcp --http 8000

    Tools: search, describe, examples, schema, check_query, query, stratify, pool. Each call runs in a process
    that is ended after 30 seconds (a query may ask for 120) or beyond 1 GiB, and has no network. Over HTTP
    there is neither a password nor encryption: put a proxy that has them before any host but this one. Needs
    the extra mesoonto[mcp].
    """
    from mesoonto.mcp import run

    if address is None:
        run.serve_stdio()
    else:
        run.serve_http(*address, lambda where: click.echo(f"mesoonto mcp listens at {where}", err=True))
