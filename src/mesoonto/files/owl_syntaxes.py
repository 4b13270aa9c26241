"""Knows documents in OWL's own syntaxes, which are no RDF and not read here, by what they begin with.

OWL 2 has three besides RDF: functional syntax, Manchester syntax and OWL/XML. Files with them are often
called ``.owl``, as RDF/XML is. There is no maintained library with a permissive licence that reads them.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from mesoonto.errors import InputError, Place

#: Bytes in which the beginning is looked for.
HEAD = 1 << 14

#: Remarks, which all but XML begin with ``#``, and space.
_SKIPPED = re.compile(r"\ufeff?(?:\s+|#[^\n]*(?:\n|\Z))*")
_FUNCTIONAL = re.compile(r"(?:Prefix|Ontology)\s*\(")
_MANCHESTER = re.compile(r"(?:Prefix|Ontology):(?:\s|\Z)")
#: XML declaration, remarks, and the document type, which may hold entities in square brackets.
_DOCTYPE = r"<!DOCTYPE[^\[>]*(?:\[(?:[^\]\"']|\"[^\"]*\"|'[^']*')*\]\s*)?>"
_PROLOGUE = re.compile(rf"(?:\s+|<\?.*?\?>|<!--.*?-->|{_DOCTYPE})*", re.DOTALL)
#: The root of OWL/XML. In RDF/XML an ontology header may be the root as well; it says rdf:about.
_XML_ROOT = re.compile(r"<(?:[\w.-]+:)?Ontology(?=[\s>])(?P<attributes>[^>]*)")


def name_of(head: bytes) -> str | None:
    """The name of the syntax of OWL in which a document with these first bytes is; None for any other.

    >>> name_of(b"# of pizzas\\nPrefix(:=<http://e/>)\\nOntology(<http://e/o>)")
    "OWL's functional syntax"
    """
    text = head[:HEAD].decode("utf-8", errors="replace")
    begin = _SKIPPED.match(text)
    at = begin.end() if begin else 0
    if _FUNCTIONAL.match(text, at):
        return "OWL's functional syntax"
    if _MANCHESTER.match(text, at):
        return "OWL's Manchester syntax"
    prologue = _PROLOGUE.match(text, at)
    root = _XML_ROOT.match(text, prologue.end() if prologue else at)
    return "OWL/XML" if root and ":about" not in root["attributes"] else None


def refusal(name: str, head: bytes) -> InputError | None:
    """What to say of the document *name* with these first bytes when it is in one of OWL's own syntaxes."""
    syntax = name_of(head)
    if syntax is None:
        return None
    path = Path(name)
    stem = path.name.partition(".")[0] or "converted"
    target = f"{stem}.ttl" if path.name != f"{stem}.ttl" else f"{stem}-turtle.ttl"
    command = f"robot convert -i {shlex.quote(path.name)} -o {shlex.quote(target)}"
    return InputError(f"{syntax} is not read; convert it first, as with: {command}", Place(name))
