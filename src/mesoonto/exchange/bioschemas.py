"""Studies in the terms of schema.org, as on pages, by profiles of Bioschemas (https://bioschemas.org)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

import pyoxigraph as ox

from mesoonto.exchange.formats import Exported, Loss, record_name
from mesoonto.namespaces import MESO
from mesoonto.views import schema_org
from mesoonto.views.facts import DCTERMS, LABEL, SKOS, TYPE, Facts, local
from mesoonto.views.trial import TrialPage, trial

#: Properties of a study that are carried; sources are where they are publications.
_CARRIED = {
    TYPE,
    LABEL,
    f"{SKOS}altLabel",
    f"{DCTERMS}creator",
    *(
        MESO + name
        for name in ("registryId", "hasDisease", "hasDesign", "hasPhase", "hasTreatmentSetting", "sponsor")
    ),
}


def write(facts: Facts, chosen: Sequence[ox.NamedNode], step: Callable[[], None]) -> Exported:
    """The studies *chosen* as a list of JSON-LD, and what of their own records it cannot carry.

    Cohorts, arms and results are records of their own, and are not told of here.
    """
    found, losses = [], list[Loss]()
    for node in chosen:
        page = trial(facts, node)
        found.append(schema_org.describe(page, page.link))
        losses += _losses(facts, node, page)
        step()
    return Exported(json.dumps(found, indent=1, ensure_ascii=False) + "\n", tuple(losses))


def _losses(facts: Facts, node: ox.NamedNode, page: TrialPage) -> Iterator[Loss]:
    papers = {paper.iri for paper in page.publications}
    for name, values in sorted(facts.outward(node).items()):
        for value in values:
            if name == f"{DCTERMS}source" and getattr(value, "value", "") not in papers:
                yield Loss(record_name(node), local(name), "no publication on record")
            elif name not in _CARRIED and name != f"{DCTERMS}source":
                yield Loss(record_name(node), local(name), "no such property of a MedicalTrial")
