"""What a release holds besides the ontology: records, mappings, a JSON-LD context."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable

import pyoxigraph as ox

from mesoonto import resources
from mesoonto.files import sssom as sssom_files
from mesoonto.namespaces import GRAPH, MESO, OBO, PREFIXES
from mesoonto.ontology.record_kinds import RECORD_KINDS
from mesoonto.owl.turtle_writer import turtle
from mesoonto.release.variants import in_order

#: CSV tables and the queries that fill them. Labels stand beside identifiers, so that a spreadsheet suffices.
TABLES = {
    **{kind.table_name: kind.table for kind in RECORD_KINDS if kind.table_name},
    "countermeasures": """SELECT ?mechanism ?mechanism_label ?intervention ?intervention_label WHERE {
        ?intervention meso:counters ?mechanism ; rdfs:label ?intervention_label .
        ?mechanism rdfs:label ?mechanism_label
        } ORDER BY ?mechanism ?intervention""",
}


def table(store: ox.Store, name: str) -> bytes:
    """The CSV table *name* of the dataset *store*."""
    rows = store.query(TABLES[name], use_default_graph_as_union=True, prefixes=PREFIXES)
    assert isinstance(rows, ox.QuerySolutions)  # noqa: S101  # SELECT
    out = io.StringIO()
    writer = csv.writer(out)  # pyoxigraph's own does not quote an IRI that holds a comma
    names = [variable.value for variable in rows.variables]
    writer.writerow(names)
    for row in rows:
        writer.writerow(["" if row[name] is None else getattr(row[name], "value", "") for name in names])
    return out.getvalue().encode()


def trig(records: Iterable[ox.Triple]) -> bytes:
    """All *records* as one TriG document, in the graph that the dataset has them in."""
    graph = ox.NamedNode(f"{GRAPH}data")
    quads = (ox.Quad(t.subject, t.predicate, t.object, graph) for t in in_order(turtle(records, {})))
    return ox.serialize(quads, format=ox.RdfFormat.TRIG, prefixes=PREFIXES) or b""


def sssom(version: str) -> str:
    """All mappings as one SSSOM table; what held for a whole set is written on each of its rows."""
    rows: list[dict[str, str]] = []
    stems: dict[str, str] = {}
    columns: dict[str, None] = {}
    for path in resources.mapping_files():
        lines = path.read_text("utf-8").splitlines()
        head = [line[1:] for line in lines if line.startswith("#")]
        stems |= sssom_files.curie_map(head, path)
        of_set = {
            key: value.strip().strip('"')
            for key, _, value in (line.partition(":") for line in head if not line.startswith(" "))
            if key in ("object_source", "object_source_version")
        }
        body = csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t")
        for row in body:
            rows.append(row | of_set)
            columns |= dict.fromkeys(rows[-1])
    rows.sort(key=lambda row: (row["subject_id"], row["object_id"], row["predicate_id"]))
    out = io.StringIO()
    out.write(
        f"#mapping_set_id: {MESO}releases/{version}/mesoonto.sssom.tsv\n#mapping_set_version: {version}\n"
    )
    out.write("#license: https://creativecommons.org/licenses/by/4.0/\n#curie_map:\n")
    out.writelines(f"#  {prefix}: {stem}\n" for prefix, stem in sorted(stems.items()))
    writer = csv.DictWriter(out, list(columns), delimiter="\t", lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def context(schema: list[ox.Triple]) -> str:
    """A JSON-LD context: the prefixes, and each property of mesoonto with the kind of its values."""
    terms: dict[str, object] = dict(PREFIXES)
    rdf, rdfs, owl, xsd = (PREFIXES[p] for p in ("rdf", "rdfs", "owl", "xsd"))
    kinds = {t.subject: t.object for t in schema if t.predicate.value == f"{rdf}type"}
    ranges = {
        t.subject: t.object.value
        for t in schema
        if t.predicate.value == f"{rdfs}range" and isinstance(t.object, ox.NamedNode)
    }
    for subject in sorted((s for s in kinds if isinstance(s, ox.NamedNode)), key=lambda s: s.value):
        kind = getattr(kinds[subject], "value", "")
        name = subject.value.removeprefix(MESO)
        if not subject.value.startswith(MESO) or not kind.endswith("Property"):
            continue
        if kind == f"{owl}ObjectProperty":
            terms[name] = {"@id": f"meso:{name}", "@type": "@id"}
        elif ranges.get(subject, "").startswith(xsd):
            terms[name] = {"@id": f"meso:{name}", "@type": "xsd:" + ranges[subject].removeprefix(xsd)}
        else:
            terms[name] = f"meso:{name}"
    terms |= {"id": "@id", "type": "@type", "label": "rdfs:label", "definition": f"{OBO}IAO_0000115"}
    return json.dumps({"@context": terms}, indent=2, ensure_ascii=False) + "\n"
