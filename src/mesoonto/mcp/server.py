"""The MCP server: its tools with their descriptions, as the official SDK has them.

Nothing is looked up here: each call is a job of a worker.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ToolError
from mcp.types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations
from pydantic import Field, ValidationError

from mesoonto import __version__
from mesoonto.errors import MesoontoError
from mesoonto.mcp.answers import (
    CheckAnswer,
    DescribeAnswer,
    ExamplesAnswer,
    PoolAnswer,
    QueryAnswer,
    SchemaAnswer,
    SearchAnswer,
    StratifyAnswer,
)
from mesoonto.mcp.calls import LIMITS, call
from mesoonto.processes.pool import Pool

_INSTRUCTIONS = """\
Curated evidence on resistance to immunotherapy in malignant pleural mesothelioma: mechanisms, interventions,
biomarkers, trials with results, statements for and against, each with its source. Read only.
Begin with search and describe. For questions across records: examples (one near yours, with its query),
schema, then check_query and query.
What is not on record is unknown, and not absent. Quote an interval with its level; where the level is empty
it was not read, so do not assume 95 %. Tell evidence against as well as for, and whether a figure is
superseded or second-hand. All this is for research and is no medical advice.
"""

#: Characters of a query, and of a name.
_LONGEST_QUERY, _LONGEST_NAME = 1 << 16, 500

_Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=_LONGEST_NAME)]
_Text: TypeAlias = Annotated[str, Field(max_length=_LONGEST_NAME)]
_Offset: TypeAlias = Annotated[
    int, Field(ge=0, le=100_000_000, description="How many to leave out: next_offset of the page before.")
]
_Most: TypeAlias = Annotated[int, Field(ge=1, le=100, description="How many of each list to show.")]
_Sparql: TypeAlias = Annotated[
    str,
    Field(
        min_length=1,
        max_length=_LONGEST_QUERY,
        description="A SPARQL 1.1 query. The prefixes of the schema need no declaration.",
    ),
]
_Rows: TypeAlias = Annotated[int, Field(ge=1, le=10_000, description="The most rows of one page.")]
_Bytes: TypeAlias = Annotated[
    int, Field(ge=1_000, le=200_000, description="The most bytes that the rows of one page take as JSON.")
]
_Kind: TypeAlias = Literal[
    "",
    "trial",
    "mechanism",
    "intervention",
    "biomarker",
    "tumour state",
    "decision",
    "statement",
    "publication",
]

_READS = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


class KnowledgeServer(MCPServer[Any]):
    """An MCPServer whose errors are one line that says what to do."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """As the SDK has it; an argument that there is not is refused too."""
        tools = {tool.name: tool.input_schema["properties"] for tool in await self.list_tools()}
        if name not in tools:
            raise ToolError(f"there is no tool {name[:80]!r}; there are {', '.join(tools)}")
        unknown = sorted(arguments.keys() - tools[name].keys())
        if unknown:
            raise ToolError(
                f"{name} has no argument {unknown[0][:80]!r}; it has {', '.join(tools[name]) or 'none'}"
            )
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            if isinstance(error.__cause__, ValidationError):
                raise ToolError(_in_a_line(error.__cause__)) from error.__cause__
            if isinstance(error.__cause__, MesoontoError):
                raise ToolError(str(error.__cause__)) from None
            raise


def _in_a_line(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, one['loc']))}: {' '.join(one['msg'].split())}" for one in error.errors()
    )[:1000]


def server(workers: Pool) -> KnowledgeServer:
    """The server, whose calls *workers* answer."""
    made = KnowledgeServer(
        "mesoonto",
        title="Resistance to immunotherapy in mesothelioma",
        instructions=_INSTRUCTIONS,
        version=__version__,
        log_level="WARNING",
        subscriptions=False,
    )

    async def ask(name: str, timeout: float | None = None, /, **arguments: Any) -> CallToolResult:
        body = await call(workers, name, arguments, timeout)
        return CallToolResult(
            content=[TextContent(type="text", text=body.decode())],
            structured_content=msgspec.json.decode(body),
        )

    @made.tool(annotations=_READS)
    async def search(
        text: Annotated[_Text, Field(description="A name or part of one; typing errors are forgiven.")] = "",
        kind: Annotated[_Kind, Field(description="Of which kind; empty for any.")] = "",
        count: Annotated[int, Field(ge=1, le=100, description="How many to show.")] = 10,
    ) -> Annotated[CallToolResult, SearchAnswer]:
        """Find trials, mechanisms, interventions, biomarkers, decisions, statements, publications by label,
        synonym, registry number, DOI or PubMed number. Gives their ids, for describe and for queries. Without
        text it lists all of a kind.
        """
        return await ask("search", text=text, kind=kind, count=count)

    @made.tool(annotations=_READS)
    async def describe(
        name: Annotated[
            _Name,
            Field(description="Label, synonym, registry number, CURIE or IRI, such as CheckMate 743."),
        ],
        offset: _Offset = 0,
        most: _Most = 20,
    ) -> Annotated[CallToolResult, DescribeAnswer]:
        """What is on record of one entity: definition, relations, evidence statements for and against with
        direction, level, source and how far it was read. A trial has arms and results with interval and its
        level; an intervention its trials; a mechanism what counters it, and gaps. Where more_statements,
        more_results or more_trials is above 0, ask again with a larger offset.
        """
        return await ask("describe", name=name, offset=offset, most=most)

    @made.tool(annotations=_READS)
    async def examples(
        number: Annotated[
            str, Field(max_length=10, description="The question to run, such as CQ07; empty to list.")
        ] = "",
        about: Annotated[_Text, Field(description="List only questions with these words.")] = "",
        offset: _Offset = 0,
        max_rows: _Rows = 100,
    ) -> Annotated[CallToolResult, ExamplesAnswer]:
        """The competency questions that the dataset answers. Without number a list of them; with a number its
        SPARQL, which is a good beginning for a query of your own, and its answer.
        """
        return await ask("examples", number=number, about=about, offset=offset, max_rows=max_rows)

    @made.tool(annotations=_READS)
    async def schema() -> Annotated[CallToolResult, SchemaAnswer]:
        """The schema card, 13 kB of Markdown: classes with their properties, ranges and counts, and values to
        choose from. Read it before you write a query.
        """
        return await ask("schema")

    @made.tool(annotations=_READS)
    async def check_query(query: _Sparql) -> Annotated[CallToolResult, CheckAnswer]:
        """What is wrong with a SPARQL query, without running it: syntax errors in words with line and column,
        and names and literals that the data do not have, each with the nearest that they have.
        """
        return await ask("check_query", text=query)

    @made.tool(annotations=_READS)
    async def query(
        query: _Sparql,
        offset: _Offset = 0,
        max_rows: _Rows = 100,
        max_bytes: _Bytes = 20_000,
        timeout: Annotated[
            float, Field(ge=0.1, le=LIMITS.max_timeout, description="Seconds until it is ended.")
        ] = LIMITS.timeout,
        version: Annotated[
            str,
            Field(max_length=40, description="version of the page before: refused if the data changed."),
        ] = "",
    ) -> Annotated[CallToolResult, QueryAnswer]:
        """Run a SPARQL SELECT, ASK, CONSTRUCT or DESCRIBE query, read only and without SERVICE. Where cut is
        true, the same query with offset = next_offset goes on; pages join up without gap or overlap. Give an
        ORDER BY when you mean to page: order says how far it can be relied on. Terms come as SPARQL has
        them (meso:Study, "text"@en, 0.74), null where there is none. warnings tell what the data do not have.
        """
        return await ask(
            "query",
            timeout,
            text=query,
            offset=offset,
            max_rows=max_rows,
            max_bytes=max_bytes,
            version=version,
        )

    @made.tool(annotations=_READS)
    async def stratify(
        traits: Annotated[
            dict[_Name, _Name],
            Field(
                max_length=50,
                description='Such as {"histology": "sarcomatoid", "ASS1": "lost", "setting": "first-line"}.',
            ),
        ],
        prior: Annotated[
            list[_Name], Field(max_length=20, description="Interventions that were given before, by label.")
        ] = [],  # noqa: B006  # the SDK reads it and copies it
        most: _Most = 10,
    ) -> Annotated[CallToolResult, StratifyAnswer]:
        """What the records say for a tumour like the one described: interventions by the evidence for its
        strata with what speaks against them, active mechanisms, results, what is extrapolated. Traits are in
        the resource mesoonto://traits; an error tells the nearest. It is no medical advice.
        """
        return await ask("stratify", traits=traits, prior=prior, most=most)

    @made.tool(annotations=_READS)
    async def pool(
        end_point: Annotated[
            _Text, Field(description="One end point only, such as overall survival; empty for all.")
        ] = "",
        offset: _Offset = 0,
        most: _Most = 20,
    ) -> Annotated[CallToolResult, PoolAnswer]:
        """Pooled ratios of randomised comparisons that may be pooled (fixed and random effects at 95 %, Q,
        I², tau²), with the trials in each pool, and every other ratio with the reasons it was left out.
        """
        return await ask("pool", end_point=end_point, offset=offset, most=most)

    async def text_of(name: str) -> Any:
        try:
            return msgspec.json.decode(await call(workers, name, {}))
        except MesoontoError as error:
            raise ResourceError(str(error)) from None

    @made.resource("mesoonto://schema", mime_type="text/markdown")
    async def schema_card() -> str:
        """The schema card: what somebody has to know who writes a query."""
        return str((await text_of("schema"))["markdown"])

    @made.resource("mesoonto://traits", mime_type="text/plain")
    async def tumour_traits() -> str:
        """What can be told of a tumour to stratify, a line each."""
        return str(await text_of("traits"))

    return made
