"""What `stratify` reads of a dataset, whatever the tumour: read once, and asked for profile after profile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from mesoonto.dataset.store import Engine
from mesoonto.knowledge.cohorts import Cohorts
from mesoonto.ontology.figures import FIGURE_OF

Row = dict[str, str]


class StrataRecords:
    """The records of one state of a dataset; each table is read when it is first asked for."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def rows(self, query: str) -> list[Row]:
        """The rows of a query, in which what is unbound is empty."""
        return [defaultdict(str, row) for row in self._engine.select(query)]

    def read(self) -> None:
        """Read everything now, so that processes forked later share it."""
        for name, kind in vars(type(self)).items():
            if isinstance(kind, cached_property):
                getattr(self, name)

    @cached_property
    def labels(self) -> dict[str, str]:
        """By IRI."""
        return {row["x"]: row["label"] for row in self.rows("SELECT ?x ?label { ?x rdfs:label ?label }")}

    @cached_property
    def kinds(self) -> dict[str, set[str]]:
        """The classes above each class, itself included."""
        found: dict[str, set[str]] = {}
        for row in self.rows("SELECT ?x ?y { ?x rdfs:subClassOf ?y FILTER(isIRI(?x) && isIRI(?y)) }"):
            found.setdefault(row["x"], {row["x"]}).add(row["y"])
        return found

    @cached_property
    def below(self) -> dict[str, set[str]]:
        """The classes below each class."""
        return _grouped((y, x) for x, above in self.kinds.items() for y in above if y != x)

    @cached_property
    def agents(self) -> dict[str, set[str]]:
        """What each regimen is made of."""
        return self._pairs("SELECT ?x ?y { ?x meso:hasAgent ?y }")

    @cached_property
    def counters(self) -> dict[str, set[str]]:
        """What counters each mechanism."""
        return self._pairs("SELECT ?x ?y { ?x meso:counteredBy ?y }")

    @cached_property
    def active_in(self) -> dict[str, set[str]]:
        """The mechanisms that are active in each state, by definition."""
        return self._pairs("SELECT ?x ?y { ?y meso:activeIn ?x }")

    @cached_property
    def conflicts(self) -> dict[str, set[str]]:
        """The statements that are recorded to conflict with each."""
        return self._pairs("SELECT ?x ?y { ?x meso:conflictsWith|^meso:conflictsWith ?y }")

    @cached_property
    def citing(self) -> dict[str, set[str]]:
        """The statements and decisions that rest on each result."""
        return self._pairs("SELECT ?x ?y { ?y meso:basedOn ?x }")

    @cached_property
    def cohorts(self) -> Cohorts:
        """The patients behind results and statements."""
        return Cohorts(self.rows)

    @cached_property
    def statuses(self) -> dict[str, list[tuple[str, str]]]:
        """Stages and dates of development by intervention, the newest first."""
        rows = self.rows(
            """SELECT ?i ?stage ?date WHERE {
                ?s a meso:DevelopmentStatus ; meso:hasIntervention ?i ; dcterms:issued ?date ;
                    meso:hasDevelopmentStage/rdfs:label ?stage .
                FILTER NOT EXISTS { ?later meso:supersedes ?s }
            } ORDER BY DESC(STR(?date))"""
        )
        found: dict[str, list[tuple[str, str]]] = {}
        for row in rows:
            found.setdefault(row["i"], []).append((row["stage"], row["date"]))
        return found

    @cached_property
    def in_trial(self) -> list[Row]:
        """Statuses that say that an intervention is in a trial, the newest first."""
        return self.rows(
            """SELECT DISTINCT ?i ?text ?date WHERE {
                ?status a meso:DevelopmentStatus ; meso:hasDevelopmentStage meso:StageInTrial ;
                    rdfs:label ?text ; dcterms:issued ?date ; meso:hasIntervention ?i .
                FILTER NOT EXISTS { ?later meso:supersedes ?status }
            } ORDER BY DESC(STR(?date)) ?text"""
        )

    @cached_property
    def statements(self) -> list[Row]:
        """Evidence statements with their claims; several populations stand in one text."""
        return self.rows(
            """SELECT ?s ?text ?subject ?relation ?object ?direction ?level ?context
                (GROUP_CONCAT(DISTINCT STR(?population); SEPARATOR=" ") AS ?populations)
                (MIN(?from) AS ?source)
            WHERE {
                ?s a meso:EvidenceStatement ; rdfs:label ?text ; meso:hasClaimSubject ?subject ;
                    meso:hasClaimRelation ?relation ; meso:hasClaimObject ?object ;
                    meso:hasDiseaseContext ?context ;
                    meso:hasDirection/rdfs:label ?direction ; meso:hasEvidenceLevel/rdfs:label ?level ;
                    dcterms:source ?from .
                OPTIONAL { ?s meso:hasPopulation ?population }
            } GROUP BY ?s ?text ?subject ?relation ?object ?direction ?level ?context ORDER BY ?s"""
        )

    @cached_property
    def results(self) -> list[Row]:
        """Results with what was given; several populations stand in one text."""
        return self.rows(
            """SELECT ?r ?text ?value ?unit ?low ?high ?level ?p ?locator ?intervention ?end_point ?compares
                (GROUP_CONCAT(DISTINCT STR(?population); SEPARATOR=" ") AS ?populations)
                (MIN(?from) AS ?source)
            WHERE {
                ?r a meso:Result ; rdfs:label ?text ; dcterms:source ?from ;
                    meso:hasEndPoint/rdfs:label ?end_point .
                OPTIONAL { ?r meso:hasPopulation ?population }
                OPTIONAL { ?r meso:ofArm|meso:hasExperimentalArm ?arm .
                    ?arm meso:hasIntervention ?intervention }
                OPTIONAL { ?r meso:value ?value } OPTIONAL { ?r meso:unit ?unit }
                OPTIONAL { ?r meso:lowerBound ?low } OPTIONAL { ?r meso:upperBound ?high }
                OPTIONAL { ?r meso:intervalLevel ?level } OPTIONAL { ?r meso:pValue ?p }
                OPTIONAL { ?r meso:locator ?locator }
                BIND(EXISTS { ?r meso:hasReferenceArm ?other } AS ?compares)
            } GROUP BY ?r ?text ?value ?unit ?low ?high ?level ?p ?locator ?intervention ?end_point ?compares
            ORDER BY ?text ?r"""
        )

    @cached_property
    def superseded(self) -> set[str]:
        """Results that another one supersedes, or whose figure a later analysis gives again.

        An analysis that replaces another one does not repeat all its figures: a subgroup that only the
        earlier one reported still stands.
        """
        figures = self._pairs(
            f"""SELECT ?x ?y {{ ?x a meso:Result ; ?p ?value
                VALUES ?p {{ {" ".join(f"meso:{name}" for name in FIGURE_OF)} }}
                BIND(CONCAT(STR(?p), " ", STR(?value)) AS ?y) }}"""
        )
        later = self.rows("SELECT ?x ?y { ?y meso:hasAnalysis/meso:supersedes+/^meso:hasAnalysis ?x }")
        again = {
            row["x"] for row in later if row["x"] in figures and figures[row["x"]] == figures.get(row["y"])
        }
        return again | {
            row["x"] for row in self.rows("SELECT ?x { ?newer meso:supersedes ?x . ?x a meso:Result }")
        }

    def _pairs(self, query: str) -> dict[str, set[str]]:
        return _grouped((row["x"], row["y"]) for row in self.rows(query))


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for key, value in pairs:
        found.setdefault(key, set()).add(value)
    return found
