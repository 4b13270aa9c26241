"""Articles as Europe PMC has them, which takes them from PubMed.

Shapes: "Articles RESTful API" of Europe PMC, sections Result Types (``resultType=core``) and Request Methods
(``search``, ``format=json``); the field ``ext_id`` and ``hitCount`` stand in the release notes of its version
6.6. ``journalInfo``, ``commentCorrectionList`` and ``pubTypeList`` are of the core result, as programs that
read the interface take them; their types, such as "Retraction in" and "Retracted Publication", are PubMed's.
"""

from __future__ import annotations

from dataclasses import dataclass

from mesoonto.sources.answers import items, table, text, texts
from mesoonto.sources.client import ShapeOfAnswerError, SourceClient

ADDRESS = "https://www.ebi.ac.uk/europepmc/webservices/rest"
#: Seconds between two requests.
INTERVAL = 0.5


@dataclass(frozen=True, slots=True)
class Article:
    """What Europe PMC says of one article."""

    pmid: str
    doi: str
    title: str
    journals: tuple[str, ...]
    year: str
    types: tuple[str, ...]
    notices: tuple[tuple[str, str], ...]  #: type and number of comments and corrections


def by_pmid(client: SourceClient, pmid: str) -> Article | None:
    """The article with *pmid*; None when it is not there."""
    return next((one for one in _search(client, f"ext_id:{pmid} src:med") if one.pmid == pmid), None)


def by_doi(client: SourceClient, doi: str) -> Article | None:
    """The article with *doi*; None when it is not there."""
    found = _search(client, f'DOI:"{doi}"')
    return next((one for one in found if one.doi.casefold() == doi.casefold()), None)


def _search(client: SourceClient, query: str) -> list[Article]:
    return client.ask("/search", _articles, {"query": query, "resultType": "core", "format": "json"}) or []


def _articles(answer: object) -> list[Article]:
    found = table(answer, "the answer")
    if "hitCount" not in found:
        raise ShapeOfAnswerError("answers without the documented hitCount")
    results = items(table(found.get("resultList"), "resultList").get("result"), "result")
    return [_article(table(item, "result")) for item in results]


def _article(result: dict[str, object]) -> Article:
    journal = table(table(result.get("journalInfo"), "journalInfo").get("journal"), "journal")
    keys = ("title", "medlineAbbreviation", "isoabbreviation")
    notices = table(result.get("commentCorrectionList"), "commentCorrectionList").get("commentCorrection")
    types = table(result.get("pubTypeList"), "pubTypeList").get("pubType")
    rows = [table(item, "commentCorrection") for item in items(notices, "commentCorrection")]
    return Article(
        text(result.get("pmid"), "pmid"),
        text(result.get("doi"), "doi"),
        text(result.get("title"), "title"),
        tuple(name for key in keys if (name := text(journal.get(key), key))),
        text(result.get("pubYear"), "pubYear"),
        texts(types, "pubType"),
        tuple((text(row.get("type"), "type"), text(row.get("id"), "id")) for row in rows),
    )
