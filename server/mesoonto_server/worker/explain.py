"""``explain=true``: what was asked of other endpoints, and what was asked in vain, beside the result.

The result stands there as far as it is not too large.
"""

from __future__ import annotations

import json
from functools import partial

from mesoonto.dataset.formats import Kind, format_named
from mesoonto.dataset.row_limit import limited
from mesoonto.dataset.store import Engine, QueryResult
from mesoonto.engines.remote import RemoteEngine, RemoteResult
from mesoonto.federation import FederationReport
from mesoonto.views.unmatched import Unmatched, unmatched
from mesoonto_server.http.headers import CAP_HEADER, VERSION_HEADER, ResponseHeaders
from mesoonto_server.http.messages import WorkerRequest
from mesoonto_server.http.parameters import Question
from mesoonto_server.worker import views
from mesoonto_server.worker.reply import WorkerResponse, write_pieces

#: Rows or triples of a result that stands beside a plan, and its bytes; it is in memory as a whole.
MOST_ROWS = 10_000
MOST_BYTES = 8 << 20

_NOBODY_ASKED = FederationReport((), (), 0.0)


def answer(
    data: Engine | RemoteEngine,
    request: WorkerRequest,
    asked: Question,
    result: QueryResult | RemoteResult,
    report: FederationReport | None,
    response: WorkerResponse,
    max_rows: int,
) -> None:
    """Send *report*, or that nobody was asked, and *result*: rows as SPARQL JSON, triples as Turtle text.

    Beside them stands what of the query *asked* the *data* do not have, where they are here.
    Rows beyond *max_rows*, where that is not 0, and beyond what this module allows are cut off, which the
    answer and a header tell.
    """
    most = min(max_rows or MOST_ROWS, MOST_ROWS)
    is_table = result.kind is not Kind.TRIPLES
    found = limited(
        result.here(), format_named("json" if is_table else "turtle", result.kind), most, MOST_BYTES
    )
    body = found.body if is_table else json.dumps(found.body.decode()).encode()
    plan = json.dumps((report or _NOBODY_ASKED).as_dict()).encode()
    cut = json.dumps({"rows": found.rows} if found.cut else None).encode()
    in_vain: tuple[Unmatched, ...] = ()
    if isinstance(data, Engine):
        in_vain = unmatched(
            data, asked.query, partial(views.completions_of, data), asked.default_graphs, asked.named_graphs,
            f"{request.base}{request.path}",
        )  # fmt: skip
    told = json.dumps([one.as_dict() for one in in_vain]).encode()
    whole = b'{"federation": %b, "unmatched": %b, "cut": %b, "results": %b}\n' % (plan, told, cut, body)
    headers: ResponseHeaders = [
        ("content-type", "application/json"),
        ("vary", "accept-encoding"),
        ("cache-control", "no-store"),
        (VERSION_HEADER, data.version),
    ]
    if found.cut:
        headers.append((CAP_HEADER, str(found.rows)))
    if request.method == "HEAD":
        response.whole(200, headers)
    else:
        response.produced(headers, partial(write_pieces, whole))
