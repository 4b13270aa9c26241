"""Lines of findings in Turtle files."""

from __future__ import annotations

from pathlib import Path

import pytest

from mesoonto.validation.locate import line_of

TURTLE = """@prefix e: <http://e/> .
PREFIX f: <http://f/>

e:a e:refersTo e:b .

e:b a e:Thing ;
    e:name "e:size" ;
    e:part [ a e:Part ;
        e:size 3 ] ;
    f:size 4 .

<http://e/c> <http://f/size> 5 .

e:bb e:size 6 .
"""


@pytest.mark.parametrize(
    ("record", "path", "line"),
    [
        ("http://e/b", "http://e/name", 7),
        ("http://e/b", "http://e/size", 9),
        ("http://e/b", "http://f/size", 10),
        ("http://e/c", "http://f/size", 12),
        ("http://e/bb", "http://e/size", 14),
        # a property that is missing, or no property: where the record begins, not where it is mentioned
        ("http://e/b", "http://e/colour", 6),
        ("http://e/b", "", 6),
        ("http://e/nowhere", "", None),
    ],
)
def test_line(tmp_path: Path, record: str, path: str, line: int | None) -> None:
    file = tmp_path / "x.ttl"
    file.write_text(TURTLE)
    assert line_of(str(file), record, path) == line
