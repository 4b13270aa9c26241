"""What the commands do, as functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mesoonto.knowledge.stratify import StratificationReport
    from mesoonto.owl.explain import Explanation
    from mesoonto.synthesis.pools import Synthesis
    from mesoonto.validation.report.findings import Report
    from mesoonto.validation.validate import Options

Paths = Sequence[str | PathLike[str]]


def validate(data: Paths = (), shapes: Paths = (), options: Options | None = None) -> Report:
    """Check the files or folders *data* against *shapes*; the same Report as `mesoonto validate` prints.

    Without *data* the shipped records, without *shapes* the shipped shapes. Raises InputError for a file, and
    ShapeError for shapes, that cannot be used.
    """
    from mesoonto.validation import validate as validation

    return validation.validate([Path(p) for p in data], [Path(p) for p in shapes], options)


def explain(subject: str, predicate: str, object_: str) -> Explanation | None:
    """Why a triple holds, by labels or CURIEs; None where it does not follow from the dataset.

    >>> explain("pegargiminase", "counters", "arginine auxotrophy by ASS1 loss").how
    'follows from these axioms'
    """
    from mesoonto.ontology.model import Ontology
    from mesoonto.owl.explain import Explainer

    ontology = Ontology.shipped()
    return Explainer(ontology).explain(*(ontology.find(name) for name in (subject, predicate, object_)))


def pool(end_point: str = "") -> Synthesis:
    """The ratios of trials that may be pooled, with their estimates, and all others with the reasons.

    Those of one end point where its label is given. Estimates need the extra ``synthesis``; without it
    ``problem`` says so, and pools have none. A MesoontoError names the end points when there is no such one.

    >>> [len(one.members) for one in pool("overall survival").pools]
    [2]
    """
    from mesoonto.dataset import kept
    from mesoonto.synthesis.pools import synthesise
    from mesoonto.views.facts import Facts

    return synthesise(Facts(kept.engine().store), end_point=end_point)


def stratify(traits: Mapping[str, str] | str | PathLike[str]) -> StratificationReport:
    """What the records say for a tumour with *traits*, such as ``{"histology": "sarcomatoid"}``.

    *traits* may also be the path of a GA4GH Phenopacket in JSON; ``used``, ``absent`` and ``unused`` of the
    report then tell what became of its items. That needs the extra ``exchange``.

    It is no medical advice. A MesoontoError names a trait that is not known, or two that exclude each other.
    """
    from mesoonto.dataset import kept
    from mesoonto.knowledge import stratify as stratification
    from mesoonto.knowledge.profile import ProfileVocabulary
    from mesoonto.ontology.files import SCHEMA
    from mesoonto.ontology.model import Ontology

    ontology = Ontology.shipped(*SCHEMA)
    vocabulary = ProfileVocabulary(ontology)
    if not isinstance(traits, Mapping):
        from mesoonto.exchange import packet_profile
        from mesoonto.exchange.codes import Codes

        packet = packet_profile.read(Path(traits), vocabulary, Codes(ontology))
        strata = vocabulary.strata(packet.profile)
        return packet.told(stratification.stratify(kept.engine(), packet.profile, strata))
    tumour = vocabulary.from_settings([f"{name}={value}" for name, value in traits.items()])
    return stratification.stratify(kept.engine(), tumour, vocabulary.strata(tumour))
