"""Writes trials as N-Triples: studies, arms and results, one statement in a hundred with a mistake.

`building` gives the equipment of a building in the terms of Brick, for its rules.

python generate.py 100000 trials.nt
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

_EX = "https://example.org/trial/"
_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_MISTAKES = 0.01

#: For the Turtle of the same data.
PREFIXES = {"ex": _EX, "rdfs": "http://www.w3.org/2000/01/rdf-schema#", "xsd": _XSD}


def triples(number: int, seed: int = 20261125) -> Iterator[str]:
    """At least *number* lines of N-Triples, the same for the same seed."""
    chance = random.Random(seed)  # test data
    written = study = 0
    while written < number:
        study += 1
        for line in _study(study, chance):
            written += 1
            yield line


def _study(number: int, chance: random.Random) -> Iterator[str]:
    me = f"<{_EX}study/{number}>"
    yield f"{me} {_TYPE} <{_EX}Study> ."
    yield f'{me} {_LABEL} "trial number {number}"@en .'
    if not _wrong(chance):
        yield f'{me} <{_EX}registryId> "NCT{number:08}" .'
    yield f'{me} <{_EX}phase> "{chance.choice("123") if not _wrong(chance) else "IV"}" .'
    yield f"{me} <{_EX}enrolment> {_integer(chance.randrange(200, 900))} ."
    for arm in (1, 2):
        yield from _arm(number, arm, me, chance)


def _arm(study: int, arm: int, parent: str, chance: random.Random) -> Iterator[str]:
    me = f"<{_EX}arm/{study}-{arm}>"
    yield f"{me} {_TYPE} <{_EX}Arm> ."
    yield f"{me} <{_EX}ofStudy> {parent if not _wrong(chance) else me} ."
    yield f"{me} <{_EX}armSize> {_integer(chance.randrange(20, 200) if not _wrong(chance) else 0)} ."
    agent = f"<{_EX}agent/{chance.randrange(200)}>" if not _wrong(chance) else '"nivolumab"'
    yield f"{me} <{_EX}agent> {agent} ."
    for result in range(1, 4):
        yield from _result(f"{study}-{arm}-{result}", me, chance)


def _result(name: str, arm: str, chance: random.Random) -> Iterator[str]:
    me = f"<{_EX}result/{name}>"
    value = chance.randrange(10, 4000) / 10
    yield f"{me} {_TYPE} <{_EX}Result> ."
    yield f"{me} <{_EX}ofArm> {arm} ."
    yield f"{me} <{_EX}value> {_decimal(value) if not _wrong(chance) else _integer(int(value))} ."
    yield f'{me} <{_EX}unit> "{"mo" if not _wrong(chance) else "months"}" .'
    if chance.random() < 0.5:
        yield f"{me} <{_EX}lowerBound> {_decimal(value - 1 if not _wrong(chance) else value + 1)} ."
        if not _wrong(chance):
            yield f"{me} <{_EX}upperBound> {_decimal(value + 1)} ."


_BRICK = "https://brickschema.org/schema/Brick#"
_POINTS = ("Zone_Air_Temperature_Sensor", "Discharge_Air_Flow_Sensor", "Damper_Position_Command")


def building(boxes: int) -> Iterator[str]:
    """A building whose air handlers feed *boxes*, each with a room and points; each tenth box has no type."""
    house = f"<{_EX}building>"
    yield f"{house} {_TYPE} <https://w3id.org/rec#Building> ."
    for number in range(boxes):
        handler, box = f"<{_EX}handler/{number // 10}>", f"<{_EX}box/{number}>"
        if number % 10 == 0:
            yield f"{handler} {_TYPE} <{_BRICK}AHU> ."
            yield f"{handler} <{_BRICK}hasLocation> {house} ."
        else:
            yield f"{box} {_TYPE} <{_BRICK}VAV> ."
        yield f"{handler} <{_BRICK}feeds> {box} ."
        room = f"<{_EX}room/{number}>"
        yield f"{room} {_TYPE} <{_BRICK}HVAC_Zone> ."
        yield f"{box} <{_BRICK}feeds> {room} ."
        for kind in _POINTS:
            point = f"<{_EX}box/{number}/{kind}>"
            yield f"{point} {_TYPE} <{_BRICK}{kind}> ."
            yield f"{box} <{_BRICK}hasPoint> {point} ."


def _wrong(chance: random.Random) -> bool:
    return chance.random() < _MISTAKES


def _integer(number: int) -> str:
    return f'"{number}"^^<{_XSD}integer>'


def _decimal(number: float) -> str:
    """With two places, so that many are not in the canonical form."""
    return f'"{number:.2f}"^^<{_XSD}decimal>'


def main(number: int, path: Path) -> None:
    """Write the file."""
    with path.open("w", encoding="ascii") as file:
        file.writelines(f"{line}\n" for line in triples(number))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
