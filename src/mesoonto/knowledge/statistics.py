"""Counts of what the dataset holds, each by one query."""

from __future__ import annotations

from mesoonto.dataset.store import Engine
from mesoonto.namespaces import GRAPH

#: What is counted, and the graph pattern whose distinct ?x are counted.
_COUNTED: dict[str, str] = {
    "mechanisms": "?x rdfs:subClassOf meso:MESO_0000001 . FILTER(?x != meso:MESO_0000001)",
    "interventions": "?x rdfs:subClassOf meso:MESO_0000002 . FILTER(?x != meso:MESO_0000002)",
    "biomarkers": "?x rdfs:subClassOf meso:MESO_0000006 . FILTER(?x != meso:MESO_0000006)",
    "studies": "?x a meso:Study",
    "cohorts": "?x a meso:Cohort",
    "arms": "?x a meso:Arm",
    "results": "?x a meso:Result",
    "evidence statements": "?x a meso:EvidenceStatement",
    "… from pleural mesothelioma": "?x a meso:EvidenceStatement ; meso:hasDiseaseContext meso:PleuralContext",
    "… from other cancers": "?x a meso:EvidenceStatement ; meso:hasDiseaseContext meso:OtherCancerContext",
    "development statuses": "?x a meso:DevelopmentStatus",
    "search records": "?x a meso:SearchRecord",
    "mapped terms": f"GRAPH <{GRAPH}mappings> {{ ?x ?relation ?other }}",
    "decisions": "?x a/rdfs:subClassOf* meso:Decision",
    "publications": "?x a meso:Publication",
}


def count(engine: Engine) -> dict[str, int]:
    """How many of each kind of thing *engine* holds, and the number of its triples."""
    counts = {}
    for name, pattern in _COUNTED.items():
        row = engine.select(f"SELECT (COUNT(DISTINCT ?x) AS ?n) WHERE {{ {pattern} }}")[0]
        counts[name] = int(row["n"])
    triples = engine.select("SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }")[0]
    return counts | {"triples": int(triples["n"])}
