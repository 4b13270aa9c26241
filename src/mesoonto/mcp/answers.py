"""What the tools answer; the output schemas that clients see are made from these.

An *id* is an IRI as a query has it: ``meso:MESO_0002101``, or in angle brackets. Figures are text with the
decimals that the source printed. What is unknown is an empty text. The SDK takes slots for values by default,
so there are none.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NamedThing:
    """An entity that something is related to."""

    id: str  #: empty for a plain value
    label: str


@dataclass(frozen=True)
class FoundEntity:
    """What a search found, the likeliest first."""

    id: str
    label: str
    kind: str
    matched: str  #: the name or identifier that fitted, where it is not the label
    likeness: float  #: up to 100


@dataclass(frozen=True)
class SearchAnswer:
    """Entities by their names."""

    found: tuple[FoundEntity, ...]
    total: int  #: how many there are, of which some are shown
    version: str  #: of the data


@dataclass(frozen=True)
class RelationLine:
    """One property of an entity, with its values."""

    property: str
    values: tuple[NamedThing, ...]
    more: int  #: values that are left out


@dataclass(frozen=True)
class EvidenceCount:
    """Statements on an entity by direction; superseded ones are not counted."""

    supporting: int
    refuting: int
    inconclusive: int
    certainty: str  #: supported, disputed, inconclusive, refuted, or rationale where there is none


@dataclass(frozen=True)
class StatementLine:
    """One evidence statement, with what is needed to judge it."""

    id: str
    text: str
    direction: str  #: supports, refutes or inconclusive
    level: str  #: CIViC level, A to E
    design: str
    context: str  #: the disease in which it was found
    population: str
    source: str
    locator: str
    reading_depth: str  #: how far the source was read
    trial: str
    conflicts: int  #: statements that say otherwise
    superseded: bool


@dataclass(frozen=True)
class ArmLine:
    """An arm of a trial."""

    id: str
    cohort: str
    label: str
    role: str
    regimen: str
    patients: str


@dataclass(frozen=True)
class ResultLine:
    """One figure of a trial. An interval without level has none that was read: do not assume 95 %."""

    id: str
    trial: str
    end_point: str
    statistic: str
    population: str
    comparison: str
    value: str
    interval: str
    level: str
    p: str
    at: str  #: the time it holds for
    role: str  #: of the end point: primary, secondary ...
    met: bool | None  #: whether the end point was met, where the source settles it
    superseded: bool  #: a later figure or analysis replaces it
    second_hand: bool  #: read in another's account
    source: str


@dataclass(frozen=True)
class TrialLine:
    """A trial in which an intervention is given."""

    id: str
    label: str
    phase: str
    design: str
    setting: str
    primary_results: tuple[str, ...]


@dataclass(frozen=True)
class CounterLine:
    """An intervention against a mechanism."""

    id: str
    label: str
    status: str  #: newest development status, with its date
    best_statement: str
    supporting: int
    refuting: int
    inconclusive: int


@dataclass(frozen=True)
class DescribeAnswer:
    """What is on record of one entity."""

    id: str
    iri: str
    label: str
    kind: str
    definition: str
    synonyms: tuple[str, ...]
    relations: tuple[RelationLine, ...]
    evidence: EvidenceCount
    statements: tuple[StatementLine, ...]
    more_statements: int  #: beyond those shown; ask again with a larger offset
    arms: tuple[ArmLine, ...]
    results: tuple[ResultLine, ...]
    more_results: int
    trials: tuple[TrialLine, ...]
    more_trials: int
    countered_by: tuple[CounterLine, ...]
    gaps: tuple[str, ...]
    version: str


@dataclass(frozen=True)
class QueryAnswer:
    """A page of the answer to a query. Terms are written as SPARQL has them, with the usual prefixes."""

    form: str  #: SELECT, ASK, or CONSTRUCT for triples
    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]  #: None where a variable is unbound
    yes: bool | None  #: the answer to ASK
    offset: int
    cut: bool  #: whether there are more rows
    next_offset: int | None  #: with which the same query goes on, where it is cut
    order: str  #: how far the order of rows can be relied on
    warnings: tuple[str, ...]  #: what the query asks for and the data do not have
    version: str


@dataclass(frozen=True)
class ExampleLine:
    """A competency question."""

    number: str
    question: str
    group: str


@dataclass(frozen=True)
class ExamplesAnswer:
    """Questions that the dataset answers, or one of them with its answer."""

    questions: tuple[ExampleLine, ...]
    sparql: str  #: of the question that was run
    answer: QueryAnswer | None


@dataclass(frozen=True)
class SchemaAnswer:
    """What somebody has to know who writes a query."""

    markdown: str
    version: str


@dataclass(frozen=True)
class UnmatchedLine:
    """A name or literal of a query that the data do not have in its place."""

    line: int
    column: int
    written: str
    message: str
    nearest: tuple[str, ...]
    within: str  #: OPTIONAL, MINUS or NOT EXISTS, where rows may come all the same


@dataclass(frozen=True)
class CheckAnswer:
    """What is wrong with a query, found without evaluating it."""

    ok: bool  #: whether it can be run
    error: str  #: what is wrong, with line and column
    excerpt: str  #: the line, and a mark under the place
    line: int | None
    column: int | None
    unmatched: tuple[UnmatchedLine, ...]
    ordered: bool  #: whether it has an ORDER BY of its own
    version: str


@dataclass(frozen=True)
class OptionLine:
    """An intervention that the records speak of for a tumour like this."""

    id: str
    label: str
    best: str  #: the statement or result that says most, with direction, level and why it is extrapolated
    status: str


@dataclass(frozen=True)
class ActiveMechanism:
    """A mechanism that is likely active in a tumour like this."""

    id: str
    label: str
    basis: str  #: reported, or by definition
    statements: tuple[str, ...]
    interventions: tuple[str, ...]


@dataclass(frozen=True)
class StratifyAnswer:
    """What the records say for a tumour like the one described. It is no medical advice."""

    profile: tuple[str, ...]
    strata: tuple[str, ...]
    prior: tuple[str, ...]
    options: tuple[OptionLine, ...]  #: by the evidence for these strata, the best first
    more_options: int
    refuted: tuple[OptionLine, ...]  #: evidence in these strata speaks against them
    without_evidence: tuple[str, ...]
    stopped: tuple[str, ...]
    had: tuple[str, ...]
    mechanisms: tuple[ActiveMechanism, ...]
    predictions: tuple[str, ...]  #: what the markers foretell
    results: tuple[str, ...]  #: of trials in these strata
    more_results: int
    contradicting: tuple[str, ...]
    more_contradicting: int
    disclaimer: str
    version: str


@dataclass(frozen=True)
class PoolLine:
    """Comparisons that may be pooled, with their estimates at 95 %."""

    title: str
    statistic: str
    members: tuple[str, ...]
    fixed: str
    random: str
    heterogeneity: str
    contrary: tuple[str, ...]  #: trials of the same arms outside the pooled interval
    near: tuple[str, ...]  #: of the same arms and left out, with the reasons


@dataclass(frozen=True)
class LeftOutLine:
    """A ratio that stands in no pool, and why."""

    id: str
    label: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class PoolAnswer:
    """Pooled ratios, and what is left out."""

    pools: tuple[PoolLine, ...]
    left_out: tuple[LeftOutLine, ...]
    more_left_out: int
    limits: tuple[str, ...]
    version: str
