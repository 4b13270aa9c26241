"""Chooses a media type by the Accept header (RFC 9110, section 12.5.1). Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from mesoonto.dataset.formats import Format, Kind, formats_for

#: How specific a range is that names a media type.
_NAMED = 2


@dataclass(frozen=True, slots=True)
class _Range:
    """One element of an Accept header, without its parameters other than q."""

    type: str
    subtype: str
    quality: float

    def specificity(self, media_type: str) -> int | None:
        """_NAMED when the range names *media_type*, 1 for ``type/*``, 0 for ``*/*``, or None."""
        type_, _, subtype = media_type.partition("/")
        if (self.type, self.subtype) == ("*", "*"):
            return 0
        if self.type != type_:
            return None
        if self.subtype == "*":
            return 1
        return _NAMED if self.subtype == subtype else None


def parse_accept(header: str | None) -> list[_Range]:
    """The ranges of *header*; an absent or empty one accepts anything, and what is no range is skipped."""
    if header is None or not header.strip():
        return [_Range("*", "*", 1.0)]
    return [found for element in header.split(",") if (found := _parse_range(element)) is not None]


def _parse_range(element: str) -> _Range | None:
    name, *parameters = (part.strip() for part in element.split(";"))
    type_, slash, subtype = name.lower().partition("/")
    if not slash or not type_ or not subtype:
        return None
    quality = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "q":
            try:
                quality = min(max(float(value), 0.0), 1.0)
            except ValueError:
                return None
    return _Range(type_, subtype, quality)


def quality(media_type: str, ranges: Sequence[_Range], *, least: int = 0) -> float:
    """How much the client likes *media_type*: the q of the most specific range that fits, or 0.

    Ranges that are less specific than *least* count for nothing.
    """
    fitting = [(s, r.quality) for r in ranges if (s := r.specificity(media_type)) is not None]
    specificity, liked = max(fitting, default=(-1, 0.0))
    return liked if specificity >= least else 0.0


def choose(offers: Sequence[str], header: str | None) -> str | None:
    """The offer that the client likes best, the earlier one on a tie, or None when it likes none."""
    ranges = parse_accept(header)
    best = max(offers, key=lambda offer: quality(offer, ranges))
    return best if quality(best, ranges) > 0 else None


#: Characters of a header up to which the choice is remembered; a stranger's long ones would fill the memory.
_REMEMBERED = 512


def choose_format(kind: Kind, header: str | None) -> tuple[Format, str] | None:
    """The format for a result of *kind* and the media type to label it with, or None."""
    long = header is not None and len(header) > _REMEMBERED
    return _choose_format(kind, header) if long else _remembered(kind, header)


@lru_cache(maxsize=512)
def _remembered(kind: Kind, header: str | None) -> tuple[Format, str] | None:
    return _choose_format(kind, header)


def _choose_format(kind: Kind, header: str | None) -> tuple[Format, str] | None:
    ranges = parse_accept(header)
    liked = [
        # A synonym is for who names it: text/* means text/csv before text/xml, which says less of what it is.
        (quality(media_type, ranges, least=_NAMED if place else 0), form, media_type)
        for form in formats_for(kind)
        for place, media_type in enumerate(form.media_types)
    ]
    best, form, media_type = max(liked, key=lambda one: one[0])
    if best <= 0:
        return None
    return form, form.media_types[0] if form.by_its_name else media_type


def prefers_page(header: str | None) -> bool:
    """Whether the client likes a page for people better than any description in RDF, as browsers do."""
    described = [form.media_types[0] for form in formats_for(Kind.TRIPLES)]
    return choose((*described, _PAGE), header) == _PAGE


_PAGE = "text/html"

#: Content codings that responses come in, the preferred one first.
CODINGS = ("zstd", "gzip")


def choose_coding(header: str | None) -> str:
    """The content coding that an Accept-Encoding header asks for (RFC 9110, section 12.5.3), or nothing."""
    return _coding(header) if header and len(header) <= _REMEMBERED else ""


@lru_cache(maxsize=256)
def _coding(header: str) -> str:
    qualities: dict[str, float] = {}
    for element in header.split(","):
        name, *parameters = (part.strip().lower() for part in element.split(";"))
        try:
            qualities[name] = next((float(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
        except ValueError:
            continue
    others = qualities.get("*", 0.0)
    best = max(CODINGS, key=lambda coding: qualities.get(coding, others))
    return best if qualities.get(best, others) > 0 else ""
