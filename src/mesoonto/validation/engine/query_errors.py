"""Says in few words what is wrong with a query that stands in shapes."""

from __future__ import annotations

import re

_PLACE = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)

#: What can look like a prefixed name and is none: IRIs, strings, comments.
_OTHER = re.compile(
    r"<[^<>\"{}|^`\\\s]*>|\"\"\".*?\"\"\"|'''.*?'''|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|#[^\n]*",
    re.DOTALL,
)
_DECLARED = re.compile(r"\bPREFIX\s+([\w.-]*):", re.IGNORECASE)
_USED = re.compile(r"(?<![\w?$:@-])((?!_:)[A-Za-z][\w.-]*|):(?=[\w%\\]|[\s;,.)}\]])")
_SHOWN = 40


def complaint(text: str, error: SyntaxError) -> str:
    """The rest of the sentence "the query of S ...".

    >>> complaint("SELECT $this { $this ex:p 1 }", SyntaxError("error at 1:20: Prefix not found"))
    'uses the prefix ex:, which sh:prefixes does not declare'
    >>> complaint("SELECT $this { $this ?p }", SyntaxError("error at 1:25: expected one of ..."))
    'is not SPARQL at "}"'
    """
    plain = _OTHER.sub(lambda match: " " * len(match[0]), text)
    declared = set(_DECLARED.findall(plain))
    names = _USED.findall(_DECLARED.sub("", plain))
    unknown = next((name for name in names if name not in declared), None)
    place = _PLACE.match(str(error))
    if unknown is not None and (place is None or "refix" in str(error) or "IRI" not in str(error)):
        return f"uses the prefix {unknown}:, which sh:prefixes does not declare"
    if place is None:
        return f"is not SPARQL: {' '.join(str(error).split())[:_SHOWN]}"
    rows = text.split("\n")
    line = rows[int(place[1]) - 1] if int(place[1]) <= len(rows) else ""
    near = line[int(place[2]) - 1 :].strip()[:_SHOWN] or line.strip()[-_SHOWN:]
    return f'is not SPARQL at "{near}"' if near else "is not SPARQL: it ends too early"
