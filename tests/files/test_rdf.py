"""RDF files: any syntax, and where a broken one is broken."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pyoxigraph as ox
import pytest
import zstandard

from mesoonto.errors import InputError
from mesoonto.files import rdf

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
    assert len(list(rdf.read(path))) == 1


def test_numbers_keep_their_digits(tmp_path: Path) -> None:
    path = tmp_path / "a.ttl"
    path.write_text(TRIPLE["a.ttl"])
    (quad,) = rdf.read(path)
    assert quad.object.value == "1.50"  # type: ignore[union-attr]


def test_blank_nodes_of_two_files_stay_apart(tmp_path: Path) -> None:
    for name in ("a.ttl", "b.ttl"):
        (tmp_path / name).write_text("_:x <http://b> 1 .")
    first, second = (next(iter(rdf.read(tmp_path / name))).subject for name in ("a.ttl", "b.ttl"))
    assert first != second


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.ttl", b"@prefix : <http://e/> .\n:a :b\n   ] .", ":3:4: not Turtle"),
        ("a.ttl", b'<http://a> <http://b> "caf\xe9" .', ":1:27: not UTF-8"),
        ("a.xyz", b"", ": unknown file type; known endings are .ttl"),
        ("a.ofn", b"", ": unknown file type"),
        (
            "a.ofn",
            b"Ontology()",
            ": OWL's functional syntax is not read; convert it first, as with: robot convert -i a.ofn",
        ),
        ("a.jsonld", b'{"@id": 5,', ":1:"),
    ],
)
def test_broken_file_is_named_with_its_place(
    tmp_path: Path, name: str, content: bytes, expected: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        list(rdf.read(path))
    assert str(caught.value).startswith(f"{path}{expected}")
    assert "\n" not in str(caught.value)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.ttl: no such file"):
        list(rdf.read(tmp_path / "nowhere.ttl"))


LINES = b"".join(b"<http://a/%d> <http://b> <http://c> .\n" % number for number in range(2000))
CODERS = {"gz": gzip.compress, "zst": zstandard.compress}


class TestLoad:
    def test_plain_file(self, tmp_path: Path) -> None:
        (tmp_path / "a.nt").write_bytes(LINES)
        store, version = rdf.load(tmp_path / "a.nt")
        assert len(store) == 2000
        assert version == hashlib.sha256(LINES).hexdigest()[:12]

    @pytest.mark.parametrize("coding", CODERS)
    def test_compressed_file_also_of_several_members(self, tmp_path: Path, coding: str) -> None:
        path = tmp_path / f"a.nt.{coding}"
        path.write_bytes(CODERS[coding](LINES[: len(LINES) // 2]) + CODERS[coding](LINES[len(LINES) // 2 :]))
        assert len(rdf.load(path)[0]) == 2000

    @pytest.mark.parametrize("coding", CODERS)
    @pytest.mark.parametrize("left", [0.0, 0.5, 0.99])
    def test_file_that_is_cut_off_is_refused(self, tmp_path: Path, coding: str, left: float) -> None:
        whole = CODERS[coding](LINES)
        path = tmp_path / f"a.nt.{coding}"
        path.write_bytes(whole[: int(len(whole) * left)])
        with pytest.raises(InputError, match=f"a\\.nt\\.{coding}: cannot be read: the .* data are cut off"):
            rdf.load(path)

    @pytest.mark.parametrize("coding", CODERS)
    def test_file_that_is_not_what_its_name_says_is_refused(self, tmp_path: Path, coding: str) -> None:
        path = tmp_path / f"a.nt.{coding}"
        path.write_bytes(LINES)
        with pytest.raises(InputError, match="data are broken"):
            rdf.load(path)

    @pytest.mark.parametrize(
        ("name", "content", "expected"),
        [
            ("a.nt", b"<http://a> <http://b> 1 .\n", ":1:"),
            (
                "a.ttl.gz",
                gzip.compress(b"@prefix : <http://e/> .\n:a :b\n   ] .", mtime=0),
                ":3:4: not Turtle",
            ),
            ("a.nt", b'<http://a> <http://b> "\xff" .', ":1:"),
            ("a.zst", zstandard.compress(b""), ": unknown file type"),
        ],
    )
    def test_mistake_is_named_with_its_place(
        self, tmp_path: Path, name: str, content: bytes, expected: str
    ) -> None:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError) as caught:
            rdf.load(tmp_path / name)
        assert str(caught.value).startswith(f"{tmp_path / name}{expected}")

    def test_triples_go_into_the_graph_that_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "a.nt").write_bytes(LINES)
        store = ox.Store()
        graph = ox.NamedNode("http://g")
        rdf.load_into(store, tmp_path / "a.nt", graph=graph)
        assert {quad.graph_name for quad in store} == {graph}

    @pytest.mark.parametrize("name", ["a.nt", "a.nt.gz"])
    def test_progress_ends_at_the_size_of_the_file(self, tmp_path: Path, name: str) -> None:
        content = LINES if name == "a.nt" else gzip.compress(LINES)
        (tmp_path / name).write_bytes(content)
        told: list[int] = []
        rdf.load_into(ox.Store(), tmp_path / name, told.append)
        assert told == sorted(told)
        assert told[-1] == len(content)
