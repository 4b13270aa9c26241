"""Which trials tried an intervention."""

from __future__ import annotations

from collections import defaultdict

import pyoxigraph as ox

from mesoonto.namespaces import MESO
from mesoonto.views.facts import SUBCLASS, TYPE, Facts


def trials_of(facts: Facts) -> dict[ox.NamedNode, set[ox.NamedNode]]:
    """The studies that tried each intervention: by itself, in a combination, or as one of its kind."""
    found: dict[ox.NamedNode, set[ox.NamedNode]] = defaultdict(set)
    for arm in facts.subjects(TYPE, ox.NamedNode(f"{MESO}Arm")):
        if any("Comparator" in role.value for role in facts.entities(arm, f"{MESO}hasArmRole")):
            continue
        studies = facts.entities(arm, f"{MESO}ofCohort", f"{MESO}ofStudy")
        given = facts.entities(arm, f"{MESO}hasIntervention")
        parts = [*given, *(a for one in given for a in facts.entities(one, f"{MESO}hasAgent"))]
        for node in {n for part in parts for n in (part, *facts.entities(part, SUBCLASS))}:
            found[node].update(studies)
    return found
