"""RDF/XML with entities and elements beyond measure."""

from __future__ import annotations

import io
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesoonto.errors import InputError
from mesoonto.files import rdf
from mesoonto.files.xml_bounds import ENTITIES, ENTITY_SIZE, GROWTH, LEVELS, BoundedXml

_OPEN = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'


def document(declarations: str, text: str, attribute: str = "http://e/s") -> bytes:
    head = f"<!DOCTYPE rdf:RDF [{declarations}]>" if declarations else ""
    described = f'<rdf:Description rdf:about="{attribute}"><e:p>{text}</e:p></rdf:Description>'
    return f"{head}{_OPEN}{described}</rdf:RDF>".encode()


def values(content: bytes) -> list[str]:
    """The literals, read as every reader of files and uploads does."""
    quads = rdf.from_bytes(content, "application/rdf+xml").quads()
    return [quad.object.value for quad in quads if isinstance(quad.object, ox.Literal)]


def laughs(levels: int, times: int) -> str:
    """Entities that each stand for *times* of the one before."""
    return '<!ENTITY e0 "lol">' + "".join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * times}">' for n in range(1, levels + 1)
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (document(laughs(9, 10), "&e9;"), "stands for more than"),
        (document(laughs(9, 10), "x"), "stands for more than"),  # the engine expands what nobody refers to
        (document(laughs(40, 1), "&e40;"), "stands for more than"),
        (document('<!ENTITY a "&b;"><!ENTITY b "&a;">', "&a;"), "refers to itself"),
        (document('<!ENTITY a "&#38;a;&#38;a;">', "x", "&a;"), "refers to itself"),
        (document(f'<!ENTITY a "{"x" * 2000}">', "&a;"), "stands for more than"),
        (document(f'<!ENTITY a "{"x" * 1000}">', "&a;" * 10_000), "times as large"),
        (document(f'<!ENTITY a "{"x" * 1000}">', "x", "http://e/" + "&a;" * 10_000), "times as large"),
        (document('<!ENTITY a "x"><!ENTITY a "y">', "&a;"), "declared twice"),
        (document(f'<!ENTITY a "x"><!-- <!ENTITY a "{"y" * 2000}"> -->', "&a;"), "in a comment"),
        (document(f'<!ENTITY % p "{"x" * 2000}">', "&p;"), "no text"),
        (document('<!ENTITY a SYSTEM "file:///etc/passwd">', "&a;"), "no text"),
        (document("".join(f'<!ENTITY a{n} "x">' for n in range(ENTITIES + 1)), "x"), "entities"),
        (document(f"<!-- {'x' * (1 << 20)} -->", "x"), "before the first element"),
        (document("", "&a;"), "undefined entity"),
        (document("", "<e:p>"), "mismatched tag"),
    ],
)
def test_document_beyond_the_bounds_is_refused_with_its_place(content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        values(content)
    assert caught.value.place is not None
    assert caught.value.place.line == 1


def test_elements_may_nest_as_deep_as_the_bound_and_no_deeper() -> None:
    def nested(levels: int) -> bytes:
        inside = (levels - 1) // 2
        node, end = "<rdf:Description><e:p>", "</e:p></rdf:Description>"
        return f"{_OPEN}{node * inside}x{end * inside}</rdf:RDF>".encode()

    assert len(values(nested(LEVELS // 10))) == 1
    with pytest.raises(InputError, match="elements within each other"):
        values(nested(LEVELS + 3))


def test_entities_for_namespaces_are_read() -> None:
    declared = '<!ENTITY obo "http://purl.obolibrary.org/obo/"><!ENTITY name "&obo;MONDO_">'
    content = document(declared, "&name;1 &lt;&amp;&#65;", "&name;2")
    quads = list(rdf.from_bytes(content, "application/rdf+xml").quads())
    assert [(q.subject.value, q.object.value) for q in quads] == [  # type: ignore[union-attr]
        ("http://purl.obolibrary.org/obo/MONDO_2", "http://purl.obolibrary.org/obo/MONDO_1 <&A")
    ]


_texts = st.lists(st.sampled_from(["x", "é", " ", "&e0;", "&e1;", "&e2;", "&amp;", "&#66;"]), max_size=12)


@settings(deadline=None)
@given(st.tuples(_texts, _texts, _texts), _texts, st.integers(1, 40))
def test_text_is_what_another_parser_of_xml_reads(
    entities: tuple[list[str], ...], text: list[str], repeated: int
) -> None:
    declared = "".join(
        # An entity refers to those before it alone.
        f'<!ENTITY e{n} "{"".join(part for part in parts if part[1:2] != "e" or int(part[2]) < n)}">'
        for n, parts in enumerate(entities)
    )
    content = document(declared, "".join(text) * repeated)
    expected = ElementTree.fromstring(content)[0][0].text or ""
    if len(expected.encode()) > 2 * GROWTH * (len(content) + (1 << 20)):
        with pytest.raises(InputError):
            values(content)
    else:
        assert values(content) == [expected]


@settings(deadline=None)
@given(st.integers(1, 70), st.integers(0, 70_000))
def test_references_are_counted_wherever_the_pieces_end(name: int, before: int) -> None:
    entity = "n" * min(name, 64)
    references = 3 * ((1 << 20) // (ENTITY_SIZE - 24))
    text = "x" * before + f"&{entity};" * references
    content = document(f'<!ENTITY {entity} "{"v" * (ENTITY_SIZE - 24)}">', text)
    bounded = BoundedXml(io.BytesIO(content), "it")
    grows = references * (ENTITY_SIZE - 24) > (1 << 20) + GROWTH * len(content)
    if grows:
        with pytest.raises(InputError, match="times as large"):
            bounded.read()
    else:
        assert bounded.read() == content
