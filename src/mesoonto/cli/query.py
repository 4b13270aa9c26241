"""``mesoonto query``."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pyoxigraph as ox

    from mesoonto.dataset.query_features import Outline
    from mesoonto.dataset.store import Engine
    from mesoonto.federation import ResolvedQuery

#: Seconds to wait for the answer of an endpoint that is asked directly.
_PATIENCE = 300.0

_NAMES = ["table", "json", "xml", "csv", "tsv", "turtle", "ntriples", "trig", "nquads", "jsonld", "rdfxml"]


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
@click.option(
    "--config",
    envvar="MESOONTO_CONFIG",
    type=click.Path(dir_okay=False, path_type=Path),
    show_envvar=True,
    help="TOML file that lists the endpoints SERVICE may ask, each as [federation.endpoints.NAME] with url.",
)
@click.option(
    "--explain", is_flag=True, help="Tell on standard error what was asked of which endpoint, and how."
)
def query(
    file: Path | None, text: str | None, name: str, endpoint: str | None, config: Path | None, explain: bool
) -> None:
    """Ask the shipped dataset, or an endpoint, the SPARQL query in FILE.

    FILE may be - for standard input. The default graph is the union of all named graphs. The prefixes of
    mesoonto (meso:, mesod:, rdfs:, skos:, ...) need no declaration when the shipped dataset is asked. Names
    and literals that it does not have are told on standard error, with the nearest that it has.

    \b
    mesoonto query ontology/queries/CQ01_first_line_overall_survival.rq
    mesoonto query -e 'SELECT ?label { ?s a meso:Study ; rdfs:label ?label } ORDER BY ?label'
    mesoonto query --config endpoints.toml ontology/queries/federated/FQ01_wikidata_drugs_by_drugbank.rq
    """
    if (file is None) == (text is None):
        raise click.UsageError("give either FILE or -e TEXT")
    if endpoint and explain:
        raise click.UsageError("--explain is for the shipped dataset, not for --endpoint")
    question = text if text is not None else _read(Path(str(file)))
    if endpoint:
        click.echo(_ask_endpoint(endpoint, question, name), nl=False)
    else:
        click.echo(_ask_dataset(question, name, config, explain=explain), nl=False)


def _read(file: Path) -> str:
    from mesoonto.errors import InputError, Place

    try:
        return (sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()).decode("utf-8")
    except OSError as error:
        raise InputError((error.strerror or str(error)).lower(), Place(str(file))) from error
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8; save the file with that encoding", Place(str(file))) from error


def _ask_dataset(question: str, name: str, config: Path | None, *, explain: bool) -> str:
    from mesoonto.dataset import kept, query_features
    from mesoonto.dataset.formats import Kind, format_named
    from mesoonto.processes.network import without_network

    query_features.require_shallow(question)
    engine = kept.engine()
    asked = question
    outline = query_features.outline(question)
    if outline.has_service:
        resolved = _without_service(question, engine, config, explain=explain)
        question, outline = resolved.query, resolved.outline
    elif explain:
        click.echo("no SERVICE: all is answered from the shipped dataset", err=True)

    def evaluated() -> tuple[bytes, bool]:
        result = engine.query(question, outline=outline)
        table = name == "table" and result.kind is not Kind.TRIPLES
        wanted = "json" if table else "turtle" if name == "table" else name
        return result.serialize(format_named(wanted, result.kind)), table

    text, table = without_network(evaluated)
    _tell_unmatched(engine, asked)
    return _table(text) if table else text.decode()


def _tell_unmatched(engine: Engine, question: str) -> None:
    """Say on standard error what *question*, which was answered, asks for and the data do not have."""
    from mesoonto.views.completion import Completions
    from mesoonto.views.unmatched import unmatched

    for one in unmatched(engine, question, partial(Completions, engine.store)):
        click.echo(f"mesoonto: warning: {one}", err=True)


class _EngineLocal:
    """The shipped dataset as the local side of a federated query."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def select(self, query: str, outline: Outline) -> bytes:
        from mesoonto.dataset.formats import Kind, format_named
        from mesoonto.processes.network import without_network

        form = format_named("json", Kind.SOLUTIONS)
        return without_network(lambda: self._engine.query(query, outline=outline).serialize(form))


def _without_service(question: str, engine: Engine, config: Path | None, *, explain: bool) -> ResolvedQuery:
    """*question* with what the endpoints of *config* say in place of its SERVICE clauses."""
    from mesoonto.federation import Endpoints, Federation

    federation = Federation(Endpoints.read(config) if config else Endpoints())
    try:
        resolved = federation.evaluate(question, _EngineLocal(engine))
    finally:
        federation.close()
    if explain:
        click.echo(resolved.report.as_text(), err=True)
    return resolved


def _ask_endpoint(address: str, question: str, name: str) -> str:
    from mesoonto.api.endpoint import connect
    from mesoonto.dataset.formats import FORMATS

    accept = "application/sparql-results+json, text/turtle;q=0.9"
    if name != "table":
        accept = next(form for form in FORMATS if form.name == name).media_types[0]
    with connect(address, timeout=_PATIENCE) as endpoint:
        answer = endpoint.answer(question, accept)
    return (
        answer.body.decode() if name != "table" or answer.media_type == "text/turtle" else _table(answer.body)
    )


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
