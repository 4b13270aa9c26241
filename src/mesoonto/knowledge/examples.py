"""The shipped questions in the vocabulary in which SPARQL endpoints publish examples.

Queries are SHACL's executables (https://www.w3.org/TR/shacl-af/, section 4), with the words that the examples
of the SIB endpoints add (https://purl.expasy.org/sparql-examples/ontology).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyoxigraph as ox

from mesoonto.knowledge.questions import CompetencyQuestion
from mesoonto.namespaces import PREFIXES

_SH, _SCHEMA = PREFIXES["sh"], "https://schema.org/"
_SPEX = "https://purl.expasy.org/sparql-examples/ontology#"
_TYPE = ox.NamedNode(f"{PREFIXES['rdf']}type")
_ANY_URI = ox.NamedNode(f"{PREFIXES['xsd']}anyURI")

#: Prefixes of a file with examples.
EXAMPLE_PREFIXES = {"schema": _SCHEMA, "spex": _SPEX, **PREFIXES}


def example_triples(
    questions: Iterable[CompetencyQuestion], names: str, endpoint: str
) -> Iterator[ox.Triple]:
    """*questions*, all of which are SELECT queries, as examples for *endpoint*.

    Their IRIs are *names* followed by the number of the question.
    """
    prefixes = ox.BlankNode("prefixes")
    for question in questions:
        example = ox.NamedNode(names + question.number)
        for name in ("SPARQLExecutable", "SPARQLSelectExecutable"):
            yield ox.Triple(example, _TYPE, ox.NamedNode(_SH + name))
        comment = ox.Literal(question.summary, language="en")
        yield ox.Triple(example, ox.NamedNode(f"{PREFIXES['rdfs']}comment"), comment)
        yield ox.Triple(example, ox.NamedNode(f"{_SH}prefixes"), prefixes)
        yield ox.Triple(example, ox.NamedNode(f"{_SH}select"), ox.Literal(question.sparql))
        yield ox.Triple(example, ox.NamedNode(f"{_SCHEMA}target"), ox.NamedNode(endpoint))
        for word in question.keywords:
            yield ox.Triple(example, ox.NamedNode(f"{_SCHEMA}keywords"), ox.Literal(word))
        for other in question.endpoints:
            yield ox.Triple(example, ox.NamedNode(f"{_SPEX}federatesWith"), ox.NamedNode(other))
    for prefix, stem in PREFIXES.items():
        declaration = ox.BlankNode(f"prefix_{prefix}")
        yield ox.Triple(prefixes, ox.NamedNode(f"{_SH}declare"), declaration)
        yield ox.Triple(declaration, ox.NamedNode(f"{_SH}prefix"), ox.Literal(prefix))
        yield ox.Triple(declaration, ox.NamedNode(f"{_SH}namespace"), ox.Literal(stem, datatype=_ANY_URI))
