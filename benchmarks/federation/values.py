"""How fast a served mesoonto answers what other engines send: a pattern restricted by 1,000 bindings.

Run: python -m benchmarks.federation.values
"""

from __future__ import annotations

import statistics
import time
import urllib.parse
import urllib.request

from tests.conftest import running_server

from mesoonto.dataset import shipped
from mesoonto.dataset.store import Engine

#: Patterns over the terms that 1,000 bindings name.
PATTERNS = {
    "label": "?x rdfs:label ?label",
    "label, type and mapping": "?x rdfs:label ?label ; a ?type OPTIONAL { ?x skos:exactMatch ?match }",
    "everything": "?x ?p ?o",
}


def main() -> None:
    engine = Engine(shipped.build(), shipped.version())
    found = engine.select("SELECT DISTINCT ?x { ?x rdfs:label ?label } ORDER BY ?x LIMIT 1000")
    values = " ".join(f"<{row['x']}>" for row in found)
    assert len(found) == 1000
    with running_server() as address:
        for name, pattern in PATTERNS.items():
            times = []
            for i in range(30):
                # A remark of its own, so that no cache of whole answers takes part.
                query = f"SELECT * {{ VALUES ?x {{ {values} }} {pattern} }} # {i}"
                request = urllib.request.Request(
                    f"{address}sparql",
                    urllib.parse.urlencode({"query": query}).encode(),
                    {"Accept": "application/sparql-results+json"},
                )
                start = time.perf_counter()
                with urllib.request.urlopen(request, timeout=30) as response:
                    size = len(response.read())
                times.append((time.perf_counter() - start) * 1000)
            print(
                f"{name}: median {statistics.median(times):.1f} ms, slowest {max(times):.1f} ms, "
                f"{size / 1000:.0f} kB of answer, {len(query) / 1000:.0f} kB of query"
            )


if __name__ == "__main__":
    main()
