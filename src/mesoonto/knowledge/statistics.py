"""Counts of what the dataset holds, each by one query."""

from __future__ import annotations

from mesoonto.dataset.store import Engine
from mesoonto.namespaces import GRAPH
from mesoonto.ontology.record_kinds import RECORD_KINDS

#: What is counted, and the graph pattern whose distinct ?x are counted.
_COUNTED: dict[str, str] = {
    "mechanisms": "?x rdfs:subClassOf meso:MESO_0000001 . FILTER(?x != meso:MESO_0000001)",
    "interventions": "?x rdfs:subClassOf meso:MESO_0000002 . FILTER(?x != meso:MESO_0000002)",
    "biomarkers": "?x rdfs:subClassOf meso:MESO_0000006 . FILTER(?x != meso:MESO_0000006)",
    "mapped terms": f"GRAPH <{GRAPH}mappings> {{ ?x ?relation ?other }}",
    **{name: pattern for kind in RECORD_KINDS for name, pattern in kind.counts},
}


def count(engine: Engine) -> dict[str, int]:
    """How many of each kind of thing *engine* holds, and the number of its triples."""
    counts = {}
    for name, pattern in _COUNTED.items():
        row = engine.select(f"SELECT (COUNT(DISTINCT ?x) AS ?n) WHERE {{ {pattern} }}")[0]
        counts[name] = int(row["n"])
    triples = engine.select("SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }")[0]
    return counts | {"triples": int(triples["n"])}
