"""Which mechanisms and interventions records speak of in tumours of a histology or with a marker."""

from __future__ import annotations

from collections import defaultdict

import pyoxigraph as ox

from mesoonto.namespaces import MESO, OBO
from mesoonto.views.facts import SUBCLASS, Facts
from mesoonto.views.terms import BIOMARKER

#: Malignant pleural mesothelioma, below which the tumour states are, and biomarkers.
_TOPS = (f"{OBO}MONDO_0005112", BIOMARKER)

#: Words of the histological types.
_TYPES = ("epithelioid", "biphasic", "sarcomatoid")


def speaks_of(facts: Facts) -> dict[str, set[str]]:
    """The mechanisms and interventions of which a record speaks in tumours of a state, by its label.

    A mechanism that is active in them; either end of a statement about them, or of one that is limited to
    them; an intervention that a cohort of them was given, or of which there is a result in them.
    """
    states = {n for top in _TOPS for n in facts.subjects(SUBCLASS, ox.NamedNode(top)) if n.value != top}
    names = {state: facts.label(state) for state in states}
    found: dict[str, set[str]] = defaultdict(set)
    for state in states:
        here = found[names[state]]
        for name in ("activeIn", "reportedActiveIn"):
            here.update(n.value for n in facts.subjects(MESO + name, state))
        for name in ("hasClaimSubject", "hasClaimObject", "hasPopulation"):
            for record in facts.subjects(MESO + name, state):
                here.update(n.value for n in _ends(facts, record))
        for cohort in facts.subjects(f"{MESO}enrolsPopulation", state):
            for arm in facts.subjects(f"{MESO}ofCohort", cohort):
                here.update(n.value for n in _given(facts, arm))
    return {name: iris for name, iris in found.items() if iris}


def is_histology(name: str) -> bool:
    """Whether a tumour state is a histological type alone.

    >>> is_histology("pleural epithelioid mesothelioma"), is_histology("ASS1-deficient biphasic mesothelioma")
    (True, False)
    """
    words = name.removeprefix("non-").replace("pleural ", "").replace("mesothelioma", "").split()
    return len(words) == 1 and words[0] in _TYPES


def _ends(facts: Facts, record: ox.NamedNode) -> set[ox.NamedNode]:
    """What a statement speaks of, or what the arms of a result were given."""
    ends = {n for name in ("hasClaimSubject", "hasClaimObject") for n in facts.entities(record, MESO + name)}
    for name in ("ofArm", "hasExperimentalArm"):
        for arm in facts.entities(record, MESO + name):
            ends |= _given(facts, arm)
    return ends


def _given(facts: Facts, arm: ox.NamedNode) -> set[ox.NamedNode]:
    given = facts.entities(arm, f"{MESO}hasIntervention")
    return {*given, *(a for one in given for a in facts.entities(one, f"{MESO}hasAgent"))}
