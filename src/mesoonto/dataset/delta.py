"""What a write changes, told by the write itself: so a triple written costs the same at any size."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import PREFIXES

#: Strings, IRIs and comments, in which words mean nothing.
_OPAQUE = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""|' + r"'''(?:[^'\\]|\\.|'(?!''))*'''|"
    r'"(?:[^"\\\n]|\\.)*"|' + r"'(?:[^'\\\n]|\\.)*'|"
    r"<[^<>\"{}|^`\\\s]*>|#[^\n]*",
    re.DOTALL,
)
#: Words of every operation that is not about data alone.
_OTHERS = re.compile(r"\b(?:with|where|using|clear|drop|load|create|add|move|copy|service)\b", re.I)
_OPERATION = re.compile(r"\b(insert|delete)\s+data\s*(?=\{)", re.I)

#: A write of more quads is compared as a whole.
MOST = 100_000


@dataclass(frozen=True, slots=True)
class Step:
    """Quads to add, or to remove."""

    adds: bool
    quads: tuple[ox.Quad, ...]


def steps(update: str, base: str | None = None) -> list[Step] | None:
    """The steps of an update that names its data, in their order; None for any other, and for a broken one.

    >>> [step.adds for step in steps("DELETE DATA { <a:a> <a:b> 1 } ; INSERT DATA { <a:a> <a:b> 2 }")]
    [False, True]
    >>> steps("DELETE WHERE { ?s ?p 1 }") is None
    True
    """
    masked = _OPAQUE.sub(lambda match: " " * len(match[0]), update)
    if "\\" in masked or _OTHERS.search(masked):
        return None
    # A label names one blank node in one operation (SPARQL 1.1 Query, 4.1.4); the engine sees to that.
    if "_:" in masked and len(_OPERATION.findall(masked)) > 1:
        return None
    found: list[Step] = []
    prologue, start = "", 0
    for end in [*_ends(masked), len(masked)]:
        operations = list(_OPERATION.finditer(masked, start, end))
        if not operations and not update[start:end].strip() and found:
            break
        if len(operations) != 1:
            return None
        prologue += update[start : operations[0].start()]
        step = _step(prologue, operations[0][1].lower(), update[operations[0].end() : end], base)
        if step is None:
            return None
        found.append(step)
        start = end + 1
    return found


def _ends(masked: str) -> Iterable[int]:
    """Where a semicolon stands outside of braces."""
    depth = 0
    for match in re.finditer("[{};]", masked):
        depth += {"{": 1, "}": -1, ";": 0}[match[0]]
        if match[0] == ";" and depth == 0:
            yield match.start()


def _step(prologue: str, word: str, data: str, base: str | None) -> Step | None:
    scratch = ox.Store()
    try:
        # As it stands, so that what only the other operation allows is refused; then as data to look at.
        for operation in (word, "insert"):
            scratch.clear()
            scratch.update(f"{prologue} {operation} DATA {data}", base_iri=base, prefixes=PREFIXES)
    except (SyntaxError, ValueError, RuntimeError):
        return None
    return Step(word == "insert", tuple(scratch))


def apply(step: Step, store: ox.Store) -> list[ox.Quad]:
    """Take *step* in *store*; gives the quads that it has changed."""
    changed = [quad for quad in step.quads if (quad in store) is not step.adds]
    if step.adds:
        store.extend(changed)
    else:
        for quad in changed:
            store.remove(quad)
    return changed
