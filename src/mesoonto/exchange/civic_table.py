"""The table of evidence that CIViC offers for download, ClinicalEvidenceSummaries.tsv: columns and values.

Columns are those of CIViC's own writer (griffithlab/civic-v2, server/app/tsv_formatters/
evidence_item_tsv_formatter.rb); values and what goes with what are those of its models and of its check
(server/app/models/constants.rb, server/app/validators/evidence_item_validator.rb). What they mean is at
https://civic.readthedocs.io/en/latest/model/evidence.html. A value is one line without runs of blanks, as its
writer makes it (server/app/jobs/generate_tsvs.rb). A field may be empty where nobody but CIViC can fill it:
its numbers, the rating, the origin, the state.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from mesoonto.errors import InputError, Place

#: Bytes of the largest table and of the longest row that are read; the whole of CIViC is some 10 MB.
LARGEST, LONGEST = 1 << 26, 1 << 17


@dataclass(frozen=True, slots=True)
class CivicRow:
    """One evidence item; the fields are the columns, in their order."""

    molecular_profile: str = ""
    molecular_profile_id: str = ""
    disease: str = ""
    doid: str = ""
    phenotypes: str = ""
    therapies: str = ""
    therapy_interaction_type: str = ""
    evidence_type: str = ""
    evidence_direction: str = ""
    evidence_level: str = ""
    significance: str = ""
    evidence_statement: str = ""
    citation_id: str = ""
    source_type: str = ""
    asco_abstract_id: str = ""
    citation: str = ""
    nct_ids: str = ""
    rating: str = ""
    evidence_status: str = ""
    evidence_id: str = ""
    variant_origin: str = ""
    last_review_date: str = ""
    evidence_civic_url: str = ""
    molecular_profile_civic_url: str = ""
    is_flagged: str = ""

    @property
    def therapy_names(self) -> list[str]:
        """The therapies, one by one."""
        return [name.strip() for name in self.therapies.split(",") if name.strip()]


@dataclass(frozen=True, slots=True)
class TableProblem:
    """A row that is no evidence item: where (its column is the number of the field), and why."""

    place: Place
    message: str


COLUMNS = tuple(field.name for field in fields(CivicRow))

#: Columns without which a row says nothing that is kept here.
NEEDED = (
    "molecular_profile",
    "doid",
    "therapies",
    "therapy_interaction_type",
    "evidence_type",
    "evidence_direction",
    "evidence_level",
    "significance",
    "evidence_statement",
    "citation_id",
    "source_type",
)

#: What may be in a column, whatever the others hold.
VALUES = {
    "evidence_type": ("Diagnostic", "Prognostic", "Predictive", "Predisposing", "Functional", "Oncogenic"),
    "evidence_direction": ("Supports", "Does Not Support", "N/A"),
    "evidence_level": ("A", "B", "C", "D", "E"),
    "therapy_interaction_type": ("", "Combination", "Sequential", "Substitutes"),
    "source_type": ("PubMed", "ASCO", "ASH"),
    "rating": ("", "1", "2", "3", "4", "5"),
    "evidence_status": ("", "accepted", "submitted", "rejected"),
    "variant_origin": ("", "Somatic", "Rare Germline", "Common Germline", "Unknown", "N/A", "Combined"),
}

#: Significances that go with the types of evidence that are read here.
SIGNIFICANCES = {
    "Predictive": ("Sensitivity/Response", "Resistance", "Adverse Response", "Reduced Sensitivity", "N/A"),
    "Prognostic": ("Better Outcome", "Poor Outcome", "N/A"),
}


def write_table(rows: Iterable[CivicRow]) -> str:
    """*rows* below a line with the names of the columns."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([one_line(getattr(row, name)) for name in COLUMNS] for row in rows)
    return text.getvalue()


def one_line(text: str) -> str:
    """*text* without line breaks, tabs and runs of blanks."""
    return " ".join(text.split())


def read_table(path: Path) -> Iterator[tuple[int, CivicRow | TableProblem]]:
    """The rows of the file *path*, each with its line, and a TableProblem for each that is no evidence item.

    Raises InputError for a file that cannot be read, is larger than `LARGEST`, or lacks a column of `NEEDED`.
    Other columns may be missing, stand in any order, and unknown ones are passed over.
    """
    lines = _lines(path)
    try:
        names = _cells(lines[0])
    except ValueError as error:
        raise InputError(str(error), Place(str(path), 1)) from error
    _check_columns(names, path)
    for number, line in enumerate(lines[1:], 2):
        if line.strip():
            yield number, _row(line, names, path, number)


