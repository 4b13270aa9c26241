"""One run over all records: which are asked where, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mesoonto.errors import EndpointError
from mesoonto.ontology.model import Ontology
from mesoonto.sources import crossref, europepmc, publications, registries, trials
from mesoonto.sources.cache import AnswerCache, usual_folder
from mesoonto.sources.client import SourceClient
from mesoonto.sources.findings import SourceFinding, SourcesReport
from mesoonto.sources.records import Records

#: Sources that fail so many times one after another are not asked any more.
_GIVE_UP = 5


@dataclass(frozen=True, slots=True)
class SourcesRequest:
    """What is checked, and by whom."""

    only: str = ""  #: ``publications`` or ``trials``; "" for both
    limit: int = 0  #: records of each kind; 0 for all
    cache: Path | None = None
    max_age: float = 6 * 86_400.0  #: seconds that an answer may be old
    mailto: str = ""
    crossref: str = crossref.ADDRESS
    europepmc: str = europepmc.ADDRESS
    trials: str = trials.ADDRESS
    interval: float | None = None  #: seconds between two requests to one host, in place of the usual ones


Job = Callable[[], list[SourceFinding]]


def run(
    ontology: Ontology, request: SourcesRequest, progress: Callable[[int, int], None] = lambda *_: None
) -> SourcesReport:
    """Check the records of *ontology*; *progress* is told how many are done, and of how many."""
    cache = AnswerCache(request.cache or usual_folder(), request.max_age)
    clients = [
        _client(address, usual, interval, cache, request)
        for address, usual, interval in (
            (request.crossref, crossref.ADDRESS, crossref.INTERVAL),
            (request.europepmc, europepmc.ADDRESS, europepmc.INTERVAL),
            (request.trials, trials.ADDRESS, trials.INTERVAL),
        )
    ]
    try:
        return _checked(_jobs(Records(ontology), request, clients), progress)
    finally:
        for client in clients:
            client.close()


def _client(
    address: str, usual: str, interval: float, cache: AnswerCache, request: SourcesRequest
) -> SourceClient:
    return SourceClient(
        address,
        cache,
        interval=interval if request.interval is None else request.interval,
        private=address != usual,
        mailto=request.mailto if usual == crossref.ADDRESS else "",
    )


def _jobs(records: Records, request: SourcesRequest, clients: list[SourceClient]) -> list[tuple[str, Job]]:
    works, articles, registry = clients
    most = request.limit or None
    jobs: list[tuple[str, Job]] = []
    if request.only != "trials":
        for paper in records.publications()[:most]:
            jobs.append(("publications", lambda paper=paper: publications.check(paper, (works, articles))))  # type: ignore[misc]
    if request.only != "publications":
        for trial in records.trials()[:most]:
            jobs.append(("trials", lambda trial=trial: registries.check(trial, registry)))  # type: ignore[misc]
    return jobs


def _checked(jobs: list[tuple[str, Job]], progress: Callable[[int, int], None]) -> SourcesReport:
    report = SourcesReport()
    failures: dict[str, int] = {}
    left_out: dict[str, int] = {}
    for number, (kind, job) in enumerate(jobs, 1):
        if failures.get(kind, 0) >= _GIVE_UP:
            left_out[kind] = left_out.get(kind, 0) + 1
            continue
        try:
            report.findings += job()
            report.checked += 1
            failures[kind] = 0
        except EndpointError as error:
            report.errors.append(str(error))
            failures[kind] = failures.get(kind, 0) + 1
        progress(number, len(jobs))
    report.errors += [
        f"{count} {kind} were not asked for, as {_GIVE_UP} before them got no answer"
        for kind, count in left_out.items()
    ]
    return report
