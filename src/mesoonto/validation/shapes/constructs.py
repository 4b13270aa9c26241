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


@dataclass(frozen=True, slots=True)
class Construct:
    """One word of the SHACL vocabulary that a shapes graph may use."""

    word: str  #: its local name
    standard: Standard
    treatment: Treatment
    note: str = ""


def _rows(standard: Standard, treatment: Treatment, words: str, note: str = "") -> Iterator[Construct]:
    return (Construct(word, standard, treatment, note) for word in words.split())


_CORE = [word for word in (*TARGETS, *PARAMETERS) if word not in ("target", "sparql")]
TABLE: tuple[Construct, ...] = (
    *_rows(Standard.CORE, Treatment.COMPILED, " ".join(_CORE)),
    *_rows(
        Standard.CORE,
        Treatment.COMPILED,
        "path inversePath alternativePath zeroOrMorePath oneOrMorePath zeroOrOnePath deactivated severity "
        "message flags ignoredProperties qualifiedValueShapesDisjoint",
    ),
    *_rows(Standard.CORE, Treatment.NO_EFFECT, "name description order group defaultValue"),
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
    *_rows(Standard.SPARQL, Treatment.COMPILED, "sparql select prefixes declare prefix namespace"),
    Construct("parameter", Standard.SPARQL, Treatment.PYSHACL, "components that the shapes define"),
    *_rows(Standard.SPARQL, Treatment.PYSHACL, "validator nodeValidator propertyValidator"),
    Construct("target", Standard.ADVANCED, Treatment.COMPILED, "SPARQLTarget and SPARQLTargetType"),
    Construct("rule", Standard.ADVANCED, Treatment.COMPILED, "TripleRule and SPARQLRule"),
    *_rows(Standard.ADVANCED, Treatment.COMPILED, "condition construct subject predicate object"),
    Construct("expression", Standard.ADVANCED, Treatment.PYSHACL),
    Construct("values", Standard.ADVANCED, Treatment.DOUBT),
    Construct("returnType", Standard.ADVANCED, Treatment.PYSHACL, "SPARQLFunction"),
    Construct("resultAnnotation", Standard.ADVANCED, Treatment.DOUBT, "the results are right without it"),
    *_rows(Standard.JAVASCRIPT, Treatment.REFUSED, "js jsFunctionName jsLibrary jsLibraryURL"),
    *_rows(
        Standard.DRAFT,
        Treatment.DOUBT,
        "memberShape minListLength maxListLength uniqueMembers reifierShape reificationRequired rootClass "
        "singleLine someValue subsetOf uniqueValuesFor nodeByExpression sparqlExpr bodyExpression "
        "targetWhere shape",
    ),
    *_rows(Standard.DRAFT, Treatment.NO_EFFECT, "agentInstruction codeIdentifier intent unit"),
)

#: Classes of the JavaScript extensions; whatever is one of them cannot be evaluated.
_SCRIPTS = ("JSConstraint", "JSRule", "JSTarget", "JSTargetType", "JSFunction", "JSValidator")


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
        scripts = [kind for kind in _SCRIPTS if sh(kind) in graph.all(subject, TYPE)]
        words = [f"sh:{row.word}" for row in TABLE if _is_script(row) and graph.all(subject, sh(row.word))]
        if found := [*words, *(f"sh:{kind}" for kind in scripts)]:
            raise unusable(f"{brief(subject)} uses {found[0]}; JavaScript is not evaluated here", subject)


def _is_script(row: Construct) -> bool:
    return row.standard is Standard.JAVASCRIPT


def unevaluated(graph: Graph) -> Iterator[tuple[Term, Construct]]:
    """The constructs of *graph* that nothing evaluates, each with the nodes that use it."""
    words = {ox.NamedNode(SH + row.word): row for row in TABLE if row.treatment is Treatment.DOUBT}
    for subject in graph.subjects():
        for predicate in graph.predicates(subject):
            if predicate in words:
                yield subject, words[predicate]


def as_markdown() -> str:
    """The table for the documentation."""
    lines = ["| construct | of | what becomes of it |", "|---|---|---|"]
    for standard in Standard:
        for treatment in Treatment:
            rows = [row for row in TABLE if (row.standard, row.treatment) == (standard, treatment)]
            for note in dict.fromkeys(row.note for row in rows):
                words = ", ".join(f"`sh:{row.word}`" for row in rows if row.note == note)
                lines.append(
                    f"| {words} | {standard.value} | {treatment.value}{': ' if note else ''}{note} |"
                )
    return "\n".join(lines) + "\n"


#: What stands above the table.
HEAD = """<!-- GENERATED by: python -m mesoonto.validation.shapes.constructs -->
# What is done with each construct of SHACL

Nothing is passed over in silence: a construct is evaluated, refused with exit code 2, or told as a doubt,
which fails the run with `--strict`. [validating.md](validating.md) tells how to validate.

"""

if __name__ == "__main__":
    print(HEAD + as_markdown(), end="")
