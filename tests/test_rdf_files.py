"""RDF files: any syntax, and where a broken one is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from mesoonto import rdf_files
from mesoonto.errors import InputError

TRIPLE = {
    "a.ttl": "<http://a> <http://b> 1.50 .",
    "a.nt": "<http://a> <http://b> <http://c> .",
    "a.jsonld": '{"@id": "http://a", "http://b": "c"}',
    "a.rdf": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'
    '<rdf:Description rdf:about="http://a"><e:b>c</e:b></rdf:Description></rdf:RDF>',
}


@pytest.mark.parametrize("name", TRIPLE)
def test_syntax_is_told_by_the_ending(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(TRIPLE[name])
    assert len(list(rdf_files.read(path))) == 1


def test_numbers_keep_their_digits(tmp_path: Path) -> None:
    path = tmp_path / "a.ttl"
    path.write_text(TRIPLE["a.ttl"])
    (quad,) = rdf_files.read(path)
    assert quad.object.value == "1.50"  # type: ignore[union-attr]


def test_blank_nodes_of_two_files_stay_apart(tmp_path: Path) -> None:
    for name in ("a.ttl", "b.ttl"):
        (tmp_path / name).write_text("_:x <http://b> 1 .")
    first, second = (next(iter(rdf_files.read(tmp_path / name))).subject for name in ("a.ttl", "b.ttl"))
    assert first != second


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.ttl", b"@prefix : <http://e/> .\n:a :b\n   ] .", ":3:4: not Turtle"),
        ("a.ttl", b'<http://a> <http://b> "caf\xe9" .', ":1:27: not UTF-8"),
        ("a.xyz", b"", ": unknown file type; known endings are .ttl"),
        ("a.jsonld", b'{"@id": 5,', ":1:"),
    ],
)
def test_broken_file_is_named_with_its_place(
    tmp_path: Path, name: str, content: bytes, expected: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        list(rdf_files.read(path))
    assert str(caught.value).startswith(f"{path}{expected}")
    assert "\n" not in str(caught.value)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.ttl: no such file"):
        list(rdf_files.read(tmp_path / "nowhere.ttl"))
