"""Compares the record of one publication with Crossref and Europe PMC."""

from __future__ import annotations

from collections.abc import Iterator

from mesoonto.sources import crossref, europepmc
from mesoonto.sources.client import SourceClient
from mesoonto.sources.compare import names_journal, same_title
from mesoonto.sources.findings import SourceFinding
from mesoonto.sources.records import PublicationRecord, Stated


def check(record: PublicationRecord, indexes: tuple[SourceClient, SourceClient]) -> list[SourceFinding]:
    """What Crossref and Europe PMC, the *indexes*, say otherwise than *record*.

    Raises EndpointError when one of them gives no usable answer.
    """
    works, articles = indexes
    doi, pmid = record.doi.value, record.pmid.value
    if not doi and not pmid:
        return list(_proposals(record, works))
    work = crossref.work(works, doi) if doi else None
    article = europepmc.by_pmid(articles, pmid) if pmid else europepmc.by_doi(articles, doi)
    found = list(_identifiers(record, work, article))
    if work is not None or article is not None:
        found += [*_description(record, work, article), *_notices(record, work, article)]
    return found


def _identifiers(
    record: PublicationRecord, work: crossref.Work | None, article: europepmc.Article | None
) -> Iterator[SourceFinding]:
    doi, pmid = record.doi, record.pmid
    if doi.value and work is None:
        unknown = "Crossref does not know this DOI; is it mistyped, or of another agency, such as DataCite?"
        severity = "violation" if article is None else "warning"
        yield _finding(record, severity, "unknown_identifier", unknown, doi)
    if pmid.value and article is None:
        yield _finding(record, "violation", "unknown_identifier", "Europe PMC has no such PubMed ID", pmid)
    theirs = article.doi if article is not None and pmid.value else ""
    if doi.value and theirs and theirs.casefold() != doi.value.casefold():
        what = "the PubMed ID is of a paper with another DOI"
        yield _finding(record, "violation", "identifiers_differ", what, doi, theirs)


def _description(
    record: PublicationRecord, work: crossref.Work | None, article: europepmc.Article | None
) -> Iterator[SourceFinding]:
    titles = [*(work.titles if work else ()), *([article.title] if article and article.title else ())]
    if titles and not same_title(record.title.value, titles):
        yield _finding(
            record, "violation", "title_differs", "the source has another title", record.title, titles[0]
        )
    years = {str(year) for year in work.years} if work else set()
    years |= {article.year} if article and article.year else set()
    if record.year.value and years and record.year.value[:4] not in years:
        what = "the source has another year"
        yield _finding(record, "violation", "year_differs", what, record.year, ", ".join(sorted(years)))
    journals = [*(work.journals if work else ()), *(article.journals if article else ())]
    if record.citation.value and journals and not names_journal(record.citation.value, journals):
        what = "the citation does not name the journal"
        yield _finding(record, "warning", "journal_differs", what, record.citation, journals[0])


def _notices(
    record: PublicationRecord, work: crossref.Work | None, article: europepmc.Article | None
) -> Iterator[SourceFinding]:
    told = [*(work.updates if work else ()), *(article.notices if article else ())]
    types = article.types if article else ()
    place = record.doi if record.doi.value else record.pmid
    by_kind: dict[str, list[str]] = {}
    for kind, number in told:
        if name := _notice(kind):
            by_kind.setdefault(name, []).append(f"{kind} {number}".strip())
    if any(kind.casefold() == "retracted publication" for kind in types):
        by_kind.setdefault("retracted", []).append("Retracted Publication")
    for name, sources in by_kind.items():
        severity = "violation" if name == "retracted" else "warning"
        what = {
            "retracted": "the paper was retracted",
            "concern": "the journal expresses concern about the paper",
            "corrected": "the paper was corrected; does it touch what was recorded?",
        }[name]
        yield _finding(record, severity, name, what, place, "; ".join(dict.fromkeys(sources)))
    for doi in dict.fromkeys(work.published_as if work else ()):
        what = "the preprint has become a paper; read that one"
        yield _finding(record, "warning", "preprint_published", what, place, doi)


def _notice(kind: str) -> str:
    """What a notice called *kind* does to the paper: Crossref's types of updates, PubMed's "... in"."""
    word = kind.casefold().replace("_", " ").replace("-", " ")
    if word in ("retraction", "withdrawal", "removal", "partial retraction", "retraction in"):
        return "retracted"
    if word in ("expression of concern", "expression of concern in"):
        return "concern"
    if word in ("correction", "corrigendum", "erratum", "erratum in", "corrected and republished in"):
        return "corrected"
    return ""


def _proposals(record: PublicationRecord, works: SourceClient) -> Iterator[SourceFinding]:
    for work in crossref.likely(works, record.title.value, record.year.value[:4]):
        year = record.year.value[:4]
        if same_title(record.title.value, work.titles) and (not year or int(year) in work.years):
            what = "a proposal only, from title and year: this may be its DOI; look before you enter it"
            yield _finding(record, "info", "identifier_proposed", what, record.title, work.doi)
            return


def _finding(
    record: PublicationRecord, severity: str, kind: str, message: str, stated: Stated, found: str = ""
) -> SourceFinding:
    return SourceFinding(severity, kind, record.iri, message, stated.value, found, stated.place)
