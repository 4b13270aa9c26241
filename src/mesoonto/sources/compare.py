"""Whether two titles, or a journal and a citation, are the same but for spelling."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from html import unescape

from rapidfuzz import fuzz

#: The share of equal letters, of 100, from which on titles count as the same (rapidfuzz, ratio).
TITLES = 90.0
#: The same for the name of a journal within a citation (rapidfuzz, partial_ratio).
JOURNALS = 85.0

_MARKUP = re.compile(r"<[^<>]{1,40}>")


def folded(text: str) -> str:
    """*text* without markup, case, accents and punctuation.

    >>> folded("PD-L1 <i>in</i> Mésothélioma &amp; more.")
    'pd l1 in mesothelioma and more'
    """
    plain = unicodedata.normalize("NFKD", _MARKUP.sub("", unescape(text)).replace("&", " and "))
    letters = (c if c.isalnum() else " " for c in plain.casefold() if not unicodedata.combining(c))
    return " ".join("".join(letters).split())


def same_title(recorded: str, found: Iterable[str]) -> bool:
    """Whether one of the titles *found* is *recorded*."""
    return any(fuzz.ratio(folded(recorded), folded(one)) >= TITLES for one in found)


def names_journal(citation: str, journals: Iterable[str]) -> bool:
    """Whether *citation* has the name of one of *journals*."""
    text = folded(citation)
    return any(fuzz.partial_ratio(folded(one), text) >= JOURNALS for one in journals if len(one) <= len(text))
