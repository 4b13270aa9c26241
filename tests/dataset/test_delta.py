"""Operations of an update do what the engine does, and tell what they have changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mesoonto.dataset.delta import Operation
from mesoonto.dataset.operations import operations

OPTIONS: dict[str, Any] = {"prefixes": {"e": "a:"}, "base_iri": "http://base/"}

terms = st.sampled_from(["<a:s>", "<a:t>", "e:u", "<rel>"])
#: Literals that hold what an update could be made of.
literals = st.sampled_from(
    ['"WHERE"', "'; DELETE DATA {'", '"}"', "1", '"""a "quoted" # text"""', '"\\u0041"@en', "'''?x; '''"]
)
ground = st.one_of(terms, literals)
predicates = st.sampled_from(["<a:p>", "e:q", "a", "e:q\\;1"])
graphs = st.sampled_from(["<a:g>", "e:h"])
variables = st.sampled_from(["?x", "$y", "?z", "?service"])
blank = st.sampled_from(["_:b", "[]", "[ e:q 2 ]", "( 1 <a:s> )"])


def block(triples: st.SearchStrategy[str], graph: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Triples in the default graph and in named ones."""
    named = st.tuples(graph, triples).map(lambda t: f"GRAPH {t[0]} {{ {t[1]} }}")
    return st.lists(st.one_of(triples, named), max_size=3).map(" ".join)


def triple(subject: Any, predicate: Any, value: Any) -> st.SearchStrategy[str]:
    return st.tuples(subject, predicate, value).map(lambda t: f"{t[0]} {t[1]} {t[2]} . ")


data = block(triple(st.one_of(terms, blank), predicates, st.one_of(ground, blank)), graphs)
plain_data = block(triple(terms, predicates, ground), graphs)
pattern_triple = triple(
    st.one_of(terms, variables), st.one_of(predicates, variables), st.one_of(ground, variables)
)
patterns = block(pattern_triple, st.one_of(graphs, variables))
templates = block(
    triple(
        st.one_of(terms, variables, blank),
        st.one_of(predicates, variables),
        st.one_of(ground, variables, blank),
    ),
    st.one_of(graphs, variables),
)
wheres = st.one_of(
    patterns,
    st.tuples(patterns, patterns).map(lambda t: f"{t[0]} OPTIONAL {{ {t[1]} }}"),
    st.tuples(patterns, patterns).map(lambda t: f"{{ {t[0]} }} UNION {{ {t[1]} }} # a remark ; }}\n"),
    patterns.map(lambda t: f"SELECT DISTINCT ?x {{ {t} }}"),
    patterns.map(lambda t: f"{t} BIND(BNODE() AS ?new) BIND(1 + 1 AS ?two)"),
    patterns.map(lambda t: f"{t} VALUES (?x ?y) {{ (UNDEF <a:s>) (<a:t> 1) }}"),
    patterns.map(lambda t: f"{t} FILTER(?x<?y||?y>1)"),
)
using = st.lists(
    st.sampled_from(["USING <a:g>", "USING NAMED <a:g>", "USING e:h", "USING NAMED e:h"]), max_size=2
).map(" ".join)
with_graph = st.sampled_from(["", "", "WITH <a:g> ", "WITH e:h "])
modifications = st.one_of(
    st.tuples(with_graph, patterns, using, wheres).map(
        lambda t: f"{t[0]}DELETE {{ {t[1]} }} {t[2]} WHERE {{ {t[3]} }}"
    ),
    st.tuples(with_graph, templates, using, wheres).map(
        lambda t: f"{t[0]}INSERT {{ {t[1]} }} {t[2]} WHERE {{ {t[3]} }}"
    ),
    st.tuples(with_graph, patterns, templates, using, wheres).map(
        lambda t: f"{t[0]}DELETE {{ {t[1]} }} INSERT {{ {t[2]} }} {t[3]} WHERE {{ {t[4]} }}"
    ),
    patterns.map(lambda t: f"DELETE WHERE {{ {t} }}"),
)
silent = st.sampled_from(["", " SILENT"])
references = st.sampled_from(["DEFAULT", "GRAPH <a:g>", "<a:g>", "e:h", "<a:missing>"])
management = st.one_of(
    st.tuples(
        st.sampled_from(["CLEAR", "DROP"]),
        silent,
        st.sampled_from(["DEFAULT", "NAMED", "ALL", "GRAPH <a:g>", "GRAPH <a:missing>"]),
    ).map(lambda t: f"{t[0]}{t[1]} {t[2]}"),
    st.tuples(silent, graphs).map(lambda t: f"CREATE{t[0]} GRAPH {t[1]}"),
    st.tuples(st.sampled_from(["ADD", "COPY", "MOVE"]), silent, references, references).map(
        lambda t: f"{t[0]}{t[1]} {t[2]} TO {t[3]}"
    ),
)
updates = st.tuples(
    st.sampled_from(["", "PREFIX e: <a:e> ", "# with a remark ; \n", "BASE <http://other/> "]),
    st.lists(
        st.one_of(
            data.map(lambda t: f"INSERT DATA {{ {t} }}"),
            plain_data.map(lambda t: f"DELETE DATA {{ {t} }}"),
            plain_data.map(lambda t: f"PREFIX e: <b:> DELETE DATA {{ {t} }}"),
            modifications,
            modifications,
            management,
        ),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(["", " ;", " ; # the end"]),
).map(lambda t: t[0] + " ; ".join(t[1]) + t[2])


def store_of(text: str) -> ox.Store:
    store = ox.Store()
    store.update(f"INSERT DATA {{ {text} }}", **OPTIONS)
    return store


def shown(store: ox.Store) -> tuple[set[str], set[str]]:
    """The graphs and quads of *store*, with blank nodes by canonical names."""
    dataset = ox.Dataset(store)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {str(graph) for graph in store.named_graphs()}, {str(quad) for quad in dataset}


def applied(steps: Iterable[Operation], store: ox.Store) -> set[ox.Quad]:
    changed: set[ox.Quad] = set()
    for step in steps:
        changed ^= step.apply(store)
    return changed


@given(start=data, update=updates)
@example(
    start="<a:s> <a:p> <a:t> . <a:t> <a:p> <a:s>",
    update="DELETE { ?x ?p ?y } INSERT { ?y ?p ?x } WHERE { ?x ?p ?y }",
)
@example(
    start="<a:s> <a:p> 1", update="INSERT { ?y <a:p> ?x . _:b ?x ?y . _:b <a:q> [] } WHERE { ?x <a:p> ?y }"
)
@example(
    start="<a:s> <a:p> 1, 2",
    update="INSERT { << ?x <a:p> ?y >> <a:q> <<( ?x <a:p> ?y )>> } WHERE { ?x <a:p> ?y }",
)
def test_operations_do_what_the_engine_does(start: str, update: str) -> None:
    one = store_of(start)
    other = ox.Store()
    other.extend(one)
    before = set(one)
    steps = operations(update, OPTIONS)
    try:
        other.update(update, **OPTIONS)
    except SyntaxError:
        assert steps is None
        return
    except RuntimeError:
        with pytest.raises(RuntimeError):
            applied(steps or (), one)
        return
    assert steps is not None
    changed = applied(steps, one)
    assert shown(one) == shown(other)
    assert changed == before ^ set(one)
