"""The shipped dataset in Python: queries, and trials, mechanisms and interventions as objects."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mesoonto.api.rows import Queryable
from mesoonto.dataset import query_features, shipped
from mesoonto.dataset.formats import Kind, format_named
from mesoonto.dataset.store import Engine
from mesoonto.errors import MesoontoError
from mesoonto.namespaces import MESO, expand
from mesoonto.views import comparisons, decisions, evidence_map, mechanism, terms, trial
from mesoonto.views.facts import Facts

if TYPE_CHECKING:
    from mesoonto.views.completion import Completions
    from mesoonto.views.mechanism import MechanismPage
    from mesoonto.views.search import Hit, Index
    from mesoonto.views.terms import BiomarkerPage, InterventionPage
    from mesoonto.views.trial import Brief, TrialPage
    from mesoonto.views.unmatched import Unmatched


class Dataset(Queryable):
    """The dataset that comes with this version, built from its files when it is first asked.

    >>> data = Dataset()
    >>> data.query("SELECT ?label { meso:MESO_0002101 rdfs:label ?label }")[0]["label"]
    'nivolumab'
    >>> data.trial("CheckMate 743").link.label
    'CheckMate 743'
    """

    @property
    def version(self) -> str:
        """Twelve hexadecimal digits that change with any byte of any of its files."""
        return self._engine.version

    def find(self, text: str, *, kind: str = "", most: int = 20) -> list[Hit]:
        """Entities by label, synonym or identifier, typing errors forgiven; the best first."""
        return self._index.find(text, kind=kind, most=most)

    def trials(self) -> Sequence[Brief]:
        """Every study, in brief, by name."""
        return trial.overview(self._facts)

    def trial(self, name: str) -> TrialPage:
        """A study by label, registry number or IRI: arms, results with interval and level, analyses."""
        return trial.trial(self._facts, self._node(name, "trial"))

    def mechanism(self, name: str) -> MechanismPage:
        """A mechanism by label, synonym, CURIE or IRI: who acts where, evidence, what counters it."""
        return mechanism.mechanism(self._facts, self._node(name, "mechanism"))

    def intervention(self, name: str) -> InterventionPage:
        """An intervention by label, synonym, CURIE or IRI: targets, trials, development, decisions."""
        return terms.intervention(self._facts, self._node(name, "intervention"))

    def biomarker(self, name: str) -> BiomarkerPage:
        """A biomarker by label, synonym, CURIE or IRI: evidence, and results in patients who have it."""
        return terms.biomarker(self._facts, self._node(name, "biomarker"))

    def decisions(self) -> Sequence[decisions.DecisionView]:
        """Approvals, guidelines and appraisals, by jurisdiction, the newest first."""
        return decisions.decisions(self._facts)

    def comparisons(
        self, *, end_point: str = "", population: str = "", tested: str = "", setting: str = ""
    ) -> comparisons.Comparisons:
        """Hazard ratios of randomised comparisons for one end point (overall survival), by population."""
        return comparisons.comparisons(
            self._facts, end_point=end_point, population=population, tested=tested, setting=setting
        )

    def map(self, **choices: str) -> evidence_map.EvidenceMap:
        """What counters which mechanism, and how certain that is; *choices* are those of the page."""
        return evidence_map.evidence_map(self._facts, **choices)

    def _results_json(self, text: str) -> bytes:
        query_features.require_shallow(text)
        result = self._engine.query(text)
        if result.kind is Kind.TRIPLES:
            raise MesoontoError("this query makes triples; mesoonto query writes them")
        return result.serialize(format_named("json", result.kind))

    def _unmatched(self, text: str) -> Sequence[Unmatched]:
        from mesoonto.views.unmatched import unmatched

        return unmatched(self._engine, text, lambda: self._completions)

    @cached_property
    def _completions(self) -> Completions:
        from mesoonto.views.completion import Completions

        return Completions(self._engine.store)

    @cached_property
    def _engine(self) -> Engine:
        return Engine(shipped.build(), shipped.version())

    @cached_property
    def _facts(self) -> Facts:
        return Facts(self._engine.store)

    @cached_property
    def _index(self) -> Index:
        from mesoonto.views.search import Index

        return Index(self._facts)

    def _node(self, name: str, kind: str) -> ox.NamedNode:
        """The entity called *name*; a MesoontoError says what was found instead."""
        if name.startswith(("http://", "https://")):
            return ox.NamedNode(name)
        if name.startswith("MESO:"):
            return ox.NamedNode(expand(name))
        if name.startswith("MESO_"):
            return ox.NamedNode(MESO + name)
        hits = self.find(name, kind=kind, most=5)
        wanted = name.casefold()
        exact = [h for h in hits if wanted in (h.link.label.casefold(), h.by.casefold())]
        if exact:
            return ox.NamedNode(exact[0].link.iri)
        near = "; ".join(h.link.label for h in hits)
        raise MesoontoError(f"no {kind} is called {name}" + (f"; near it: {near}" if near else ""))
