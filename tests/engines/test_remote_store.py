"""What is asked of an engine is what a store at hand gives, also along blank nodes that have no names."""

from __future__ import annotations

from collections.abc import Iterable

import pyoxigraph as ox
import pytest
from hypothesis import example

from mesoonto.engines.remote_store import RemoteStore
from mesoonto.errors import TooLongError
from mesoonto.validation.engine import reach
from mesoonto.validation.write_check import judged
from tests.engines.oxigraph_stand_in import StoreServer
from tests.validation.helpers import shapes
from tests.validation.test_engines import common
from tests.validation.test_write_check import holding, quads, rows, writes

EX = "https://example.org/"


class Asked:
    """Counts what is asked of *store*."""

    def __init__(self, store: ox.Store) -> None:
        self.server = StoreServer(store)
        self.queries: list[str] = []

    def __call__(self, query: str) -> Iterable[ox.QuerySolution]:
        self.queries.append(query)
        found = ox.parse_query_results(self.server.select(query), format=ox.QueryResultsFormat.JSON)
        assert isinstance(found, ox.QuerySolutions)
        return found


BLANK = "ex:n0 ex:p [ a ex:A ; ex:q [ ex:p ex:n1 ] ] . ex:n1 ex:p [ ex:q 1 ] ."


@common
@example(
    BLANK, "ex:S a sh:NodeShape ; sh:targetNode ex:n0 ; sh:property [ sh:path ex:p ; sh:class ex:B ] .",
    [("ex:n0", "ex:q", "1")], [],
)  # fmt: skip
@example(
    BLANK,
    "ex:S a sh:NodeShape ; sh:targetClass ex:A ; sh:property [ sh:path ( ex:q ex:p ) ; sh:class ex:B ] .",
    [("ex:n1", "a", "ex:B")], [],
)  # fmt: skip
@example(
    "ex:C rdfs:subClassOf ex:B .\nex:n0 ex:q _:b0 .",
    "ex:S a sh:NodeShape ; sh:targetObjectsOf ex:q ; sh:node [ sh:datatype rdf:langString ] .",
    [("_:b0", "a", "ex:A")], [],
)  # fmt: skip
@writes
def test_what_a_write_reaches_is_judged_as_at_hand(
    text: str, asked: str, added: list[tuple[str, ...]], removed: list[int]
) -> None:
    read = shapes(asked)
    far = reach.of(read)
    assert far is not None
    store = holding(quads(text))
    remote = RemoteStore(Asked(holding(store)))
    # Blank nodes of what is sent are its own: no label of theirs means one that is there.
    new = quads("\n".join(f"{s} {p} {o} ." for s, p, o in added).replace("_:", "_:new"))
    old = [quad for number, quad in enumerate(sorted(store, key=str)) if number in removed]
    old = [quad for quad in old if not _has_blank(quad)]
    for quad in old:
        store.remove(quad)
    new = [quad for quad in new if quad not in store]
    store.extend(new)
    remote.apply(old, new)
    here, there = (judged(one, [*old, *new], read, far) for one in (store, remote))
    assert [row[1:] for row in shown(rows([*(here.results if here else ())]))] == [
        row[1:] for row in shown(rows([*(there.results if there else ())]))
    ]


def shown(found: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """*found* without labels of blank nodes."""
    return sorted(tuple("_:" if part.startswith("_:") else part for part in row) for row in found)


def _has_blank(quad: ox.Quad) -> bool:
    return isinstance(quad.subject, ox.BlankNode) or isinstance(quad.object, ox.BlankNode)


def test_many_nodes_are_asked_for_at_one_time() -> None:
    store = holding(quads("".join(f"ex:n{n} a ex:A ; ex:p ex:n{n + 1} ." for n in range(300))))
    asked = Asked(store)
    far = reach.of(
        shapes("ex:S a sh:NodeShape ; sh:targetClass ex:A ; sh:property [ sh:path ex:p ; sh:class ex:A ] .")
    )
    assert far is not None
    remote = RemoteStore(asked)
    changed = [quad for quad in store if quad.predicate == ox.NamedNode(f"{EX}p")]
    nodes = far.affected(changed, remote)
    assert set(map(str, far.described(nodes, remote))) == {str(quad.triple) for quad in store}
    assert len(asked.queries) < 20


@pytest.mark.parametrize("blank", [True, False])
def test_bound_of_statements_holds(blank: bool) -> None:
    object_ = "[ ex:q 1 ]" if blank else "ex:o"
    store = holding(quads("".join(f"ex:n{n} ex:p {object_} ." for n in range(100))))
    remote = RemoteStore(Asked(store), most=50)
    node = ox.NamedNode(f"{EX}n1") if blank else None
    with pytest.raises(TooLongError, match="more than 50 statements"):
        list(
            remote.quads_for_pattern(node, ox.NamedNode(f"{EX}p"), None if blank else ox.NamedNode(f"{EX}o"))
        )


def test_shipped_graphs_are_those_at_hand() -> None:
    shipped = ox.NamedNode("https://w3id.org/mesoonto/graph/data")
    triple = [ox.NamedNode(f"{EX}{name}") for name in "spo"]
    known = holding([ox.Quad(*triple, shipped)])
    there = holding([ox.Quad(triple[0], triple[1], ox.NamedNode(f"{EX}other"), shipped)])
    remote = RemoteStore(Asked(there), known)
    assert list(remote.quads_for_pattern(triple[0], None, None)) == list(known)
    assert set(remote.copy()) == set(known)
