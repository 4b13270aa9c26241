"""What pages show, as JSON: each view is computed in a worker, and drawn where no data are."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import pyoxigraph as ox

from mesoonto.dataset.store import Engine
from mesoonto.errors import NoGraphError
from mesoonto.knowledge import profile, statistics
from mesoonto.knowledge import stratify as stratification
from mesoonto.knowledge.strata_records import StrataRecords
from mesoonto.knowledge.strata_report import Intervention, StratificationReport
from mesoonto.namespaces import MESO, compress
from mesoonto.ontology.files import SCHEMA
from mesoonto.ontology.model import Ontology
from mesoonto.synthesis.page import synthesis_page
from mesoonto.views import (
    completion,
    decisions,
    evidence,
    hierarchy,
    history,
    mechanism,
    places,
    records,
    schema,
    schema_org,
    search,
    terms,
    trial,
)
from mesoonto.views.coverage import coverage
from mesoonto.views.facets import FACETS
from mesoonto.views.facts import EntityLink, Facts
from mesoonto.views.unmatched import unmatched
from mesoonto_server.http.headers import VERSION_HEADER
from mesoonto_server.http.messages import WorkerRequest
from mesoonto_server.http.parameters import decode_form
from mesoonto_server.http.problems import RequestError
from mesoonto_server.worker import pictures
from mesoonto_server.worker.reply import WorkerResponse

Parameters = dict[str, list[str]]

#: Hits of a search on one page, and while somebody types.
_HITS, _SUGGESTED = 50, 8

#: Entities that are named at one time.
_MOST_LABELS = 400

_INDICES: dict[str, search.Index] = {}  # by version of the data, the newest only
_COMPLETIONS: dict[str, completion.Completions] = {}  # likewise
_RECORDS: dict[str, StrataRecords] = {}  # likewise


def prepare(engine: Engine, *, shipped: bool) -> None:
    """Make what views of *engine* look up, before workers are forked: none of them then makes it anew."""
    index_of(engine)
    completions_of(engine)
    if shipped:
        places.place_of("")
        _records_of(engine).read()
        _vocabulary().prepare()


def answer(
    engine: Engine,
    request: WorkerRequest,
    response: WorkerResponse,
    *,
    from_files: bool = True,
    releases: Path | None = None,
) -> None:
    """The view that the path of *request* names, with its parameters.

    Where the data are *from_files* that are here, places in them are told. Versions to compare are in
    *releases*.
    """
    parameters = decode_form(request.query)
    if request.path == "changes":
        found = _changes(engine, parameters, releases)
    else:
        found = VIEWS[request.path](engine, parameters)
    if from_files and request.path in ("entity", "document"):
        found["place"] = places.place_of(found["iri"])
    headers = [("content-type", "application/json"), (VERSION_HEADER, engine.version)]
    response.whole(200, headers, msgspec.json.encode(found))


def index_of(engine: Engine) -> search.Index:
    """The names in *engine*; made once for each version of the data."""
    if engine.stored not in _INDICES:
        _INDICES.clear()
        _INDICES[engine.stored] = search.Index(Facts(engine.store))
    return _INDICES[engine.stored]


def _entity(engine: Engine, parameters: Parameters) -> Any:
    """The page of one entity: its kind names the template."""
    path = _first(parameters, "path")
    try:
        node = ox.NamedNode(MESO + path.lstrip("/"))
    except ValueError as error:
        raise RequestError(404, "there is nothing at this address") from error
    return _page(engine, node, parameters)


def _document(engine: Engine, parameters: Parameters) -> Any:
    """The same for an entity whose IRI is not ours, such as a publication."""
    try:
        node = ox.NamedNode(_first(parameters, "iri"))
    except ValueError as error:
        raise RequestError(400, f"iri is no IRI: {error}") from error
    return _page(engine, node, parameters)


def _page(engine: Engine, node: ox.NamedNode, parameters: Parameters) -> Any:
    facts = _facts(engine, parameters)
    if not facts.exists(node) and not facts.inward(node):
        raise NoGraphError(f"nothing is known of {node.value}")
    name, view = next(
        ((name, view) for name, iri, view in _KINDS if facts.is_a(node, iri)), ("record", records.record)
    )
    page, link = view(facts, node), facts.link(node)
    return {
        "kind": name,
        "iri": node.value,
        "view": page,
        "link": link,
        "history": history.history(facts, node),
        "schema": schema_org.describe(page, EntityLink(link.label, link.iri)),
    }


def _changes(engine: Engine, parameters: Parameters, releases: Path | None) -> Any:
    """What changed from the version ``before`` to ``after``."""
    from mesoonto.release import folder  # which has much to import

    facts = Facts(engine.store)
    before, after = (_first(parameters, name) for name in ("before", "after"))
    return [
        {
            "words": c.words,
            "subject": c.subject,
            "here": c.subject != "" and facts.exists(ox.NamedNode(c.subject)),
        }
        for c in folder.compare(releases, before, after)
    ]


def _graphs(engine: Engine) -> Any:
    """The named graphs and their sizes."""
    rows = engine.select("SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g")
    return [{"iri": row["g"], "triples": int(row["n"])} for row in rows if "g" in row]


def _facts(engine: Engine, parameters: Parameters) -> Facts:
    """The data in *engine*, with labels in the languages that the reader likes."""
    return Facts(engine.store, parameters.get("language", []))


def _identifier(engine: Engine, parameters: Parameters) -> Any:
    """What has the identifier ``id``."""
    name = _first(parameters, "id")
    found = index_of(engine).identified(name)
    if found is None:
        raise NoGraphError(f"nothing on record has the identifier {name[:100]}")
    return found


def _search(engine: Engine, parameters: Parameters) -> Any:
    chosen = {name: value for name in ("kind", *FACETS) if (value := _first(parameters, name))}
    start = _first(parameters, "start")
    return index_of(engine).search(
        _first(parameters, "q"), chosen, start=int(start) if start.isdecimal() else 0, most=_HITS
    )


def _suggest(engine: Engine, parameters: Parameters) -> Any:
    return index_of(engine).find(_first(parameters, "q"), most=_SUGGESTED)


def completions_of(engine: Engine) -> completion.Completions:
    """The terms in *engine*, likewise."""
    if engine.stored not in _COMPLETIONS:
        _COMPLETIONS.clear()
        _COMPLETIONS[engine.stored] = completion.Completions(engine.store)
    return _COMPLETIONS[engine.stored]


def _complete(engine: Engine, parameters: Parameters) -> Any:
    """What somebody who types a query may mean."""
    role = _first(parameters, "role") or "any"
    if role not in completion.ROLES:
        raise RequestError(400, f"role is one of {', '.join(completion.ROLES)}")
    return completions_of(engine).find(_first(parameters, "text"), role)


def _unmatched(engine: Engine, parameters: Parameters) -> Any:
    """What the query ``query`` asks for and the data do not have."""
    found = unmatched(engine, _first(parameters, "query"), lambda: completions_of(engine))
    return [one.as_dict() for one in found]


def _labels(engine: Engine, parameters: Parameters) -> Any:
    """The label of each ``iri`` that has one."""
    facts = Facts(engine.store)
    found = {}
    for iri in parameters.get("iri", [])[:_MOST_LABELS]:
        try:
            label = facts.label(ox.NamedNode(iri))
        except ValueError:
            continue
        if label != compress(iri):
            found[iri] = label
    return found


def _hierarchy(engine: Engine, parameters: Parameters) -> Any:
    return hierarchy.hierarchy(Facts(engine.store), hierarchy.TOPS[_first(parameters, "kind")])


def _stratify(engine: Engine, parameters: Parameters) -> Any:
    """What the records say for a tumour that the parameters ``set`` describe; without any, the choices."""
    known = _vocabulary()
    settings = [text for text in parameters.get("set", []) if text]
    described: dict[str, Any] = {
        "choices": known.settings_help().splitlines(),
        "given": [link.label for link in terms.given_in_trials(Facts(engine.store))],
        "settings": settings,
        "report": None,
    }
    if settings:
        tumour = known.from_settings(settings)
        report = stratification.stratify(_records_of(engine), tumour, known.strata(tumour))
        described["report"] = _dossier(report)
        described["options"] = list(map(_option, report.summary.options))
        described["refuted"] = list(map(_option, report.summary.refuted))
    return described


def _dossier(report: StratificationReport) -> dict[str, Any]:
    """What the page shows of *report*, which says much of it several times."""
    names = ("profile", "strata", "prior", "predictions", "results", "in_trial", "contradicting")
    summary = report.summary
    return {
        **{name: getattr(report, name) for name in names},
        "summary": {
            "without_evidence": summary.without_evidence,
            "stopped": summary.stopped,
            "had": summary.had,
        },
        "mechanisms": [
            {
                "iri": one.iri,
                "label": one.label,
                "basis": one.basis,
                "statements": one.statements,
                "interventions": [
                    {"iri": i.iri, "label": i.label, "statements": i.statements} for i in one.interventions
                ],
            }
            for one in report.mechanisms
        ],
    }


def _option(one: Intervention) -> dict[str, str]:
    return {"iri": one.iri, "label": one.label, "status": one.status, "best": one.best}


def _records_of(engine: Engine) -> StrataRecords:
    """What `stratify` looks up in *engine*; read once for each version of the data."""
    if engine.stored not in _RECORDS:
        _RECORDS.clear()
        _RECORDS[engine.stored] = StrataRecords(engine)
    return _RECORDS[engine.stored]


#: Kinds of entities with a page of their own: name, class, view. The first that fits is taken.
_KINDS: tuple[tuple[str, str, Callable[[Facts, ox.NamedNode], Any]], ...] = (
    ("trial", f"{MESO}Study", trial.trial),
    ("cohort", f"{MESO}Cohort", trial.cohort_page),
    ("result", f"{MESO}Result", evidence.result_page),
    ("statement", f"{MESO}EvidenceStatement", evidence.statement_page),
    ("decision", f"{MESO}Decision", decisions.decision_page),
    ("publication", f"{MESO}Publication", evidence.publication_page),
    ("mechanism", terms.MECHANISM, mechanism.mechanism),
    ("intervention", terms.INTERVENTION, terms.intervention),
    ("biomarker", terms.BIOMARKER, terms.biomarker),
    ("biomarker", search.KINDS["tumour state"], terms.biomarker),
)


@lru_cache(1)
def _vocabulary() -> profile.ProfileVocabulary:
    return profile.ProfileVocabulary(Ontology.shipped(*SCHEMA))


def _first(parameters: Parameters, name: str) -> str:
    return parameters.get(name, [""])[0]


#: Views by name.
VIEWS: dict[str, Callable[[Engine, Parameters], Any]] = {
    "entity": _entity,
    "document": _document,
    "identifier": _identifier,
    "graphs": lambda engine, _: _graphs(engine),
    "search": _search,
    "suggest": _suggest,
    "pages": lambda engine, _: index_of(engine).pages(),
    "complete": _complete,
    "labels": _labels,
    "unmatched": _unmatched,
    "hierarchy": _hierarchy,
    "trials": lambda engine, _: trial.overview(Facts(engine.store)),
    "pool": lambda engine, _: synthesis_page(Facts(engine.store)),
    "stratify": _stratify,
    "coverage": lambda engine, _: coverage(engine),
    "schema": lambda engine, _: schema.schema_card(engine),
    "schema_text": lambda engine, _: schema.schema_text(schema.schema_card(engine)),
    "counts": lambda engine, _: statistics.count(engine),
    **pictures.VIEWS,
}
