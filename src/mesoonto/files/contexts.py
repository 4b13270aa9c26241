"""Writes JSON-LD contexts that are named by their IRI into the document, as pyoxigraph fetches none."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from urllib.parse import urljoin

from mesoonto.errors import InputError, Place

#: Whether a document may name a context: a string, or a list with a string in it, or one to import.
_NAMED = re.compile(r'"@context"\s*:\s*(?:"|\[[^\]{]*"|\[\s*\{)|"@import"\s*:')
_NESTED = 20
_DEEPEST = 500


def inlined(text: str, name: str, base: str, contexts: Callable[[str], object]) -> bytes | None:
    """The document *text* with the contexts that it names; None when it names none.

    Raises InputError, with the line, for a context that *contexts* does not give.
    """
    if _NAMED.search(text) is None:
        return None
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"not JSON-LD: {error.msg}", Place(name, error.lineno, error.colno)) from error
    except (RecursionError, ValueError) as error:
        raise InputError("not JSON-LD: nested too deep, or a number too long", Place(name)) from error
    inliner = _Inliner(text, name, contexts)
    found = inliner.document(document, base, 0)
    return json.dumps(found, ensure_ascii=False).encode("utf-8", "surrogatepass") if inliner.changed else None


class _Inliner:
    def __init__(self, text: str, name: str, contexts: Callable[[str], object]) -> None:
        self.changed = False
        self._text = text
        self._name = name
        self._contexts = contexts
        self._known: dict[str, object] = {}

    def document(self, value: object, base: str, depth: int) -> object:
        if depth > _DEEPEST:
            raise InputError("nested too deep", Place(self._name))
        if isinstance(value, list):
            return [self.document(element, base, depth + 1) for element in value]
        if not isinstance(value, dict):
            return value
        return {
            key: self._context(member, base, ())
            if key == "@context"
            else self.document(member, base, depth + 1)
            for key, member in value.items()
        }

    def _context(self, value: object, base: str, within: tuple[str, ...]) -> object:
        if isinstance(value, str):
            return self._named(urljoin(base, value), value, within)
        if isinstance(value, list):
            found: list[object] = []
            for element in value:
                inner = self._context(element, base, within)
                found += inner if isinstance(inner, list) else [inner]
            return found
        if not isinstance(value, dict):
            return value
        rows = {
            key: {**member, "@context": self._context(member["@context"], base, within)}
            if isinstance(member, dict) and "@context" in member
            else member
            for key, member in value.items()
        }
        imported = rows.pop("@import", None)
        if isinstance(imported, str):
            before = self._named(urljoin(base, imported), imported, within)
            return {**before, **rows} if isinstance(before, dict) else rows
        return rows

    def _named(self, iri: str, written: str, within: tuple[str, ...]) -> object:
        self.changed = True
        if iri in within or len(within) > _NESTED:
            raise InputError(f"the context {iri} leads to itself", self._place(written))
        if iri not in self._known:
            found = self._contexts(iri)
            if found is None:
                raise InputError(
                    f"the context {iri} is not at hand; name its file in a catalog (--catalog), or let it be "
                    "fetched (--allow-network)",
                    self._place(written),
                )
            content = found.get("@context") if isinstance(found, dict) else None
            if content is None:
                raise InputError(f"the document {iri} holds no context", self._place(written))
            self._known[iri] = self._context(content, iri, (*within, iri))
        return self._known[iri]

    def _place(self, written: str) -> Place:
        at = max(self._text.find(json.dumps(written)), 0)
        return Place(self._name, self._text.count("\n", 0, at) + 1)
