"""Places in every syntax: generated layouts, of which the writer knows where each statement stands."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesoonto.files.places import homes, locate
from mesoonto.files.rdf import Source, from_path
from mesoonto.files.terms import TYPE, XSD
from mesoonto.validation.data import store as data_files
from tests.examples import examples

EX = "http://example.org/"
F = ox.RdfFormat


def iri(local: str) -> ox.NamedNode:
    return ox.NamedNode(EX + local)


@dataclass(frozen=True)
class Part:
    """What one node says: of itself, and of a node without a name under it."""

    node: str
    rows: tuple[tuple[str, str], ...]  #: property and text
    inner: tuple[tuple[str, str], ...]


texts = st.text(alphabet="ab é<&>'{}[].;#😀", min_size=1, max_size=6).map(lambda t: f"v{t}v")
rows = st.lists(st.tuples(st.sampled_from("pqr"), texts), max_size=3, unique=True).map(tuple)
parts = st.lists(
    st.builds(Part, st.sampled_from(["n1", "n2", "n3"]), rows, rows.filter(bool)), min_size=1, max_size=4
)
many = st.lists(parts, min_size=1, max_size=3)
pads = st.lists(st.sampled_from(["", " ", "    ", "\t"]), min_size=1, max_size=5)

#: Texts and the lines on which they stand, for each file.
Placed = dict[str, list[int]]


class Writer:
    """Lines, with the text that each holds."""

    def __init__(self, pads: list[str]) -> None:
        self.lines: list[str] = []
        self.at: dict[tuple[str, str, str], list[int]] = {}
        self._pads = pads

    def add(self, line: str, *row: str) -> None:
        self.lines.append(self._pads[len(self.lines) % len(self._pads)] + line)
        if row:
            self.at.setdefault(row, []).append(len(self.lines))  # type: ignore[arg-type]

    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def turtle(writer: Writer, found: list[Part], *, graphs: bool = False) -> None:
    writer.add(f"@prefix : <{EX}> .")
    for number, part in enumerate(found):
        if graphs:
            writer.add(("GRAPH :g {", "{", ":h {")[number % 3])
        writer.add(f":{part.node} a :T ;")
        for name, value in part.rows:
            writer.add(f":{name} {quoted(value)} ;", part.node, name, value)
        writer.add(":has [")
        for name, value in part.inner:
            writer.add(f":{name} {quoted(value)} ;", "", name, value)
        writer.add("] ." if not graphs or number % 2 else "]")
        if graphs:
            writer.add("}")


def n_lines(writer: Writer, found: list[Part], graph: str = "") -> None:
    for number, part in enumerate(found):
        writer.add("# a remark" if number % 2 else "")
        writer.add(f"<{EX}{part.node}> <{TYPE.value}>\t<{EX}T>{graph} .")
        for name, value in part.rows:
            node = part.node.replace("n", "\\u006e") if number % 2 else part.node
            writer.add(f"<{EX}{node}>  <{EX}{name}> {quoted(value)}{graph} .", part.node, name, value)
        writer.add(f"<{EX}{part.node}> <{EX}has> _:x{number}{graph}.")
        for name, value in part.inner:
            writer.add(f"_:x{number}\t<{EX}{name}> {quoted(value)}{graph} .", "", name, value)


def rdf_xml(writer: Writer, found: list[Part]) -> None:
    writer.lines.append("<?xml version='1.0' encoding='utf-8'?>")
    writer.add(f'<rdf:RDF xmlns:rdf="{TYPE.value.removesuffix("type")}" xmlns="{EX}">')
    for part in found:
        writer.add(f'<T rdf:about="{EX}{part.node}">')
        for name, value in part.rows:
            writer.add(f"<{name}>{escape(value)}</{name}>", part.node, name, value)
        writer.add('<has rdf:parseType="Resource">')
        for name, value in part.inner:
            writer.add(f"<{name}>{escape(value)}</{name}>", "", name, value)
        writer.add("</has></T>")
    writer.add("</rdf:RDF>")


def json_ld(writer: Writer, found: list[Part]) -> None:
    writer.add(f'{{"@context": {{"@vocab": "{EX}", "e": "{EX}"}}, "@graph": [')
    for number, part in enumerate(found):
        writer.add(f'{{"@id": "e:{part.node}", "@type": "T",')
        for name in dict.fromkeys(name for name, _ in part.rows):
            writer.add(f'"{name}": [')
            values = [value for n, value in part.rows if n == name]
            for value in values:
                comma = "" if value == values[-1] else ","
                writer.add(f"{quoted(value)}{comma}", part.node, name, value)
            writer.add("],")
        writer.add('"has": {')
        names = list(dict.fromkeys(name for name, _ in part.inner))
        for name in names:
            writer.add(f'"{name}": [')
            values = [value for n, value in part.inner if n == name]
            for value in values:
                comma = "" if value == values[-1] else ","
                writer.add(f"{quoted(value)}{comma}", "", name, value)
            writer.add("]" if name == names[-1] else "],")
        writer.add("}}" if number == len(found) - 1 else "}},")
    writer.add("]}")


SYNTAXES = {
    "ttl": turtle,
    "n3": turtle,
    "trig": lambda writer, found: turtle(writer, found, graphs=True),
    "nt": n_lines,
    "nq": lambda writer, found: n_lines(writer, found, f" <{EX}g>"),
    "rdf": rdf_xml,
    "jsonld": json_ld,
}


@pytest.mark.parametrize("ending", SYNTAXES)
@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(found=many, pads=pads, mark=st.booleans())
def test_statements_stand_where_they_were_written(
    ending: str, found: list[list[Part]], pads: list[str], mark: bool
) -> None:
    sources = []
    written: dict[tuple[str, str, str], set[tuple[str, int]]] = {}
    starts: dict[str, list[tuple[str, int]]] = {}
    for number, part in enumerate(found):
        writer = Writer(pads)
        SYNTAXES[ending](writer, part)  # type: ignore[operator]
        name = f"f{number}.{ending}"
        for row, at in writer.at.items():
            written.setdefault(row, set()).update((name, line) for line in at)
        content = ("\ufeff" if mark else "") + writer.text()
        syntax = F.from_extension(ending)
        assert syntax is not None
        sources.append(Source(name, syntax, content=content.encode()))
        starts.setdefault(name, [])
    data = data_files.load(sources)
    rows = [row for row in data.statements() if isinstance(row[2], ox.Literal)]
    located = locate(sources, {row[0] for row in rows})
    for subject, predicate, value in rows:
        local = "" if isinstance(subject, ox.BlankNode) else subject.value.removeprefix(EX)
        key = (local, predicate.value.removeprefix(EX), value.value)
        spot = located.statement(subject, predicate, value)
        assert (spot.file, spot.line) in written[key], (key, spot)
        line = sources[int(spot.file[1])].text().split("\n")[spot.line - 1]
        assert spot.text == line[:500]
        start = line[spot.column - 1 :].removeprefix('"').replace("&lt;", "<").replace("&gt;", ">")
        assert start.replace("&amp;", "&").startswith(value.value)
    for subject in {row[0] for row in rows}:
        if isinstance(subject, ox.NamedNode):
            assert located.focus(subject).line


@pytest.mark.parametrize("ending", SYNTAXES)
def test_node_in_several_files_is_found_in_each(ending: str, tmp_path: Path) -> None:
    parts = [[Part("n1", (("p", f"v{n}"),), (("q", f"w{n}"),))] for n in range(3)]
    sources = []
    for number, part in enumerate(parts):
        writer = Writer([""])
        SYNTAXES[ending](writer, part)  # type: ignore[operator]
        path = tmp_path / f"f{number}.{ending}"
        path.write_text(writer.text())
        sources.append(from_path(path))
    located = locate(sources, {iri("n1")})
    for number, source in enumerate(sources):
        assert located.statement(iri("n1"), iri("p"), ox.Literal(f"v{number}")).file == source.name
    assert homes(sources, {iri("n1")}) == {iri("n1"): sources[0].name}


XML = f"""<?xml version="1.0"?>
<!DOCTYPE rdf:RDF [<!ENTITY e "{EX}">]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="{EX}" xml:base="{EX}">
  <e:T rdf:ID="a" e:att="attribute">
    <e:list rdf:parseType="Collection">
      <rdf:Description rdf:about="&e;x"/>
      <e:U e:n="inside"/></e:list>
    <e:knows><e:T rdf:nodeID="b"><e:n xml:lang="en">label</e:n></e:T></e:knows>
    <e:ref rdf:resource="&e;there"/>
    <rdf:li>first</rdf:li>
    <e:many>
       over lines
    </e:many>
    <e:with rdf:ID="re" e:g="property attribute"/>
  </e:T>
