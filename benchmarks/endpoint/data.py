"""Seeded data in the shape of mesoonto's records: studies, cohorts, arms, results, statements, publications.

Everything in it is made up; its records live under ``https://example.org/benchmark/`` so that nobody takes
them for evidence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

MESO = "https://w3id.org/mesoonto/"
BENCH = "https://example.org/benchmark/"
RDF_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"
SUBCLASS = "<http://www.w3.org/2000/01/rdf-schema#subClassOf>"
XSD = "http://www.w3.org/2001/XMLSchema#"
DCTERMS = "http://purl.org/dc/terms/"

#: Words that labels are made of; a label has two of them and a number.
WORDS = tuple(
    """
    Acorn Alder Amber Aspen Basalt Birch Bramble Cedar Chalk Cherry Clover Cobalt Copper Coral
    Cypress Dahlia Elder Elm Fern Flint Gentian Ginkgo Gneiss Granite Hazel Heather Holly Indigo
    Iris Ivy Jade Jasper Juniper Larch Laurel Lichen Lilac Linden Lupin Maple Marble Mica Moss
    Myrtle Nettle Oak Olive Onyx Opal Orchid Pearl Pine Poplar Quartz Rowan Rush Sage Sedge Slate
    Spruce Sorrel Thistle Willow Yew
    """.split()  # noqa: SIM905
)

MECHANISMS = 341  #: classes in a tree of four children each: 1 + 4 + 16 + 64 + 256
INTERVENTIONS = 341
DIRECTIONS = ("Supports", "Refutes", "Inconclusive")
BRANCHING = 4
MEASURES = 40
STATEMENT_CHAIN = 8  #: a statement supersedes the one before it, in chains of this length
TRIPLES_OF_CLASSES = 2 * (2 * MECHANISMS - 1) + MEASURES
TRIPLES_OF_A_STUDY = 82  #: at most; a little fewer where optional values are absent


@dataclass(frozen=True)
class Shape:
    """How many of what a data set of so many triples holds at least; query parameters are drawn from it."""

    triples: int

    @property
    def studies(self) -> int:
        """Studies whose records are complete."""
        return (self.triples - TRIPLES_OF_CLASSES) // TRIPLES_OF_A_STUDY


def study_words(study: int) -> tuple[str, str]:
    """Return the two words in the labels of a study's records, fixed by its number."""
    mixed = study * 2654435761 % 2**32  # Knuth's multiplicative hash, so neighbours get different words
    return WORDS[mixed % len(WORDS)], WORDS[mixed // len(WORDS) % len(WORDS)]


def triples(count: int, seed: int) -> Iterator[str]:
    """Yield *count* N-Triples lines, in blocks of one study each; the same seed gives the same lines."""
    if count < TRIPLES_OF_CLASSES + TRIPLES_OF_A_STUDY:
        raise ValueError(f"{count} triples are too few; ask for at least 10000")
    random = Random(seed)
    block = list(_classes())
    study = 0
    while count > len(block):
        count -= len(block)
        yield "".join(block)
        block = list(_study(study, random))
        study += 1
    yield "".join(block[:count])


def write(path: Path, count: int, seed: int) -> Path:
    """Write the data set to *path* unless it is there already."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        with partial.open("w", encoding="ascii", buffering=1 << 20) as file:
            file.writelines(triples(count, seed))
        partial.rename(path)
    return path


def _classes() -> Iterator[str]:
    for kind, size in (("mechanism", MECHANISMS), ("intervention", INTERVENTIONS)):
        for number in range(size):
            yield f'<{BENCH}{kind}_{number}> {LABEL} "{kind} {number}"@en .\n'
            if number:
                yield f"<{BENCH}{kind}_{number}> {SUBCLASS} <{BENCH}{kind}_{(number - 1) // BRANCHING}> .\n"
    for number in range(MEASURES):
        yield f'<{BENCH}measure_{number}> {LABEL} "measure {number}"@en .\n'


def _study(number: int, random: Random) -> Iterator[str]:
    first, second = study_words(number)
    name = f"{first} {second} {number}"
    study, cohort, paper = (f"<{BENCH}{kind}_{number}>" for kind in ("study", "cohort", "publication"))
    arms = [f"<{BENCH}arm_{number}_{arm}>" for arm in range(2)]

    yield f"{study} {RDF_TYPE} <{MESO}Study> .\n"
    yield f'{study} {LABEL} "{name}"@en .\n'
    yield f'{study} <{MESO}registryId> "BENCH{number:08}" .\n'
    yield f"{study} <{MESO}hasPhase> <{MESO}Phase{random.randint(1, 3)}> .\n"
    yield f"{study} <{MESO}hasDesign> <{MESO}{random.choice(('RandomisedComparative', 'SingleArm'))}> .\n"
    yield f"{study} <{MESO}hasTreatmentSetting> <{MESO}{random.choice(('FirstLine', 'LaterLine'))}> .\n"
    yield f'{study} <{MESO}enrolment> "{random.randint(20, 900)}"^^<{XSD}integer> .\n'
    yield f"{study} <{DCTERMS}source> {paper} .\n"

    yield f"{paper} {RDF_TYPE} <{MESO}Publication> .\n"
    yield f'{paper} {LABEL} "Report of {name}"@en .\n'
    issued = f"{random.randint(1990, 2025)}-{random.randint(1, 12):02}-01"
    yield f'{paper} <{DCTERMS}issued> "{issued}"^^<{XSD}date> .\n'

    yield f"{cohort} {RDF_TYPE} <{MESO}Cohort> .\n"
    yield f'{cohort} {LABEL} "{name}: all randomised"@en .\n'
    yield f"{cohort} <{MESO}ofStudy> {study} .\n"

    for order, arm in enumerate(arms):
        role = "ExperimentalArm" if order == 0 else "ActiveComparatorArm"
        yield f"{arm} {RDF_TYPE} <{MESO}Arm> .\n"
        yield f'{arm} {LABEL} "{name}: arm {order + 1}"@en .\n'
        yield f"{arm} <{MESO}ofCohort> {cohort} .\n"
        yield f"{arm} <{MESO}hasArmRole> <{MESO}{role}> .\n"
        yield f'{arm} <{MESO}armSize> "{random.randint(10, 450)}"^^<{XSD}integer> .\n'
        yield f"{arm} <{MESO}hasIntervention> <{BENCH}intervention_{random.randrange(INTERVENTIONS)}> .\n"

    for order in range(3):
        result = f"<{BENCH}result_{number}_{order}>"
        value = random.randint(30, 190)
        yield f"{result} {RDF_TYPE} <{MESO}Result> .\n"
        yield f'{result} {LABEL} "{name}: result {order + 1}"@en .\n'
        yield f"{result} <{MESO}ofCohort> {cohort} .\n"
        yield f"{result} <{MESO}hasEndPoint> <{BENCH}measure_{random.randrange(MEASURES)}> .\n"
        yield f"{result} <{MESO}hasExperimentalArm> {arms[0]} .\n"
        yield f"{result} <{MESO}hasReferenceArm> {arms[1]} .\n"
        yield f'{result} <{MESO}value> "{value / 100}"^^<{XSD}decimal> .\n'
        yield f'{result} <{MESO}lowerBound> "{(value - 20) / 100}"^^<{XSD}decimal> .\n'
        yield f'{result} <{MESO}upperBound> "{(value + 25) / 100}"^^<{XSD}decimal> .\n'
        yield f'{result} <{MESO}intervalLevel> "95.0"^^<{XSD}decimal> .\n'
        yield f"{result} <{DCTERMS}source> {paper} .\n"
        if value % 2:
            met = "true" if value < 100 else "false"
            yield f'{result} <{MESO}endPointMet> "{met}"^^<{XSD}boolean> .\n'

    for order in range(2):
        index = 2 * number + order
        statement = f"<{BENCH}statement_{index}>"
        subject = random.randrange(MECHANISMS)
        claimed = random.randrange(INTERVENTIONS)
        yield f"{statement} {RDF_TYPE} <{MESO}EvidenceStatement> .\n"
        yield f'{statement} {LABEL} "{name}: statement {order + 1}"@en .\n'
        yield f"{statement} <{MESO}hasClaimSubject> <{BENCH}mechanism_{subject}> .\n"
        yield f"{statement} <{MESO}hasClaimRelation> <{MESO}impairsResponseTo> .\n"
        yield f"{statement} <{MESO}hasClaimObject> <{BENCH}intervention_{claimed}> .\n"
        yield f"{statement} <{MESO}hasDirection> <{MESO}{random.choice(DIRECTIONS)}> .\n"
        yield f"{statement} <{MESO}hasEvidenceLevel> <{MESO}Level{random.choice('ABCDE')}> .\n"
        yield f"{statement} <{DCTERMS}source> {paper} .\n"
        yield f'{statement} <{MESO}locator> "table {random.randint(1, 9)}" .\n'
        if index % STATEMENT_CHAIN:
            yield f"{statement} <{MESO}supersedes> <{BENCH}statement_{index - 1}> .\n"
