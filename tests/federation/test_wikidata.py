"""The mappings to Wikidata: nothing in them that the files they name do not show."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from mesoonto import resources
from mesoonto.files import sssom


def _rows(target: str) -> list[dict[str, str]]:
    [path] = [p for p in resources.mapping_files() if p.name == f"mesoonto_{target}.sssom.tsv"]
    lines = [line for line in Path(path).read_text("utf-8").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


ROWS = _rows("wikidata")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["subject_label"])
def test_each_row_names_its_files_and_the_number_that_they_share_with_us(row: dict[str, str]) -> None:
    assert re.fullmatch(r"wikidata:Q[1-9][0-9]*", row["object_id"])
    assert row["object_label"].lower() == row["subject_label"]
    files = row["see_also"].split("|")
    assert all(re.fullmatch(r"https://github\.com/[^/]+/[^/]+/blob/[0-9a-f]{40}/\S+", f) for f in files)
    assert float(row["confidence"]) == {1: 0.8, 2: 0.95}[len(files)]
    assert ("One source only" in row["comment"]) == (len(files) == 1)
    [number] = re.findall(r"DrugBank:DB[0-9]{5}", row["comment"])
    ours = {(r["subject_id"], r["object_id"]) for r in _rows("drugbank")}
    assert (row["subject_id"], number) in ours


def test_no_item_stands_for_two_agents() -> None:
    assert len({row["object_id"] for row in ROWS}) == len({row["subject_id"] for row in ROWS}) == len(ROWS)


def test_items_have_the_addresses_that_wikidata_uses() -> None:
    [path] = [p for p in resources.mapping_files() if p.name == "mesoonto_wikidata.sssom.tsv"]
    assert {m.object.rpartition("/")[0] for m in sssom.read(path)} == {"http://www.wikidata.org/entity"}
