"""Works as Crossref has them.

Shapes: "Crossref Metadata API JSON Format" (CrossRef/rest-api-doc, api_format.md), sections Work, Partial
Date and Update, for ``title``, ``subtitle``, ``container-title``, ``issued``, ``published-print`` and
``published-online``. ``updated-by`` is shown in Crossref's tutorial "Get Retraction Watch metadata from
Crossref's API". Of ``relation``, ``is-preprint-of`` is an object with ``id`` or an array of such objects:
programs that read the interface meet both. ``mailto``: Crossref's "Access and authentication".
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from mesoonto.sources.answers import items, number, table, text, texts
from mesoonto.sources.client import ShapeOfAnswerError, SourceClient

ADDRESS = "https://api.crossref.org"
#: Seconds between two requests; well below what the headers of the interface allow.
INTERVAL = 0.5


@dataclass(frozen=True, slots=True)
class Work:
    """What Crossref says of one DOI."""

    doi: str
    titles: tuple[str, ...]  #: also with the subtitle
    journals: tuple[str, ...]
    years: frozenset[int]  #: of printing and of going online
    updates: tuple[tuple[str, str], ...]  #: type and DOI of what retracts or corrects it
    published_as: tuple[str, ...]  #: DOIs of the paper that a preprint became


def work(client: SourceClient, doi: str) -> Work | None:
    """The work with *doi*; None when Crossref does not know it."""
    return client.ask(f"/works/{quote(doi, safe='')}", lambda answer: _work(_message(answer)))


def likely(client: SourceClient, title: str, year: str) -> list[Work]:
    """The works that fit *title* and *year* best, by ``query.bibliographic``."""

    def parse(answer: object) -> list[Work]:
        return [_work(table(item, "items")) for item in items(_message(answer).get("items"), "items")]

    return client.ask("/works", parse, {"query.bibliographic": f"{title} {year}", "rows": "3"}) or []


def _message(answer: object) -> dict[str, object]:
    message = table(table(answer, "the answer").get("message"), "message")
    if not message:
        raise ShapeOfAnswerError("answers without the documented message")
    return message


def _work(message: dict[str, object]) -> Work:
    doi = text(message.get("DOI"), "DOI")
    if not doi:
        raise ShapeOfAnswerError("answers with a work without DOI")
    titles = texts(message.get("title"), "title")
    subtitles = texts(message.get("subtitle"), "subtitle")
    relation = table(message.get("relation"), "relation")
    updates = [table(item, "updated-by") for item in items(message.get("updated-by"), "updated-by")]
    became = relation.get("is-preprint-of")
    several = [became] if isinstance(became, dict) else items(became, "is-preprint-of")
    papers = [table(item, "is-preprint-of") for item in several]
    return Work(
        doi,
        (*titles, *(f"{one} {sub}" for one in titles for sub in subtitles)),
        texts(message.get("container-title"), "container-title"),
        frozenset(
            year
            for key in ("issued", "published-print", "published-online")
            if (year := _year(message.get(key), key))
        ),
        tuple((text(one.get("type"), "type"), text(one.get("DOI"), "DOI")) for one in updates),
        tuple(text(one.get("id"), "id") for one in papers),
    )


def _year(value: object, where: str) -> int | None:
    """The year of a Partial Date, whose ``date-parts`` are nested arrays."""
    for part in items(table(value, where).get("date-parts"), where)[:1]:
        for year in items(part, where)[:1]:
            return number(year, where)
    return None