def _lines(path: Path) -> list[bytes]:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise InputError((error.strerror or str(error)).lower(), Place(str(path))) from error
    if len(content) > LARGEST:
        raise InputError(f"larger than {LARGEST >> 20} MiB", Place(str(path)))
    return content.removeprefix(codecs.BOM_UTF8).split(b"\n")


def _cells(line: bytes) -> list[str]:
    """The fields of a row; a ValueError says what is wrong with it."""
    if len(line) > LONGEST:
        raise ValueError(f"a row of more than {LONGEST >> 10} KiB")
    try:
        text = line.rstrip(b"\r").decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start + 1} of the row is not UTF-8") from error
    try:
        (cells,) = csv.reader([text], delimiter="\t", strict=True)
    except csv.Error as error:
        raise ValueError(f"not a row of tab-separated fields: {error}") from error
    return [one_line(cell) for cell in cells]


def _check_columns(names: list[str], path: Path) -> None:
    for number, name in enumerate(names, 1):
        if name in names[: number - 1]:
            raise InputError(f"the column {name} stands twice", Place(str(path), 1, number))
    lacking = [name for name in NEEDED if name not in names]
    if lacking:
        raise InputError(
            f"no column {', '.join(lacking)}; is it CIViC's table of evidence?", Place(str(path), 1)
        )


def _row(line: bytes, names: list[str], path: Path, number: int) -> CivicRow | TableProblem:
    try:
        cells = _cells(line)
    except ValueError as error:
        return TableProblem(Place(str(path), number), str(error))
    if len(cells) != len(names):
        told = f"{len(cells)} fields, and the first line names {len(names)} columns"
        return TableProblem(Place(str(path), number), told)
    row = CivicRow(**{name: cell for name, cell in zip(names, cells, strict=True) if name in COLUMNS})
    for name, message in _problems(row):
        return TableProblem(Place(str(path), number, names.index(name) + 1), f"{name}: {message}")
    return row


def _problems(row: CivicRow) -> Iterator[tuple[str, str]]:
    """The columns whose values cannot be, and why."""
    for name, allowed in VALUES.items():
        if getattr(row, name) not in allowed:
            yield name, f"{_shown(getattr(row, name))} is none of {', '.join(a for a in allowed if a)}"
    fitting = SIGNIFICANCES.get(row.evidence_type)
    if fitting is None:
        return
    if row.significance not in fitting:
        told = (
            f"{_shown(row.significance)} does not go with {row.evidence_type}; it takes {', '.join(fitting)}"
        )
        yield "significance", told
    if row.evidence_direction == "N/A":
        yield "evidence_direction", f"N/A does not go with {row.evidence_type}"
    therapies = len(row.therapy_names)
    if (row.evidence_type == "Predictive") != (therapies > 0):
        asked = "needs one" if row.evidence_type == "Predictive" else "takes none"
        yield "therapies", f"{_shown(row.therapies)}, and {row.evidence_type} evidence {asked}"
    if (therapies > 1) != (row.therapy_interaction_type != ""):
        yield "therapy_interaction_type", "it stands where there are several therapies, and only there"
    if row.source_type == "PubMed" and not re.fullmatch(r"[1-9]\d{0,7}", row.citation_id, re.ASCII):
        yield "citation_id", f"{_shown(row.citation_id)} is no PubMed number"
    if not re.fullmatch(r"\d{0,12}", row.evidence_id, re.ASCII):
        yield "evidence_id", f"{_shown(row.evidence_id)} is no number"
    if not re.fullmatch(r"(?:(?:DOID:)?\d{1,9})?", row.doid, re.ASCII):
        yield "doid", f"{_shown(row.doid)} is no number of the Disease Ontology"
    for name in ("molecular_profile", "evidence_statement"):
        if not getattr(row, name):
            yield name, "it is empty"


def _shown(value: str) -> str:
    """*value* as a message has it."""
    return repr(value if len(value) <= 40 else value[:39] + "…") if value else "nothing"
