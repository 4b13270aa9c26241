"""What is done with each construct of SHACL, of its advanced features and of the drafts of SHACL 1.2.

One table: the reader refuses by it, doubts are told by it, the documentation is generated from it, and a test
holds each of its rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import pyoxigraph as ox

from mesoonto.files.terms import TYPE, Term
from mesoonto.validation.data.graph import Graph, brief, unusable
from mesoonto.validation.data.vocabulary import PARAMETERS, SH, TARGETS, sh


class Treatment(Enum):
    """What becomes of a construct."""

    COMPILED = "evaluated"
    PYSHACL = "evaluated by pySHACL"
    REFUSED = "refused, exit 2"
    DOUBT = "not evaluated, told as a doubt"
    NO_EFFECT = "no effect on results, as the standard has it"


class Standard(Enum):
    """Where a construct is defined."""

    CORE = "SHACL"
    SPARQL = "SHACL-SPARQL"
    ADVANCED = "SHACL Advanced Features"
    JAVASCRIPT = "SHACL JavaScript Extensions"
    DRAFT = "SHACL 1.2, drafts"
    EXPRESSIONS = "SHACL 1.2 Node Expressions, draft"
    RULES = "SHACL 1.2 Rules, draft"
    INTERFACES = "SHACL 1.2 User Interfaces, draft"
    PROFILING = "SHACL 1.2 Profiling, draft"


#: The namespaces of the vocabularies, by their usual prefixes; that of user interfaces was moved.
NAMESPACES = {
    "sh": (SH,),
    "shnex": ("http://www.w3.org/ns/shnex#",),
    "srl": ("http://www.w3.org/ns/shacl-rules#",),
    "shui": ("http://www.w3.org/ns/shacl-ui#", "http://www.w3.org/ns/shacl-ui/"),
    "shpr": ("http://www.w3.org/ns/shacl-pr#",),
}


@dataclass(frozen=True, slots=True)
class Construct:
    """One word of a vocabulary of SHACL that a shapes graph may use."""

    word: str  #: its local name; "" stands for all words of the namespace
    standard: Standard
    treatment: Treatment
    note: str = ""
    prefix: str = "sh"

    @property
    def name(self) -> str:
        """How it is written."""
        return f"{self.prefix}:{self.word}" if self.word else f"all of {self.prefix}:"

    @property
    def is_property(self) -> bool:
        """Whether it stands as a predicate; else it is a class, or one of the values that SHACL names."""
        return not self.word[:1].isupper()


def _rows(
    standard: Standard, treatment: Treatment, words: str, note: str = "", prefix: str = "sh"
) -> Iterator[Construct]:
    return (Construct(word, standard, treatment, note, prefix) for word in words.split())


#: Of words by which data steer their own validation.
_IN_DATA = "in the data too"

_CORE = [word for word in (*TARGETS, *PARAMETERS) if word not in ("target", "sparql")]
TABLE: tuple[Construct, ...] = (
    *_rows(Standard.CORE, Treatment.COMPILED, " ".join(_CORE)),
    *_rows(
        Standard.CORE,
        Treatment.COMPILED,
        "path inversePath alternativePath zeroOrMorePath oneOrMorePath zeroOrOnePath deactivated severity "
        "message flags ignoredProperties qualifiedValueShapesDisjoint",
    ),
    *_rows(
        Standard.CORE,
        Treatment.COMPILED,
        "NodeShape PropertyShape BlankNode IRI Literal BlankNodeOrIRI BlankNodeOrLiteral IRIOrLiteral "
        "Violation Warning Info",
    ),
    *_rows(Standard.CORE, Treatment.NO_EFFECT, "name description order group defaultValue PropertyGroup"),
    *_rows(Standard.CORE, Treatment.NO_EFFECT, "Shape NodeKind Severity", "classes of the vocabulary itself"),
    Construct(
        "entailment",
        Standard.CORE,
        Treatment.REFUSED,
        "unless the data have been inferred by that regime before (`--inference`)",
    ),
    *_rows(
        Standard.CORE,
        Treatment.NO_EFFECT,
        "shapesGraph suggestedShapesGraph",
        "the shapes are those of `--shapes`",
    ),
    *_rows(
        Standard.CORE,
        Treatment.NO_EFFECT,
        "ValidationReport AbstractResult ValidationResult conforms result shapesGraphWellFormed detail "
        "focusNode resultMessage resultPath resultSeverity sourceConstraint sourceConstraintComponent "
        "sourceShape value",
        "words of reports",
    ),
    *_rows(
        Standard.SPARQL,
        Treatment.COMPILED,
        "sparql select prefixes declare prefix namespace SPARQLConstraint",
    ),
    Construct("parameter", Standard.SPARQL, Treatment.PYSHACL, "components that the shapes define"),
    *_rows(
        Standard.SPARQL,
        Treatment.PYSHACL,
        "validator nodeValidator propertyValidator ask optional ConstraintComponent SPARQLAskValidator "
        "SPARQLSelectValidator",
    ),
    *_rows(
        Standard.SPARQL,
        Treatment.NO_EFFECT,
        "Parameterizable Parameter Validator labelTemplate SPARQLExecutable SPARQLAskExecutable "
        "SPARQLSelectExecutable SPARQLConstructExecutable SPARQLUpdateExecutable PrefixDeclaration update",
        "by themselves; what refers to them counts",
    ),
    *_rows(
        Standard.ADVANCED,
        Treatment.COMPILED,
        "target SPARQLTarget SPARQLTargetType",
    ),
    *_rows(Standard.ADVANCED, Treatment.COMPILED, "rule TripleRule SPARQLRule"),
    *_rows(Standard.ADVANCED, Treatment.COMPILED, "condition construct subject predicate object this"),
    *_rows(Standard.ADVANCED, Treatment.PYSHACL, "expression union intersection"),
    *_rows(
        Standard.ADVANCED,
        Treatment.REFUSED,
        "filterShape nodes minus distinct count min max sum groupConcat separator orderBy desc limit offset "
        "if then else exists",
        "in a node expression; pySHACL has none of them",
    ),
    Construct("values", Standard.ADVANCED, Treatment.DOUBT),
    *_rows(Standard.ADVANCED, Treatment.PYSHACL, "SPARQLFunction returnType"),
    *_rows(
        Standard.ADVANCED,
        Treatment.NO_EFFECT,
        "Target TargetType Function Rule",
        "by themselves; what refers to them counts",
    ),
    *_rows(
        Standard.ADVANCED,
        Treatment.DOUBT,
        "resultAnnotation annotationProperty annotationValue annotationVarName ResultAnnotation",
        "the results are right without it",
    ),
    *_rows(Standard.JAVASCRIPT, Treatment.REFUSED, "js jsFunctionName jsLibrary jsLibraryURL"),
    *_rows(
        Standard.JAVASCRIPT,
        Treatment.REFUSED,
        "JSConstraint JSRule JSTarget JSTargetType JSFunction JSValidator",
    ),
    *_rows(
        Standard.JAVASCRIPT,
        Treatment.NO_EFFECT,
        "JSExecutable JSLibrary",
        "by themselves; what refers to them counts",
    ),
    *_rows(
        Standard.DRAFT,
        Treatment.DOUBT,
        "memberShape minListLength maxListLength uniqueMembers reifierShape reificationRequired rootClass "
        "singleLine someValue subsetOf uniqueValuesFor nodeByExpression sparqlExpr bodyExpression "
        "keyParameter targetWhere ShapeClass NodeExpressionFunction NamedParameterExpressionFunction "
        "ListParameterExpressionFunction NodeExpression NamedParameterExpression ListParameterExpression "
        "SelectExpression SPARQLExprExpression",
    ),
    *_rows(
        Standard.DRAFT,
        Treatment.DOUBT,
        "shape incomplete incompleteURIStart",
        _IN_DATA,
    ),
    *_rows(
        Standard.DRAFT,
        Treatment.DOUBT,
        "expectedPredicate layer runOnce includesRuleSet hasRule ruleProcessor tempTriple RuleSet "
        "SPARQLRuleTemplate",
        "rules run in the order of `sh:order`",
    ),
    *_rows(Standard.DRAFT, Treatment.REFUSED, "TripleTerm", "triple terms are not read"),
    Construct(
        "RulesEntailment", Standard.DRAFT, Treatment.REFUSED, "in `sh:entailment`; rules run without it"
    ),
    *_rows(Standard.DRAFT, Treatment.COMPILED, "Trace Debug", "as remarks, with `sh:Info`"),
    *_rows(
        Standard.DRAFT,
        Treatment.NO_EFFECT,
        "agentInstruction codeIdentifier intent formalized unit",
    ),
    *_rows(
        Standard.DRAFT,
        Treatment.NO_EFFECT,
        "Graph DataGraph ShapesGraph RulesGraph SPARQLDescribeExecutable describe sourceRule",
        "by themselves",
    ),
    *_rows(
        Standard.DRAFT,
        Treatment.NO_EFFECT,
        "ProcessorConfiguration conformsToShapesGraph conformanceDisallows usedShapesGraph usedDataGraph "
        "usedConfiguration",
        "words of reports",
    ),
    *_rows(
        Standard.EXPRESSIONS,
        Treatment.REFUSED,
        "nodes count distinct exists filterShape if then else instancesOf intersection limit max min minus "
        "offset pathValues focusNode sum union var where concat remove",
        "in a node expression; elsewhere told as a doubt, as is any other word of shnex:",
        "shnex",
    ),
    *_rows(
        Standard.RULES,
        Treatment.DOUBT,
        "rules data head body triplePattern filter assign assignVar assignValue not tripleTemplate subject "
        "predicate object varName RuleSet Rule RuleElement TriplePatternElement FilterElement "
        "AssignmentElement NegationElement TripleTemplate",
        "as is any other word of srl:",
        "srl",
    ),
    Construct("", Standard.INTERFACES, Treatment.NO_EFFECT, prefix="shui"),
    Construct("", Standard.PROFILING, Treatment.NO_EFFECT, prefix="shpr"),
)

#: Properties of SHACL, and what may stand as objects: its classes, node kinds, severities.
PROPERTIES = frozenset(row.word for row in TABLE if row.prefix == "sh" and row.is_property)
OBJECTS = frozenset(row.word for row in TABLE if row.prefix == "sh" and not row.is_property)

#: Words that nothing evaluates, by their IRIs, and the namespaces of which that is true of every word.
_DOUBTFUL = {
    ox.NamedNode(stem + row.word): row
    for row in TABLE
    if row.treatment is Treatment.DOUBT
    for stem in NAMESPACES[row.prefix]
}
_UNKNOWN = {
    stem: (prefix, standard)
    for prefix, standard in (("shnex", Standard.EXPRESSIONS), ("srl", Standard.RULES))
    for stem in NAMESPACES[prefix]
}
_SCRIPTS = frozenset(
    ox.NamedNode(SH + row.word)
    for row in TABLE
    if row.standard is Standard.JAVASCRIPT and row.treatment is Treatment.REFUSED
)
_EXPRESSIONS = {
    ox.NamedNode(stem + row.word): row
    for row in TABLE
    if row.treatment is Treatment.REFUSED and row.standard in (Standard.ADVANCED, Standard.EXPRESSIONS)
    for stem in NAMESPACES[row.prefix]
}
#: What has a node expression for a value.
_HOLDERS = tuple(map(sh, ("expression", "subject", "predicate", "object")))


def refuse(graph: Graph, inferred: frozenset[str] = frozenset()) -> None:
    """Raise ShapeError where *graph* asks for what is refused; *inferred* are regimes that need no refusal.

    A processor that does not support an entailment regime has to signal a failure (SHACL, section 1.5).
    """
    for subject in graph.subjects():
        for value in graph.all(subject, sh("entailment")):
            if value.value not in inferred:
                raise unusable(
                    f"{brief(subject)} asks for sh:entailment {brief(value)}, which is not done here; "
                    "RDFS is, with --inference rdfs",
                    subject,
                )
        used = [term for term in (*graph.predicates(subject), *graph.all(subject, TYPE)) if term in _SCRIPTS]
        if used:
            raise unusable(
                f"{brief(subject)} uses {brief(used[0])}; JavaScript is not evaluated here", subject
            )
        for holder in _HOLDERS:
            for expression in graph.all(subject, holder):
                _refuse_expression(graph, expression, subject)


def _refuse_expression(graph: Graph, expression: Term, subject: Term) -> None:
    """Raise ShapeError where the node expression has a word that neither engine knows."""
    waiting, seen = [expression], set()
    while waiting:
        node = waiting.pop()
        if not isinstance(node, ox.BlankNode) or node in seen:
            continue
        seen.add(node)
        for predicate in graph.predicates(node):
            if row := _EXPRESSIONS.get(predicate):
                raise unusable(
                    f"a node expression of {brief(subject)} uses {row.name}, which is not evaluated here",
                    subject,
                )
            waiting += graph.all(node, predicate)


def unevaluated(graph: Graph) -> Iterator[tuple[Term, Construct]]:
    """The constructs of *graph* that nothing evaluates, each with the nodes that use it."""
    for subject in graph.subjects():
        for term in dict.fromkeys((*graph.predicates(subject), *graph.all(subject, TYPE))):
            if (row := _doubtful(term)) is not None:
                yield subject, row


def _doubtful(term: Term) -> Construct | None:
    if not isinstance(term, ox.NamedNode):
        return None
    if (row := _DOUBTFUL.get(term)) is not None:
        return row
    for stem, (prefix, standard) in _UNKNOWN.items():
        if term.value.startswith(stem):
            return Construct(term.value.removeprefix(stem), standard, Treatment.DOUBT, prefix=prefix)
    return None


def in_data(store: ox.Store) -> Iterator[Construct]:
    """The constructs that stand in the data, and that nothing evaluates."""
    for row in TABLE:
        if row.note == _IN_DATA and any(store.quads_for_pattern(None, sh(row.word), None)):
            yield row


def as_markdown() -> str:
    """The table for the documentation."""
    lines = ["| construct | of | what becomes of it |", "|---|---|---|"]
    for standard in Standard:
        for treatment in Treatment:
            rows = [row for row in TABLE if (row.standard, row.treatment) == (standard, treatment)]
            for note in dict.fromkeys(row.note for row in rows):
                words = ", ".join(f"`{row.name}`" for row in rows if row.note == note)
                lines.append(
                    f"| {words} | {standard.value} | {treatment.value}{': ' if note else ''}{note} |"
                )
    return "\n".join(lines) + "\n"


#: What stands above the table.
HEAD = """<!-- GENERATED by: python -m mesoonto.validation.shapes.constructs -->
# What is done with each construct of SHACL

Nothing is passed over in silence: a construct is evaluated, refused with exit code 2, or told as a doubt,
which fails the run with `--strict`. A word of `sh:` that is in no row is a doubt too, with the nearest one.
[validating.md](validating.md) tells how to validate. The drafts are those of the W3C's Data Shapes
Working Group as of 2026; their vocabularies still change.

"""

if __name__ == "__main__":
    print(HEAD + as_markdown(), end="")
