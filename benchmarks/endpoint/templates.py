"""The thirteen query templates and the parameters that make every first-time query a different one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from urllib.parse import quote

from .data import BENCH, INTERVENTIONS, MEASURES, MECHANISMS, MESO, Shape, study_words

PREFIXES = (
    f"PREFIX meso: <{MESO}>\nPREFIX bench: <{BENCH}>\nPREFIX dcterms: <http://purl.org/dc/terms/>\n"
    "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\n"
)
SOLUTIONS = "application/sparql-results+json"
GRAPH = "application/n-triples"
POOL = 2000  #: parameter values of a template, at most
REPEATED = 4  #: different queries in a run of repeated queries


@dataclass(frozen=True)
class Template:
    """One query with a parameter ``$x`` from a pool and a counter ``$n``.

    The counter stands where it changes the text but not the answer (a LIMIT or a bound that is never
    reached), so that no two first-time queries are the same and none is dearer than another.
    """

    name: str
    text: str
    pool: Callable[[Shape, Random], Sequence[str]]
    accept: str = SOLUTIONS
    first: int = 100_000  #: lowest value of the counter
    determined: bool = True  #: False where a LIMIT without an order leaves the choice of rows to the server

    def parameters(self, shape: Shape) -> list[str]:
        """Return the pool, shuffled, the same for every run."""
        random = Random(self.name)
        values = sorted(set(self.pool(shape, random)))
        random.shuffle(values)
        return values[:POOL]

    def query(self, parameters: Sequence[str], index: int) -> str:
        """Return the query of that index as the load generator builds it: parameters in turn."""
        number = self.first + index // len(parameters)
        return self._text(parameters[index % len(parameters)]).replace("$n", str(number))

    def targets(self, path: str, parameters: Sequence[str]) -> list[str]:
        """Return the request targets of the load generator, ``{}`` where the counter goes."""
        queries = (self._text(parameter) for parameter in parameters)
        return [f"{path}?query={quote(query, safe='').replace('%24n', '{}')}" for query in queries]

    def repeated(self, path: str, parameters: Sequence[str]) -> list[str]:
        """Return the request targets of a run of repeated queries."""
        return [f"{path}?query={quote(self.query(parameters, index), safe='')}" for index in range(REPEATED)]

    def _text(self, parameter: str) -> str:
        return PREFIXES + self.text.replace("$x", parameter)


def _studies(shape: Shape, random: Random) -> list[str]:
    return [f"bench:study_{random.randrange(shape.studies)}" for _ in range(POOL)]


def _words(shape: Shape, random: Random) -> list[str]:
    return [" ".join(study_words(random.randrange(shape.studies))).lower() for _ in range(POOL)]


def _mechanisms(_shape: Shape, _random: Random) -> list[str]:
    return [f"bench:mechanism_{number}" for number in range(MECHANISMS)]


def _branches(_shape: Shape, _random: Random) -> list[str]:
    return [f"bench:mechanism_{number}" for number in range(5, 21)]  # the third level: equally large branches


def _interventions(_shape: Shape, _random: Random) -> list[str]:
    return [f"bench:intervention_{number}" for number in range(INTERVENTIONS)]


def _parents(_shape: Shape, _random: Random) -> list[str]:
    return [f"bench:intervention_{number}" for number in range(21, 85)]  # classes whose children are leaves


def _measures(_shape: Shape, _random: Random) -> list[str]:
    return [f"bench:measure_{number}" for number in range(MEASURES)]


def _bounds(_shape: Shape, _random: Random) -> list[str]:
    return [f"{hundredths / 100}" for hundredths in range(80, 120)]


def _none(_shape: Shape, _random: Random) -> list[str]:
    return [""]


TEMPLATES = (
    Template("look-up", "SELECT ?p ?o { $x ?p ?o } LIMIT $n", _studies),
    Template(
        "label-search",
        'SELECT ?s ?label { ?s rdfs:label ?label FILTER(CONTAINS(LCASE(STR(?label)), "$x")) } LIMIT $n',
        _words,
    ),
    Template(
        "join-2",
        "SELECT ?statement ?label { ?statement meso:hasClaimSubject $x ; rdfs:label ?label } LIMIT $n",
        _mechanisms,
    ),
    Template(
        "join-3",
        "SELECT ?result ?value { ?arm meso:hasIntervention $x . "
        "?result meso:hasExperimentalArm ?arm ; meso:value ?value } LIMIT $n",
        _interventions,
    ),
    Template(
        "join-4",
        "SELECT ?study ?arm { ?arm meso:hasIntervention $x ; meso:ofCohort ?cohort . "
        "?cohort meso:ofStudy ?study . ?study meso:hasPhase meso:Phase3 } LIMIT $n",
        _interventions,
    ),
    Template(
        "join-5",
        "SELECT ?study ?name ?value { ?drug rdfs:subClassOf $x . ?arm meso:hasIntervention ?drug ; "
        "meso:ofCohort ?cohort . ?result meso:hasExperimentalArm ?arm ; meso:value ?value . "
        "?cohort meso:ofStudy ?study . ?study rdfs:label ?name } LIMIT $n",
        _parents,
    ),
    Template(
        "optional",
        "SELECT ?result ?value ?met ?issued { ?result meso:hasEndPoint $x ; meso:value ?value "
        "OPTIONAL { ?result meso:endPointMet ?met } "
        "OPTIONAL { ?result dcterms:source ?paper . ?paper dcterms:issued ?issued } } LIMIT $n",
        _measures,
    ),
    Template(
        "aggregate-count",
        "SELECT ?measure (COUNT(?result) AS ?results) { ?result meso:hasEndPoint ?measure ; "
        "meso:value ?value FILTER(?value < $x) } GROUP BY ?measure LIMIT $n",
        _bounds,
    ),
    # Here the counter is a bound above all values, since Virtuoso refuses ORDER BY with a LIMIT over 10,000.
    Template(
        "aggregate-average",
        "SELECT ?drug (AVG(?value) AS ?mean) (MIN(?value) AS ?least) (MAX(?value) AS ?most) "
        "{ ?result meso:hasEndPoint $x ; meso:hasExperimentalArm ?arm ; meso:value ?value . "
        "?arm meso:hasIntervention ?drug FILTER(?value < $n) } GROUP BY ?drug ORDER BY DESC(?mean) ?drug",
        _measures,
    ),
    Template(
        "path",
        "SELECT ?mechanism ?statement { ?mechanism rdfs:subClassOf+ $x . "
        "?statement meso:hasClaimSubject ?mechanism } LIMIT $n",
        _branches,
    ),
    Template(
        "construct",
        "CONSTRUCT { ?statement meso:hasClaimObject ?drug ; meso:hasDirection ?direction } WHERE { "
        "?statement meso:hasClaimSubject $x ; meso:hasClaimObject ?drug ; meso:hasDirection ?direction "
        "} LIMIT $n",
        _mechanisms,
        GRAPH,
    ),
    Template("describe", "DESCRIBE $x LIMIT $n", _studies, GRAPH),
    Template(
        "scan-50000", "SELECT ?s ?p ?o { ?s ?p ?o } OFFSET $n LIMIT 50000", _none, first=0, determined=False
    ),
)
