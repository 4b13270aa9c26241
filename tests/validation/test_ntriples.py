"""Statements on their way to the store: literals encoded and blank nodes named in the text of N-Triples."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesoonto.errors import InputError
from mesoonto.files.rdf import Source, find
from mesoonto.files.terms import XSD
from mesoonto.validation.data import ntriples
from mesoonto.validation.data import store as data_files
from mesoonto.validation.data.literals import decode, encode, encode_text
from mesoonto.validation.data.store import Data

NODE = ox.NamedNode("https://example.org/n")
DATATYPES = ["string", "integer", "decimal", "boolean", "date", "dateTime", "int", "anyURI", "double", "gDay"]
texts = st.one_of(
    st.text(alphabet=st.sampled_from('"\\^<>@# .:\n\r\té\U0001f600' + "01-TZ"), max_size=12),
    st.from_regex(r"[+-]?\d{1,3}(\.\d{1,3})?", fullmatch=True),
    st.sampled_from(["true", "1", "2021-02-28", "2021-02-30", '"5"^^<http://www.w3.org/2001/XMLSchema#int>']),
)
literals = st.one_of(
    texts.map(ox.Literal),
    texts.map(lambda text: ox.Literal(text, language="en")),
    st.tuples(texts, st.sampled_from(DATATYPES)).map(
        lambda pair: ox.Literal(pair[0], datatype=ox.NamedNode(XSD + pair[1]))
    ),
)


@given(st.lists(literals, min_size=1, max_size=6))
def test_text_is_encoded_as_terms_are(values: list[ox.Literal]) -> None:
    text = ox.serialize([ox.Triple(NODE, NODE, value) for value in values], format=ntriples.NT)
    assert text is not None
    found = [quad.object for quad in ox.parse(encode_text(text), format=ntriples.NT)]
    assert found == [encode(value) for value in values]
    assert [decode(term) for term in found] == values  # type: ignore[arg-type]


#: Lines that are N-Triples and Turtle, in which the same statements are written in unusual ways.
ODD = r"""
<http://e/s><http://e/p>"1.50"^^<http://www.w3.org/2001/XMLSchema#decimal>.
<http://e/s> <http://e/p> "01" ^^ <http://www.w3.org/2001/XMLSchema#integer> .
<http://e/s> <http://e/p> "02"^^<http://www.w3.org/2001/XMLSchema\u0023integer> . # "03"^^<http://e/x>
<http://e/s> <http://e/p> "\u0030\u0033"^^<http://www.w3.org/2001/XMLSchema#integer> .
<http://e/s> <http://e/p> "4\n"^^<http://www.w3.org/2001/XMLSchema#integer> .
<http://e/s> <http://e/p> "say \"05\"^^<http://www.w3.org/2001/XMLSchema#integer> or \\"@en .
<http://e/s> <http://e/p> "\\" . # "06"^^<http://www.w3.org/2001/XMLSchema#integer>
<http://e/_:s> <http://e/p> "_:a <http://e/p> _:b ." .
_:a <http://e/p> "ends like a blank node _:a"@en .
_:a	<http://e/p>	_:b-1.c .
<http://e/s> <http://e/p> _:a .
<http://e/s> <http://e/p> "07"^^<http://www.w3.org/2001/XMLSchema#int> .
<http://e/s> <http://e/p> "x << y >> ." .
"""


def loaded(syntax: ox.RdfFormat, text: str) -> Data:
    return data_files.load([Source("data", syntax, content=text.encode())])


def shown(data: Data) -> set[str]:
    return {" ".join(map(str, statement)) for statement in data.statements()}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("size", [1, 1 << 20])
def test_unusual_lines_are_read_as_turtle_reads_them(
    monkeypatch: pytest.MonkeyPatch, end: str, size: int
) -> None:
    monkeypatch.setattr(ntriples, "_BYTES", size)
    text = ODD.replace("\n", end)
    assert shown(loaded(ntriples.NT, text)) == shown(loaded(ox.RdfFormat.TURTLE, text))
    assert len(shown(loaded(ntriples.NT, text))) == ODD.count("\n") - 1


def test_blank_nodes_stay_the_same_over_pieces_and_differ_over_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ntriples, "_BYTES", 1)
    (tmp_path / "a.nt").write_text("_:x <http://e/p> _:y .\n_:y <http://e/p> _:x .\n")
    (tmp_path / "b.nt").write_text("_:x <http://e/p> _:y .\n<http://e/s> <http://e/p> _:x .\n")
    assert shown(data_files.load(find([tmp_path]))) == {
        "_:f0b0 <http://e/p> _:f0b1",
        "_:f0b1 <http://e/p> _:f0b0",
        "_:f1b0 <http://e/p> _:f1b1",
        "<http://e/s> <http://e/p> _:f1b0",
    }


@pytest.mark.parametrize(
    ("line", "place", "reason"),
    [
        ('<http://e/s> <http://e/p> "caf\udce9" .', "data:3:31", "not UTF-8"),
        ("<http://e/s> <http://e/p> .", "data:3:", "not N-Triples"),
        ("_:a <http://e/p> <<( <http://e/s> <http://e/p> _:b )>> .", "data: ", "triple terms"),
        ("<http://e/s> <http://e/p> '1' .", "data:3:", "not N-Triples"),
        ("<http://e/a b> <http://e/p> <http://e/o> .", "data:3:", "not N-Triples"),
    ],
)
def test_mistake_in_n_triples_has_its_place(line: str, place: str, reason: str) -> None:
    good = '<http://e/s> <http://e/p> "1.50"^^<http://www.w3.org/2001/XMLSchema#decimal> .\n'
    text = (2 * good + line + "\n" + good).encode(errors="surrogateescape")
    with pytest.raises(InputError) as caught:
        data_files.load([Source("data", ntriples.NT, content=text)])
    assert str(caught.value).startswith(place)
    assert reason in str(caught.value)


#: What may stand where a subject or an object does, and behind the full stop.
blank_nodes = st.sampled_from(["_:x", "_:y", "_:x-1", "_:x.y", "_:b_2", "_:é"])
subjects = st.one_of(blank_nodes, st.just("<http://e/_:s>"), st.just("<http://e/s\\u0023>"))
strings = st.sampled_from(
    ['"a _:x ."', '"> _:y ."', '"_:x"', '"# _:y"', '"\\\\u0041 ^^ \\"^^<"', '"1"^^<http://e/t>']
)
gaps = st.sampled_from([" ", "\t", "  "])
ends = st.sampled_from(
    [" .\n", ".\n", " . # _:y .\n", " .#_:x .\n", " .\r\n", "\t.\n\n# _:z <http://e/p> _:x .\n"]
)
rows = st.tuples(subjects, gaps, gaps, st.one_of(blank_nodes, strings), ends).map(
    lambda part: f"{part[0]}{part[1]}<http://e/p>{part[2]}{part[3]}{part[4]}"
)
plain = st.tuples(subjects, st.one_of(blank_nodes, strings)).map(
    lambda pair: f"{pair[0]} <http://e/p> {pair[1]} .\n"
)


@given(st.lists(st.one_of(plain, plain, plain, rows), max_size=8))
def test_blank_nodes_have_the_same_names_however_lines_are_written(lines: list[str]) -> None:
    text = "".join(lines)
    assert shown(loaded(ntriples.NT, text)) == shown(loaded(ox.RdfFormat.TURTLE, text))


@pytest.mark.parametrize("row", ["_:a. <http://e/p> _:b .", "_:a <http://e/p> _:b. .", "_:a _:p _:b ."])
def test_what_is_no_blank_node_of_n_triples_stays_a_mistake(row: str) -> None:
    with pytest.raises(InputError, match="not N-Triples"):
        loaded(ntriples.NT, row + "\n")
