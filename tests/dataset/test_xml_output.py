"""XML that is given out parses, whatever characters are in the data."""

from __future__ import annotations

import itertools
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesoonto.dataset.formats import Kind, format_named
from mesoonto.dataset.store import Engine
from mesoonto.dataset.xml_output import XmlOutput

#: What XML 1.0 cannot hold, by production Char of section 2.2.
IMPOSSIBLE = [chr(c) for c in (*range(9), 0xB, 0xC, *range(0xE, 0x20), 0xFFFE, 0xFFFF)]
REPLACEMENT = chr(0xFFFD)

_TEXT = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from([*IMPOSSIBLE, chr(0xFFFC)])))


@given(text=_TEXT, cuts=st.lists(st.integers(0, 200)))
def test_only_impossible_characters_change_wherever_the_pieces_end(text: str, cuts: list[int]) -> None:
    data = text.encode()
    bounds = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    parts: list[bytes] = []
    output = XmlOutput(parts.append)
    for start, end in itertools.pairwise(bounds):
        assert output.write(data[start:end]) == end - start
    output.flush()
    wanted = "".join(REPLACEMENT if character in IMPOSSIBLE else character for character in text)
    assert b"".join(parts).decode() == wanted.replace("\r", "&#13;")


@pytest.mark.parametrize("character", IMPOSSIBLE, ids=lambda c: f"U+{ord(c):04X}")
def test_results_in_xml_parse(character: str) -> None:
    store = ox.Store()
    subject, predicate = ox.NamedNode("http://e/s"), ox.NamedNode("http://e/p")
    store.add(ox.Quad(subject, predicate, ox.Literal(f"a{character}b\rc")))
    written = Engine(store, "v").query("SELECT * { ?s ?p ?o }").serialize(format_named("xml", Kind.SOLUTIONS))
    assert f"a{REPLACEMENT}b\rc" in "".join(ElementTree.fromstring(written).itertext())