</rdf:RDF>
"""
JSON = f"""{{
 "@context": ["http://context.example/", {{"e": "{EX}", "@base": "{EX}",
   "knows": {{"@id": "e:knows", "@type": "@id"}}, "when": {{"@id": "e:when", "@type": "{XSD}date"}},
   "label": {{"@id": "e:label", "@container": "@language"}},
   "steps": {{"@id": "e:steps", "@container": "@list"}}, "of": {{"@reverse": "e:has"}},
   "id": "@id", "type": "@type"}}],
 "id": "a", "type": "e:T",
 "knows": ["b",
   "c"],
 "when": "2020-01-01",
 "label": {{"en": "one",
   "de": "eins"}},
 "steps": [1, 2.5,
   true],
 "of": {{"id": "owner",
    "e:n": "of the owner"}},
 "e:nested": {{"e:deep": [{{"@value": "deep", "@language": "en"}}]}},
 "remote": "from the context"
}}
"""


def lines_of(source: Source, text: str) -> dict[str, int]:
    """Each object with a text that stands in the file, and the line on which the reader places it."""
    data = data_files.load([source])
    rows = list(data.statements())
    located = locate([source], {row[0] for row in rows})
    found = {}
    for subject, predicate, value in rows:
        if isinstance(value, ox.BlankNode):
            continue
        spot = located.statement(subject, predicate, value)
        assert spot.line, (subject, predicate, value)
        found[value.value.removeprefix(EX).strip()] = spot.line
        assert text.split("\n")[spot.line - 1] == spot.text
    return found


def test_forms_of_rdf_xml() -> None:
    found = lines_of(Source("x.rdf", F.RDF_XML, content=XML.encode()), XML)
    expected = {
        "attribute": 4, "x": 6, "inside": 7, "label": 8, "there": 9, "first": 10, "over lines": 12,
        "property attribute": 14,
    }  # fmt: skip
    assert {key: found[key] for key in expected} == expected


def test_forms_of_json_ld(tmp_path: Path) -> None:
    from mesoonto.files import catalog

    (tmp_path / "context.json").write_text(json.dumps({"@context": {"remote": f"{EX}remote"}}))
    (tmp_path / "catalog.xml").write_text(
        '<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">'
        '<uri name="http://context.example/" uri="context.json"/></catalog>'
    )
    at_hand = catalog.read([tmp_path / "catalog.xml"])
    found = lines_of(Source("x.jsonld", F.JSON_LD, content=JSON.encode(), catalog=at_hand), JSON)
    expected = {
        "b": 8, "c": 9, "2020-01-01": 10, "one": 11, "eins": 12, "1": 13, "2.5E0": 13, "true": 14,
        "of the owner": 16, "deep": 17, "from the context": 18, "T": 7,
    }  # fmt: skip
    assert {key: found[key] for key in expected} == expected


def test_nodes_that_nothing_tells_apart_are_taken_in_their_order() -> None:
    text = f'[{{"@id": "{EX}a", "{EX}p": [{{"{EX}q": 1}},\n {{"{EX}q": 1}},\n {{"{EX}q": 2}}]}}]'
    source = Source("x.jsonld", F.JSON_LD, content=text.encode())
    data = data_files.load([source])
    rows = [row for row in data.statements() if isinstance(row[2], ox.Literal)]
    located = locate([source], {row[0] for row in rows})
    assert sorted(located.statement(*row).line for row in rows) == [1, 2, 3]


def test_deep_documents_end_the_search_and_not_the_process() -> None:
    text = f'{{"@id": "{EX}a", "{EX}n": 1, "{EX}p": ' + '{"http://e/p": ' * 400 + "1" + "}" * 401
    source = Source("x.jsonld", F.JSON_LD, content=text.encode())
    assert locate([source], {iri("a")}).focus(iri("a")).file == "x.jsonld"
    xml = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'
        + "<e:T><e:p>" * 2000
        + f'<e:T rdf:about="{EX}a" e:n="x"/>'
        + "</e:p></e:T>" * 2000
        + "</rdf:RDF>"
    )
    source = Source("x.rdf", F.RDF_XML, content=xml.encode())
    assert locate([source], {iri("a")}).focus(iri("a")).line == 1
