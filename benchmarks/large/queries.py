"""The queries, over what `mesoonto synth` writes: each reads a share of the data that grows with them."""

from __future__ import annotations

_PREFIX = "PREFIX s: <https://w3id.org/mesoonto/synthetic/>\n"

#: By name.
QUERIES = {
    "count": f"{_PREFIX}SELECT (COUNT(*) AS ?n) {{ ?s ?p ?o }}",
    "group": f"{_PREFIX}SELECT ?p (COUNT(*) AS ?n) {{ ?s ?p ?o }} GROUP BY ?p",
    "join": f"""{_PREFIX}SELECT ?biomarker (COUNT(*) AS ?n) (AVG(?value) AS ?mean) {{
  ?m s:ofBiomarker ?biomarker ; s:value ?value }} GROUP BY ?biomarker""",
    "path of joins": f"""{_PREFIX}SELECT ?diagnosis ?biomarker (COUNT(*) AS ?n) (AVG(?value) AS ?mean) {{
  ?m s:ofBiomarker ?biomarker ; s:value ?value ; s:ofSample ?sample . ?sample s:ofPatient ?patient .
  ?patient s:hasDiagnosis ?diagnosis }} GROUP BY ?diagnosis ?biomarker""",
}
