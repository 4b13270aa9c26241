"""The shipped dataset in Python: queries, and trials, mechanisms and interventions as objects."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import pyoxigraph as ox

from mesoonto.api.rows import Queryable
from mesoonto.errors import MesoontoError
from mesoonto.namespaces import MESO, PREFIXES, expand

# Imported by the methods that need them: all of them take twice as long as all the rest.
if TYPE_CHECKING:
    from mesoonto.dataset.store import Engine
    from mesoonto.views.comparisons import Comparisons
    from mesoonto.views.completion import Completions
    from mesoonto.views.decisions import DecisionPage, DecisionView
    from mesoonto.views.evidence import PublicationPage, ResultPage, StatementPage
    from mesoonto.views.evidence_map import EvidenceMap
    from mesoonto.views.facts import EntityLink, Facts
    from mesoonto.views.mechanism import MechanismPage
    from mesoonto.views.search import Hit, Index
    from mesoonto.views.terms import BiomarkerPage, InterventionPage
    from mesoonto.views.trial import Brief, CohortPage, TrialPage
    from mesoonto.views.unmatched import Unmatched


#: The classes of kinds of entities that the search does not have.
_CLASSES = {"cohort": f"{MESO}Cohort", "result": f"{MESO}Result"}


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
        from mesoonto.views import trial

        return trial.overview(self._facts)

    def trial(self, name: str | EntityLink) -> TrialPage:
        """A study by label, registry number or IRI: arms, results with interval and level, analyses."""
        from mesoonto.views import trial

        return trial.trial(self._facts, self._node(name, "trial"))

    def mechanism(self, name: str | EntityLink) -> MechanismPage:
        """A mechanism by label, synonym, CURIE or IRI: who acts where, evidence, what counters it."""
        from mesoonto.views import mechanism

        return mechanism.mechanism(self._facts, self._node(name, "mechanism"))

    def intervention(self, name: str | EntityLink) -> InterventionPage:
        """An intervention by label, synonym, CURIE or IRI: targets, trials, development, decisions."""
        from mesoonto.views import terms

        return terms.intervention(self._facts, self._node(name, "intervention"))

    def biomarker(self, name: str | EntityLink) -> BiomarkerPage:
        """A biomarker by label, synonym, CURIE or IRI: evidence, and results in patients who have it."""
        from mesoonto.views import terms

        return terms.biomarker(self._facts, self._node(name, "biomarker"))

    def cohort(self, name: str | EntityLink) -> CohortPage:
        """A cohort by IRI, CURIE or label: whom it enrols, arms, results, analyses, statements."""
        from mesoonto.views import trial

        return trial.cohort_page(self._facts, self._node(name, "cohort"))

    def result(self, name: str | EntityLink) -> ResultPage:
        """A result by IRI, CURIE or label: value, interval, level, population, arms, what rests on it.

        >>> page = Dataset().result("mesod:result_NCT02899299_2021_os_hr_all")
        >>> page.result.value, page.result.level, [regimen.label for _, _, regimen, _ in page.arms if regimen]
        ('0.74', '96.6 %', ['nivolumab plus ipilimumab', 'platinum plus pemetrexed'])
        """
        from mesoonto.views import evidence

        return evidence.result_page(self._facts, self._node(name, "result"))

    def statement(self, name: str | EntityLink) -> StatementPage:
        """An evidence statement by IRI, CURIE or label: claim, direction, level, results, conflicts."""
        from mesoonto.views import evidence

        return evidence.statement_page(self._facts, self._node(name, "statement"))

    def publication(self, name: str | EntityLink) -> PublicationPage:
        """A publication by IRI, citation, DOI or PubMed number: the trials, results and statements on it."""
        from mesoonto.views import evidence

        return evidence.publication_page(self._facts, self._node(name, "publication"))

    def decision(self, name: str | EntityLink) -> DecisionPage:
        """A decision by IRI, CURIE or label: body, date, population, restriction, basis."""
        from mesoonto.views import decisions

        return decisions.decision_page(self._facts, self._node(name, "decision"))

    def decisions(self) -> Sequence[DecisionView]:
        """Approvals, guidelines and appraisals, by jurisdiction, the newest first."""
        from mesoonto.views import decisions

        return decisions.decisions(self._facts)

    def comparisons(
        self, *, end_point: str = "", population: str = "", tested: str = "", setting: str = ""
    ) -> Comparisons:
        """Hazard ratios of randomised comparisons for one end point (overall survival), by population."""
        from mesoonto.views import comparisons

        return comparisons.comparisons(
            self._facts, end_point=end_point, population=population, tested=tested, setting=setting
        )

    def map(self, **choices: str) -> EvidenceMap:
        """What counters which mechanism, and how certain that is; *choices* are those of the page."""
        from mesoonto.views import evidence_map

        return evidence_map.evidence_map(self._facts, **choices)

    def _results_json(self, text: str) -> bytes:
        from mesoonto.dataset import query_features
        from mesoonto.dataset.formats import Kind, format_named

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
        from mesoonto.dataset import kept

        return kept.engine()

    @cached_property
    def _facts(self) -> Facts:
        from mesoonto.views.facts import Facts

        return Facts(self._engine.store)

    @cached_property
    def _index(self) -> Index:
        from mesoonto.views.search import Index

        return Index(self._facts)

    def _node(self, name: str | EntityLink, kind: str) -> ox.NamedNode:
        """The *kind* of entity called *name*; a MesoontoError says what was found instead."""
        from mesoonto.views.search import KINDS

        text = name if isinstance(name, str) else name.iri
        node = _identified(text)
        if node is not None:
            kinds = (kind, "tumour state") if kind == "biomarker" else (kind,)  # a page describes both
            if not any(self._facts.is_a(node, (KINDS | _CLASSES)[each]) for each in kinds):
                raise MesoontoError(f"{text} names no {kind} of the dataset")
            return node
        near: list[str] = []
        if kind in KINDS:
            hits = self.find(text, kind=kind, most=5)
            exact = [
                h.link.iri for h in hits if text.casefold() in (h.link.label.casefold(), h.by.casefold())
            ]
            near = [hit.link.label for hit in hits]
        else:
            terms = [term for term in self._completions.find(text, most=50) if term.kind == kind]
            exact = [term.iri for term in terms if term.label.casefold() == text.casefold()]
            near = [term.label for term in terms[:5]]
        if exact:
            return ox.NamedNode(exact[0])
        raise MesoontoError(f"no {kind} is called {text}" + (f"; near it: {'; '.join(near)}" if near else ""))


def _identified(text: str) -> ox.NamedNode | None:
    """The entity that *text* identifies by itself: an IRI, a CURIE such as ``MESO:0002101``, a local name."""
    prefix, colon, last = text.partition(":")
    stem = PREFIXES.get(prefix) if colon else None
    try:
        if text.startswith(("http://", "https://")):
            return ox.NamedNode(text)
        if stem is not None:
            return ox.NamedNode(stem + last)
        if prefix == "MESO" and colon:
            return ox.NamedNode(expand(text))
        return ox.NamedNode(MESO + text) if text.startswith("MESO_") else None
    except ValueError as error:
        raise MesoontoError(f"{text} is no IRI: {error}") from error
