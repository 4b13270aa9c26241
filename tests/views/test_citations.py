"""Citations are read back by readers of their own."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from mesoonto.views.citations import Citation

TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=["Cc"]), max_size=40)


def cited(title: str, note: str = "", *, paper: bool = True) -> Citation:
    return Citation(
        key="38358753", title=title, url="https://example.org/a_b", year="2024", doi="10.1000/a_b", note=note,
        paper=paper, author="" if paper else "mesoonto contributors", version="" if paper else "0.1.0",
    )  # fmt: skip


@given(TEXT, TEXT)
def test_braces_of_bibtex_are_balanced_and_nothing_ends_the_entry_early(title: str, note: str) -> None:
    text = cited(title, note).bibtex()
    depth, ended = 0, 0
    for place, c in enumerate(text):
        if c in "{}" and text[place - 1] != "\\":
            depth += 1 if c == "{" else -1
            ended += depth == 0
    assert (depth, ended) == (0, 1)


@given(TEXT, TEXT)
def test_csl_holds_the_text_as_it_is(title: str, note: str) -> None:
    (item,) = json.loads(cited(title, note).csl())
    assert item["title"] == title
    assert item.get("note", "") == note
    assert item["issued"] == {"date-parts": [[2024]]}


@given(st.text(max_size=40), st.text(max_size=40))
def test_every_line_of_ris_is_a_field(title: str, note: str) -> None:
    lines = cited(title, note).ris().split("\n")
    assert lines.pop() == ""
    assert all(re.match(r"[A-Z][A-Z0-9]  - ", line) for line in lines)
    assert (lines[0], lines[-1]) == ("TY  - JOUR", "ER  - ")


def test_entry_of_the_dataset_is_no_article() -> None:
    entry = cited("antigen presentation loss", paper=False)
    assert entry.bibtex().startswith("@misc{38358753,\n  author = {{mesoonto contributors}}")
    assert "TY  - DATA" in entry.ris()
    assert json.loads(entry.csl())[0]["type"] == "dataset"
