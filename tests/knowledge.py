"""The shipped ontology and records, read once for all tests of a process; half a second each time else."""

from __future__ import annotations

from functools import cache

from mesoonto.ontology.model import Ontology


@cache
def ontology() -> Ontology:
    """What is shipped; a test that puts other files in its place reads `Ontology.shipped` itself."""
    return Ontology.shipped()
