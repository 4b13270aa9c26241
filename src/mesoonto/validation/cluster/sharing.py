"""Which nodes several parts of the data mention: what is said of these in one part may matter in another.

A node is known to all parts by a digest of its name, so that no part has to know the names of another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Bytes of a digest. The key is drawn anew for each run, so that nobody can make two nodes look alike.
_SIZE = 16
_ROW = np.dtype([("high", "<u8"), ("low", "<u8")])

#: What a part knows of a node that it mentions.
SUBJECT, OBJECT = 1, 2


def digest(name: bytes, key: bytes) -> bytes:
    """What stands for the node called *name*, as N-Triples has it."""
    return hashlib.blake2b(name, digest_size=_SIZE, key=key).digest()


@dataclass(frozen=True, slots=True)
class Mentions:
    """The nodes that a part mentions: their digests one after the other, and what it knows of each."""

    digests: bytes
    facts: bytes  #: for each SUBJECT, OBJECT (of a property against which shapes look), both or 0

    def __len__(self) -> int:
        return len(self.facts)


def mentions(names: Iterable[bytes], facts: Iterable[int], key: bytes) -> Mentions:
    """The nodes called *names*, each given once."""
    return Mentions(b"".join(digest(name, key) for name in names), bytes(facts))


@dataclass(frozen=True, slots=True)
class Sharing:
    """What a part has in common with others."""

    shared: frozenset[bytes]  #: digests of nodes that others mention too, and of which some part knows facts
    taken: frozenset[bytes]  #: digests of nodes that an earlier part mentions, to which they belong


def compare(parts: Sequence[Mentions]) -> list[Sharing]:
    """What each of *parts* has in common with others; a node belongs to the first that mentions it."""
    rows = np.frombuffer(b"".join(part.digests for part in parts), dtype=_ROW)
    facts = np.frombuffer(b"".join(part.facts for part in parts), dtype=np.uint8)
    part_of = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    # Stable, so that of equal digests the first part's comes first.
    order = np.lexsort((rows["low"], rows["high"]))
    begins = np.ones(len(rows), dtype=bool)
    sorted_rows = rows[order]
    begins[1:] = sorted_rows[1:] != sorted_rows[:-1]
    starts = np.flatnonzero(begins)
    counts = np.diff(np.append(starts, len(rows)))
    several = np.repeat(counts > 1, counts)
    known = np.repeat(np.maximum.reduceat(facts[order], starts) > 0, counts) if len(rows) else several
    return [
        Sharing(
            _chosen(rows, order, several & known, part_of, n),
            _chosen(rows, order, several & ~begins, part_of, n),
        )
        for n in range(len(parts))
    ]


def _chosen(
    rows: NDArray[np.void],
    order: NDArray[np.intp],
    mask: NDArray[np.bool_],
    part_of: NDArray[np.intp],
    part: int,
) -> frozenset[bytes]:
    """The digests of *part* among those that *mask* marks, in their *order*."""
    found = order[mask]
    return frozenset(row.tobytes() for row in rows[found[part_of[found] == part]])
