"""What the tools look things up in, made once before workers are forked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mesoonto.dataset import kept
from mesoonto.dataset.store import Engine
from mesoonto.knowledge import questions
from mesoonto.knowledge.profile import ProfileVocabulary
from mesoonto.knowledge.questions import CompetencyQuestion
from mesoonto.knowledge.strata_records import StrataRecords
from mesoonto.namespaces import PREFIXES
from mesoonto.ontology.files import SCHEMA
from mesoonto.ontology.model import Ontology
from mesoonto.sparql.tables import tables
from mesoonto.views.completion import Completions
from mesoonto.views.facts import Facts
from mesoonto.views.schema import schema_card, schema_text
from mesoonto.views.search import Index

_PREFACE = f"""# Schema

The default graph is the union of all graphs. These prefixes need no declaration: {", ".join(PREFIXES)}.
Labels are in English with their tag: compare `"nivolumab"@en`, or STR(?label). Terms such as drugs and
mechanisms are classes, and so are the values of properties: `?arm meso:hasIntervention ?drug. ?drug
rdfs:label ?name`. rdfs:subClassOf holds to all ancestors. An interval has a level of its own,
meso:intervalLevel; without one it was not read.
"""


#: Bytes of the schema card: in fewer, classes are left without their properties.
_CARD = 14_000


@dataclass(frozen=True, slots=True)
class ToolData:
    """The shipped dataset, with what is made of it."""

    engine: Engine
    index: Index
    completions: Completions
    questions: Sequence[CompetencyQuestion]
    vocabulary: ProfileVocabulary
    strata: StrataRecords
    schema: str  #: in Markdown

    def facts(self) -> Facts:
        """The statements of the dataset, with nothing remembered yet."""
        return Facts(self.engine.store)


def load() -> ToolData:
    """Everything, from the files; an InputError names the first broken one."""
    tables()  # of the parser of SPARQL
    engine = kept.engine()
    vocabulary = ProfileVocabulary(Ontology.shipped(*SCHEMA))
    vocabulary.prepare()
    return ToolData(
        engine=engine,
        index=Index(Facts(engine.store)),
        completions=Completions(engine.store),
        questions=questions.shipped(),
        vocabulary=vocabulary,
        strata=StrataRecords(engine),
        schema=_PREFACE + schema_text(schema_card(engine), most=_CARD),
    )
