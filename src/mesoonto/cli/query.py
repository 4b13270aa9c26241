"""``mesoonto query``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pyoxigraph as ox

_NAMES = ["table", "json", "xml", "csv", "tsv", "turtle", "ntriples", "jsonld", "rdfxml"]


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("-e", "--execute", "text", help="The query itself, in place of FILE.")
@click.option(
    "--format",
    "name",
    type=click.Choice(_NAMES),
    default="table",
    show_default=True,
    help="How to print the result; CONSTRUCT and DESCRIBE give Turtle where table is asked for.",
)
@click.option("--endpoint", help="Ask the SPARQL endpoint at this address instead of the shipped dataset.")
def query(file: Path | None, text: str | None, name: str, endpoint: str | None) -> None:
    """Ask the shipped dataset, or an endpoint, the SPARQL query in FILE.

    FILE may be - for standard input. The default graph is the union of all named graphs. The prefixes of
    mesoonto (meso:, mesod:, rdfs:, skos:, ...) need no declaration when the shipped dataset is asked.

    \b
    mesoonto query ontology/queries/CQ01_first_line_overall_survival.rq
    mesoonto query -e 'SELECT ?label { ?s a meso:Study ; rdfs:label ?label } ORDER BY ?label'
    """
    if (file is None) == (text is None):
        raise click.UsageError("give either FILE or -e TEXT")
    question = text if text is not None else _read(Path(str(file)))
    if endpoint:
        click.echo(_ask_endpoint(endpoint, question, name), nl=False)
    else:
        click.echo(_ask_dataset(question, name), nl=False)


def _read(file: Path) -> str:
    from mesoonto.errors import InputError, Place

    try:
        return (sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()).decode("utf-8")
    except OSError as error:
        raise InputError((error.strerror or str(error)).lower(), Place(str(file))) from error
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8; save the file with that encoding", Place(str(file))) from error


def _ask_dataset(question: str, name: str) -> str:
    from mesoonto import dataset
    from mesoonto.engine.formats import Kind, format_named
    from mesoonto.engine.store import Engine

    answer = Engine(dataset.build(), dataset.version()).query(question)
    if name != "table":
        return answer.serialize(format_named(name, answer.kind)).decode()
    if answer.kind is Kind.TRIPLES:
        return answer.serialize(format_named("turtle", answer.kind)).decode()
    return _table(answer.serialize(format_named("json", answer.kind)))


def _ask_endpoint(endpoint: str, question: str, name: str) -> str:
    from mesoonto.engine import remote
    from mesoonto.engine.formats import FORMATS

    if name != "table":
        chosen = next(form for form in FORMATS if form.name == name)
        return remote.ask(endpoint, question, chosen.media_types[0]).body.decode()
    answer = remote.ask(endpoint, question, "application/sparql-results+json, text/turtle;q=0.9")
    return answer.body.decode() if answer.media_type == "text/turtle" else _table(answer.body)


def _table(results_json: bytes) -> str:
    """SPARQL JSON results as a table for people: prefixed names for IRIs, bare text for literals."""
    import pyoxigraph as ox
    from prettytable import PrettyTable, TableStyle

    results = ox.parse_query_results(results_json, format=ox.QueryResultsFormat.JSON)
    if isinstance(results, ox.QueryBoolean):
        return "yes\n" if results else "no\n"
    assert isinstance(results, ox.QuerySolutions)  # noqa: S101  # JSON results are one of the two
    table = PrettyTable([variable.value for variable in results.variables], align="l", max_width=60)
    table.set_style(TableStyle.SINGLE_BORDER)
    rows = [[_cell(value) for value in solution] for solution in results]
    table.add_rows(rows)
    return f"{table}\n{len(rows)} row{'' if len(rows) == 1 else 's'}\n"


def _cell(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None) -> str:
    import pyoxigraph as ox

    from mesoonto.namespaces import compress

    if term is None:
        return ""
    return compress(term.value) if isinstance(term, ox.NamedNode) else getattr(term, "value", str(term))
