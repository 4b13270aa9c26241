"""Writes triples in a syntax; as RDF/XML only those that it can hold (RDF 1.1 XML Syntax, section 2).

The engine writes what it is given, also as XML that does not parse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import IO, cast
from xml.parsers import expat

import pyoxigraph as ox

from mesoonto.dataset.xml_output import ByteOutput, XmlOutput
from mesoonto.errors import FormatError
from mesoonto.namespaces import PREFIXES

_RDF = PREFIXES["rdf"]
_TYPE = ox.NamedNode(f"{_RDF}type")

#: IRIs that mean something else as elements (section 5.1, and XML Namespaces 1.0, section 3).
_RESERVED = frozenset(
    f"{_RDF}{name}"
    for name in (
        *("Description", "RDF", "ID", "about", "parseType", "resource", "nodeID", "datatype", "li"),
        *("aboutEach", "aboutEachPrefix", "bagID"),
    )
)
_XMLNS = "http://www.w3.org/2000/xmlns/"

#: The names of XML 1.0, section 2.3, without the colon.
_START = (
    "A-Z_a-z\xc0-\xd6\xd8-\xf6\xf8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
#: The name at the end of an IRI, which becomes that of an element.
_LOCAL_NAME = re.compile(rf"[{_START}][-.0-9\xb7\u0300-\u036f\u203f\u2040{_START}]*\Z")
_LABEL = re.compile(r"[A-Za-z_][-.\w]*\Z", re.ASCII)

#: What XML 1.0 cannot hold in any spelling (section 2.2, production Char).
_IMPOSSIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def write_triples(
    triples: Iterable[ox.Triple],
    syntax: ox.RdfFormat,
    output: ByteOutput,
    prefixes: dict[str, str] | None = None,
) -> None:
    """Write *triples* to *output* as they come.

    Raises FormatError at the first that *syntax* cannot hold, when some may have been written.
    """
    if syntax != ox.RdfFormat.RDF_XML:
        with holding(syntax):
            ox.serialize(triples, cast("IO[bytes]", output), format=syntax, prefixes=prefixes)
        return
    valid = XmlOutput(output.write)
    ox.serialize(_required_in_xml(triples), cast("IO[bytes]", valid), format=syntax, prefixes=prefixes)
    valid.flush()


@contextmanager
def holding(syntax: ox.RdfFormat) -> Iterator[None]:
    """Let the engine write *syntax*; a FormatError where that is JSON-LD, which has no triple terms."""
    try:
        yield
    except OSError as error:
        if syntax == ox.RdfFormat.JSON_LD and "RDF 1.2" in str(error):
            raise FormatError(
                "JSON-LD cannot hold a triple within a triple; ask for another format, such as text/turtle"
            ) from error
        raise


def require_writable(triples: Iterable[ox.Triple], syntax: ox.RdfFormat) -> None:
    """Raise FormatError where *syntax* cannot hold one of *triples*."""
    if syntax == ox.RdfFormat.RDF_XML:
        for _ in _required_in_xml(triples):
            pass


def _required_in_xml(triples: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
    for triple in triples:
        _require_in_xml(triple)
        yield triple


def _require_in_xml(triple: ox.Triple) -> None:
    predicate, value = triple.predicate, triple.object
    if predicate.value in _RESERVED or not _is_element(predicate.value):
        raise _refusal(f"the property {predicate}, which is no name of an element")
    if predicate == _TYPE and isinstance(value, ox.NamedNode) and not _is_element(value.value):
        raise _refusal(f"the class {value}, which is no name of an element")
    if isinstance(value, ox.Literal):
        found = _IMPOSSIBLE.search(value.value)
        if found:
            raise _refusal(f"the character U+{ord(found[0]):04X}, which a value of {predicate} has")
    if isinstance(value, ox.Triple):
        _require_in_xml(value)
    for node in (triple.subject, value):
        if isinstance(node, ox.BlankNode) and not _LABEL.match(node.value):
            raise _refusal(f"a blank node called {node}")


@lru_cache(1 << 12)
def _is_element(iri: str) -> bool:
    """Whether *iri* can be written as the name of an element."""
    local = _LOCAL_NAME.search(iri)
    if local is None or iri[: local.start()] == _XMLNS:
        return False
    if local[0].isascii():
        return True
    try:  # older editions of XML, by which many parsers go, know fewer names
        expat.ParserCreate().Parse(f"<{local[0]}/>", True)
    except expat.ExpatError:
        return False
    return True


def _refusal(reason: str) -> FormatError:
    return FormatError(f"RDF/XML cannot hold {reason}; ask for another format, such as text/turtle")
