"""Codes of other vocabularies as terms of the ontology, by its own mappings and by nothing else.

A code means a term when it is that term, is mapped to it as an exact match, or is narrower than it by a
mapping: what falls under the code then falls under the term. A close match is none; it is told.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property

from mesoonto import resources
from mesoonto.files import sssom
from mesoonto.namespaces import OBO, OBO_PREFIXES, PREFIXES
from mesoonto.ontology.model import Ontology

_EXACT, _NARROW, _CLOSE, _BROAD = (
    f"{PREFIXES['skos']}{name}Match" for name in ("exact", "narrow", "close", "broad")
)


class Codes:
    """The terms of an ontology by the codes that others give them."""

    def __init__(self, ontology: Ontology) -> None:
        self._labels = ontology.labels

    def meant(self, code: str) -> frozenset[str]:
        """The IRIs of the terms under which falls what falls under *code*, a CURIE or IRI; most often one."""
        iri = self.iri(code)
        if iri in self._labels:
            return frozenset([iri])
        return frozenset(self._by_relation[_EXACT].get(iri) or self._by_relation[_NARROW].get(iri, set()))

    def near(self, code: str) -> frozenset[str]:
        """The IRIs of terms to which *code* is mapped, but not so that it means them."""
        iri = self.iri(code)
        return frozenset(
            self._by_relation[_CLOSE].get(iri, set()) | self._by_relation[_BROAD].get(iri, set())
        )

    def gene(self, code: str) -> str:
        """The symbol of the gene *code* in HGNC, where a term of the ontology is related to it, else ""."""
        return self._genes.get(self.iri(code), "")

    def iri(self, code: str) -> str:
        """*code* as an IRI, whatever the case of its prefix; as it is when its prefix is not known."""
        prefix, _, local = code.strip().partition(":")
        stem = self._stems.get(prefix) or self._folded.get(prefix.casefold())
        return code.strip() if stem is None or local.startswith("//") else stem + local

    @cached_property
    def _mappings(self) -> list[sssom.Mapping]:
        return [mapping for path in resources.mapping_files() for mapping in sssom.read(path)]

    @cached_property
    def _by_relation(self) -> dict[str, dict[str, set[str]]]:
        """The subjects of mappings by relation and object."""
        found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for mapping in self._mappings:
            found[mapping.predicate][mapping.object].add(mapping.subject)
        return found

    @cached_property
    def _stems(self) -> dict[str, str]:
        """What prefixes stand for: those of the mapping tables and of OBO."""
        found = {prefix: f"{OBO}{prefix}_" for prefix in OBO_PREFIXES}
        for path in resources.mapping_files():
            header = (line for line in path.read_text("utf-8").splitlines() if line.startswith("#"))
            found |= sssom.curie_map(list(header), path)
        return found

    @cached_property
    def _folded(self) -> dict[str, str]:
        return {prefix.casefold(): stem for prefix, stem in self._stems.items()}

    @cached_property
    def _genes(self) -> dict[str, str]:
        stem = self._stems["HGNC"]
        return {m.object: m.object_label for m in self._mappings if m.object.startswith(stem)}
