"""Command line of the benchmark: ``python -m benchmarks.endpoint COMMAND --help``."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click

from . import data, measure, peers, report, stream, verify
from .templates import TEMPLATES

Command = TypeVar("Command", bound=Callable[..., None])
OXIGRAPH = "oxigraph-memory"
MESOONTO_MEMORY = "{own}/mesoonto serve --empty --rdf-file {data} --host 127.0.0.1 --port {port}"
MESOONTO_DISK = "{own}/mesoonto serve --empty --dataset-dir {store} --host 127.0.0.1 --port {port}"
MESOONTO_LOAD = "{own}/mesoonto load {data} --dataset-dir {store}"
TEN_MILLION = 10_000_000
LARGE_TEMPLATES = "label-search,aggregate-count,aggregate-average"


def common(default_peers: str, default_triples: int) -> Callable[[Command], Command]:
    """Add the options that every measuring command has."""

    def add(command: Command) -> Command:
        for option in (
            click.option(
                "--peers", "names", default=default_peers, show_default=True, help="the first is ratio 1"
            ),
            click.option(
                "--triples", default=default_triples, show_default=True, help="size of the data set"
            ),
            click.option("--seed", default=1, show_default=True, help="of the generated data"),
            click.option(
                "--serve",
                nargs=2,
                multiple=True,
                metavar="NAME COMMAND",
                help="serve command of a peer of that name, in place of mesoonto's own or beside it",
            ),
            click.option("--load", nargs=2, multiple=True, metavar="NAME COMMAND", help="its load command"),
            click.option("--name", help="of the section in the results; default: command and size"),
            click.option("--note", default="", help="a sentence to print with the section"),
            click.option(
                "--results",
                type=click.Path(file_okay=False, path_type=Path),
                default=report.FOLDER,
                help="folder of RESULTS.json and RESULTS.md; default: beside this file",
            ),
        ):
            command = option(command)
        return command

    return add


def turns(clients: str, rounds: int, seconds: float, templates: str) -> Callable[[Command], Command]:
    """Add the options of commands that take turns."""

    def add(command: Command) -> Command:
        for option in (
            click.option("--clients", default=clients, show_default=True, help="keep-alive connections"),
            click.option("--rounds", default=rounds, show_default=True),
            click.option("--seconds", default=seconds, show_default=True, help="of one turn"),
            click.option("--templates", default=templates, show_default=True),
            click.option(
                "--foreign",
                default=0.1,
                show_default=True,
                help="a turn with more load of other processes than this share is tried again",
            ),
            click.option("--retries", default=2, show_default=True, help="tries again, at most"),
        ):
            command = option(command)
        return command

    return add


@click.group()
def main() -> None:
    """Compare SPARQL endpoints on the same data and queries, interleaved.

    In commands of --serve and --load, {port}, {data}, {store} (a folder), {directory}, {bin} (the peers'
    programs) and {own} (this Python's programs) are filled in.
    """


@main.command()
@common(f"{OXIGRAPH},oxigraph-disk,rdflib-endpoint,virtuoso,mesoonto", 100_000)
@turns("1,4,16", 5, 2.0, "all")
def run(**options: Any) -> None:
    """First-time queries: no query is sent twice."""
    take_turns("first-time", options, repeats=False)


@main.command()
@common(f"{OXIGRAPH},mesoonto", 100_000)
@turns("1,4,16", 5, 2.0, "all")
def repeats(**options: Any) -> None:
    """The same four queries of each template again and again, as a cache likes them."""
    take_turns("repeats", options, repeats=True)


@main.command()
@common(f"virtuoso,{OXIGRAPH},mesoonto", TEN_MILLION)
@turns("1,4", 3, 5.0, LARGE_TEMPLATES)
def large(**options: Any) -> None:
    """Aggregates and text search over ten million triples, against Virtuoso."""
    take_turns("large", options, repeats=False)


@main.command()
@common("oxigraph-disk-unoptimized,oxigraph-disk,mesoonto-disk", TEN_MILLION)
@turns("1", 3, 2.0, "look-up,join-2,join-3,join-4,join-5,optional,aggregate-average,describe")
def load(**options: Any) -> None:
    """Load into stores on disk: rate and memory, and what optimizing gives the queries."""
    take_turns("load", options, repeats=False)


@main.command("stream")
@common(f"{OXIGRAPH},oxigraph-disk,mesoonto,mesoonto-disk", TEN_MILLION)
def stream_command(**options: Any) -> None:
    """First byte, rate and memory of a result with a row for every triple."""
    with ExitStack() as stack:
        running, section = prepare(stack, options)
        section["streams"] = stream.run(running, options["triples"])
        finish("stream", options, section, running)


@main.command()
@click.option("--triples", required=True, type=int)
@click.option("--seed", default=1, show_default=True)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def generate(triples: int, seed: int, file: Path) -> None:
    """Write the data set of that size to FILE, as N-Triples."""
    data.write(file, triples, seed)


def take_turns(command: str, options: dict[str, Any], *, repeats: bool) -> None:
    """Start the peers, compare their answers, measure, write the results."""
    wanted = options["templates"].split(",")
    chosen = [template for template in TEMPLATES if options["templates"] == "all" or template.name in wanted]
    unknown = set(wanted) - {template.name for template in TEMPLATES} - {"all"}
    if unknown:
        raise click.BadParameter(f"no template {', '.join(sorted(unknown))}")
    plan = measure.Plan(
        clients=tuple(int(number) for number in options["clients"].split(",")),
        rounds=options["rounds"],
        seconds=options["seconds"],
        repeats=repeats,
        foreign=options["foreign"],
        retries=options["retries"],
    )
    with ExitStack() as stack:
        running, section = prepare(stack, options)
        shape = data.Shape(options["triples"])
        section["rows"] = verify.compare(running, chosen, shape)
        section["plan"] = asdict(plan)
        section["cells"] = measure.run(running, chosen, shape, plan)
        finish(command, options, section, running)


def prepare(stack: ExitStack, options: dict[str, Any]) -> tuple[list[peers.Peer], dict[str, Any]]:
    """Generate the data, start the peers (*stack* stops them); return them and the section's frame."""
    names = options["names"].split(",")
    serve = {"mesoonto": MESOONTO_MEMORY, "mesoonto-disk": MESOONTO_DISK} | dict(options["serve"])
    load_first = {"mesoonto-disk": MESOONTO_LOAD} | dict(options["load"])
    known = peers.known({name: (command, load_first.get(name)) for name, command in serve.items()})
    if unknown := [name for name in names if name not in known]:
        raise click.BadParameter(f"no peer {', '.join(unknown)}; there are {', '.join(known)}")
    stack.enter_context(peers.alone())
    peers.install(names)
    triples, seed = options["triples"], options["seed"]
    file = data.write(peers.BUILD / "data" / f"{triples}-{seed}.nt", triples, seed)
    running = [known[name] for name in names]
    for peer in running:
        print(f"Starting {peer.name} ...", file=sys.stderr, flush=True)
        stack.callback(peer.stop)
        peer.start(file)
    section = {"triples": triples, "seed": seed, "machine": report.machine(), "note": options["note"]}
    return running, section | {"bare_bytes": peers.bare_memory(file)}


def finish(
    command: str, options: dict[str, Any], section: dict[str, Any], running: Sequence[peers.Peer]
) -> None:
    """Write the section and say where."""
    section["peers"] = report.peer_facts(running)
    name = options["name"] or f"{command}, {options['triples']:,} triples"
    report.save(name, section, options["results"])
    print(f"Written to {options['results'] / 'RESULTS.md'}, section {name!r}")


if __name__ == "__main__":
    # Leave by way of the exit stack, so that the servers are stopped too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Error: terminated"))
    try:
        main()
    except (peers.BenchmarkError, OSError) as error:
        sys.exit(f"Error: {error}")
