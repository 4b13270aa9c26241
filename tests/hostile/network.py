"""Ways to make the server call somebody: a listener on this machine, which must hear nothing."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from urllib.parse import urlencode

from tests.hostile.attack import Attack, Target, send
from tests.hostile.raw import Outcome
from tests.wire import QUERY, UPDATE

#: Refused with a reason, or as syntax.
_NO = frozenset({"400", "403"})
#: A graph of that name is empty here, and is not fetched.
_EMPTY = frozenset({"200", "400", "403"})
_WRITTEN = _EMPTY | {"204"}

_HOSTS = [
    "127.0.0.1",
    "localhost",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "2130706433",
    "0x7f.1",
    "127.1",
    "0.0.0.0",
    "0",
]

_QUERIES: dict[str, Callable[[str], str]] = {
    "service": lambda url: f"SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }}",
    "service-silent": lambda url: f"SELECT * {{ SERVICE SILENT <{url}> {{ ?s ?p ?o }} }}",
    "service-variable": lambda url: f"SELECT * {{ VALUES ?x {{ <{url}> }} SERVICE ?x {{ ?s ?p ?o }} }}",
    "service-bound": lambda url: f"SELECT * {{ BIND(<{url}> AS ?x) SERVICE SILENT ?x {{ ?s ?p ?o }} }}",
    "service-iri-function": lambda url: f"SELECT * {{ BIND(IRI('{url}') AS ?x) SERVICE ?x {{ ?s ?p ?o }} }}",
    "service-subselect": lambda url: f"SELECT * {{ {{ SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }} }} }}",
    "service-exists": lambda url: f"ASK {{ FILTER EXISTS {{ SERVICE <{url}> {{ ?s ?p ?o }} }} }}",
    "service-optional": lambda url: f"SELECT * {{ OPTIONAL {{ SERVICE <{url}> {{ ?s ?p ?o }} }} }}",
    "service-graph": lambda url: f"SELECT * {{ GRAPH ?g {{ SERVICE <{url}> {{ ?s ?p ?o }} }} }}",
    "service-nested": lambda url: f"ASK {{ SERVICE <http://e/> {{ SERVICE <{url}> {{ ?s ?p ?o }} }} }}",
    "service-escaped": lambda url: f"ASK {{ \\u0053\\u0045RVICE <{url}> {{ ?s ?p ?o }} }}",
    "service-lower-case": lambda url: f"ASK {{ sErViCe <{url}> {{ ?s ?p ?o }} }}",
    "service-comment": lambda url: f"ASK {{ SERVICE#\n<{url}>#\n{{ ?s ?p ?o }} }}",
    "service-prefix": lambda url: f"PREFIX e: <{url}> ASK {{ SERVICE e: {{ ?s ?p ?o }} }}",
    "service-construct": lambda url: f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ SERVICE <{url}> {{ ?s ?p ?o }} }}",
    "service-describe": lambda url: f"DESCRIBE ?s {{ SERVICE <{url}> {{ ?s ?p ?o }} }}",
}
#: One empty solution, since SILENT counts an endpoint that may not be asked as one that fails.
_SILENT = frozenset({"service-silent", "service-bound"})
_DATASETS: dict[str, Callable[[str], str]] = {
    "from": lambda url: f"SELECT * FROM <{url}> {{ ?s ?p ?o }}",
    "from-named": lambda url: f"SELECT * FROM NAMED <{url}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    "graph": lambda url: f"SELECT * {{ GRAPH <{url}> {{ ?s ?p ?o }} }}",
    "describe": lambda url: f"DESCRIBE <{url}>",
}
_UPDATES: dict[str, Callable[[str], str]] = {
    "load": lambda url: f"LOAD <{url}>",
    "load-into": lambda url: f"LOAD <{url}> INTO GRAPH <http://e/g>",
    "load-later": lambda url: f"CLEAR SILENT GRAPH <http://e/g> ; LOAD <{url}>",
    "load-escaped": lambda url: f"LO\\u0041D <{url}>",
    "load-file": lambda url: "LOAD <file:///etc/passwd>",
    "where-service": lambda url: f"INSERT {{ ?s ?p ?o }} WHERE {{ SERVICE <{url}> {{ ?s ?p ?o }} }}",
    "where-exists": lambda url: (
        f"DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o FILTER EXISTS {{ SERVICE <{url}> {{}} }} }}"
    ),
}
_QUIET: dict[str, Callable[[str], str]] = {
    "load-silent": lambda url: f"LOAD SILENT <{url}> INTO GRAPH <http://e/g>",
    "where-silent": lambda url: f"INSERT {{ ?s ?p ?o }} WHERE {{ SERVICE SILENT <{url}> {{ ?s ?p ?o }} }}",
    "using": lambda url: f"INSERT {{ ?s ?p ?o }} USING <{url}> WHERE {{ ?s ?p ?o }}",
    "copy": lambda url: f"COPY SILENT <{url}> TO <http://e/g>",
}


def _url(target: Target, random: Random) -> str:
    return f"http://{random.choice(_HOSTS)}:{target.listener}/sparql"


def _asking(
    name: str, text: Callable[[str], str], path: str, media_type: str, allowed: frozenset[str]
) -> Attack:
    def launch(target: Target, random: Random) -> Outcome:
        content = text(_url(target, random)).encode()
        return send(target, "POST", path, content, [("Content-Type", media_type)])

    return Attack(f"network/{name}", launch, allowed)


def _parameter(field: str) -> Attack:
    def launch(target: Target, random: Random) -> Outcome:
        query = {"query": "SELECT * { ?s ?p ?o }", field: _url(target, random)}
        return send(target, "GET", f"/sparql?{urlencode(query)}")

    return Attack(f"network/{field}", launch, _EMPTY)


ATTACKS: list[Attack] = [
    *(
        _asking(name, text, "/sparql", QUERY, frozenset({"200"}) if name in _SILENT else _NO)
        for name, text in _QUERIES.items()
    ),
    *(_asking(f"query-{name}", text, "/sparql", QUERY, _EMPTY) for name, text in _DATASETS.items()),
    *(_asking(f"update-{name}", text, "/update", UPDATE, _NO) for name, text in _UPDATES.items()),
    *(_asking(f"update-{name}", text, "/update", UPDATE, _WRITTEN) for name, text in _QUIET.items()),
    _parameter("default-graph-uri"),
    _parameter("named-graph-uri"),
]
