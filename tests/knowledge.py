"""The shipped ontology and records, read once for all tests of a process; half a second each time else."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

from mesoonto import resources
from mesoonto.dataset.shipped import version
from mesoonto.ontology.model import Ontology

_read = Ontology.shipped


@cache
def ontology() -> Ontology:
    """What is shipped; a test that puts other files in its place reads `Ontology.shipped` itself."""
    return shipped()


def shipped(*only: str) -> Ontology:
    """What `Ontology.shipped` gives, read again when files have changed or others have taken their place."""
    try:
        whole = _whole(resources.root(), version())
    except OSError:  # a file that is missing, of which Ontology.shipped has its own opinion
        return _read(*only)
    if not only:
        return whole
    return Ontology(document for layer in only for document in whole.documents if document.layer == layer)


@lru_cache(maxsize=2)
def _whole(root: Path, version: str) -> Ontology:  # noqa: ARG001  # what it is the ontology of
    return _read()
