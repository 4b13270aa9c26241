"""What a query asks for and the data do not have, and what of theirs is nearest."""

from __future__ import annotations

from itertools import islice

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st

from mesoonto.dataset.store import Engine
from mesoonto.knowledge import questions
from mesoonto.sparql.mentions import MOST
from mesoonto.views.completion import Completions
from mesoonto.views.unmatched import LONGEST, Unmatched, unmatched
from tests.sparql import generated

E = "http://e/"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


@pytest.fixture(scope="module")
def known(engine: Engine) -> Completions:
    return Completions(engine.store)


def told(engine: Engine, known: Completions, query: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.written, one.nearest) for one in unmatched(engine, query, lambda: known)]


GRAPH = "https://w3id.org/mesoonto/graph"
OVERALL_SURVIVAL = ('"Overall Survival"@en', ('"overall survival"@en',))

#: A query, and what of it is told with the nearest. All of these names were looked up in the modules.
CASES: list[tuple[str, list[tuple[str, tuple[str, ...]]]]] = [
    ("?s a meso:Studdy", [("meso:Studdy", ("meso:Study",))]),
    ("?s a meso:study", [("meso:study", ("meso:Study",))]),
    ("?s a mesod:Study", [("mesod:Study", ("meso:Study",))]),
    ("?s rdf:type/rdfs:subClassOf* meso:Studdy", [("meso:Studdy", ("meso:Study",))]),
    ("?s meso:enrollment ?n", [("meso:enrollment", ("meso:enrolment",))]),
    ("?s rdf:label ?l", [("rdf:label", ("rdfs:label",))]),
    ("?s ^meso:ofStudies ?l", [("meso:ofStudies", ("meso:ofStudy",))]),
    ("?s meso:ofStudy/(rdfs:label|rdfs:lable)? ?l", [("rdfs:lable", ("rdfs:label",))]),
    ("?s meso:hasStudy ?x", [("meso:hasStudy", ("meso:ofStudy", "meso:stemsFromStudy"))]),
    ("?s meso:subject ?x", [("meso:subject", ("meso:hasClaimSubject",))]),
    ("?s a meso:Statement", [("meso:Statement", ("meso:EvidenceStatement",))]),
    ("?s meso:measure ?e", [("meso:measure", ("meso:hasEndPoint",))]),
    ("?s ?p meso:nivolumab", [("meso:nivolumab", ("meso:MESO_0002101",))]),
    ("?s ?p meso:MESO_002101", [("meso:MESO_002101", ("meso:MESO_0002101",))]),
    ("VALUES ?s { mesod:study_NCT00000000 } ?s ?p ?o", [("mesod:study_NCT00000000", ())]),
    ("?s a meso:MESO_0002101", [("meso:MESO_0002101", ())]),
    ('?s rdfs:label "nivolumab"', [('"nivolumab"', ('"nivolumab"@en',))]),
    ('?s meso:hasEndPoint/rdfs:label "Overall Survival"@en', [OVERALL_SURVIVAL]),
    ('?s rdfs:label "nivolumab"@de', [('"nivolumab"@de', ('"nivolumab"@en',))]),
    ('?s rdfs:label "nivolumb"@en', [('"nivolumb"@en', ('"nivolumab"@en',))]),
    ('?s rdfs:label ?l FILTER(?l = "nivolumab")', [('"nivolumab"', ('"nivolumab"@en',))]),
    ('?s rdfs:label ?l FILTER("nivolumab" = ?l)', [('"nivolumab"', ('"nivolumab"@en',))]),
    ('?s rdfs:label ?l FILTER(?l IN ("nivolumab"@en, "avelumab"))', [('"avelumab"', ('"avelumab"@en',))]),
    ('VALUES (?n ?l) { (1 "nivolumab") } ?s rdfs:label ?l', [('"nivolumab"', ('"nivolumab"@en',))]),
    ('?s meso:endPointMet "true"', [('"true"', ("true",))]),
    (f"GRAPH <{GRAPH}/dta> {{ ?s a meso:Studdy }}", [(f"<{GRAPH}/dta>", (f"<{GRAPH}/data>",))]),
    (f"GRAPH <{GRAPH}/data> {{ ?s a owl:Class }}", [("owl:Class", ())]),
    # not told
    ("?s a ?class ; ?p ?o . [] ?q 'x'", []),
    ("SERVICE <http://e/> { ?s a meso:Studdy }", []),
    ("?s ?p <http://e/somebody>", []),
    ("?s a meso:Study FILTER(STRSTARTS(STR(?s), STR(mesod:)))", []),
    ("?s meso:enrolment 1000000 ; rdfs:label 'nothing of the kind'", []),
    ("?s rdfs:label ?x FILTER(?x != 'nivolumab' && ?x > xsd:string('nivolumab'))", []),
]


@pytest.mark.parametrize(("query", "expected"), CASES, ids=[query for query, _ in CASES])
def test_what_the_data_do_not_have_is_told_with_the_nearest(
    engine: Engine, known: Completions, query: str, expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert told(engine, known, f"SELECT * {{ {query} }}") == expected


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?s a meso:MESO_0002101", "meso:MESO_0002101 (nivolumab) is a class without instances"),
        ("?s a meso:Intervention", "meso:MESO_0000002 (intervention) is a class without instances"),
        ("?s a meso:hasEndPoint", "meso:hasEndPoint is no class; meso:EndPointRole may be meant"),
        ("?s meso:Study ?o", "meso:Study is no property; meso:ofStudy may be meant"),
        ("?s meso:measure ?e", "it was replaced by meso:hasEndPoint"),
        ('?s rdfs:label "overal survival"@en', 'have no such text, but "overall survival"@en'),
    ],
)
def test_message_says_what_is_known(engine: Engine, known: Completions, query: str, said: str) -> None:
    (one,) = unmatched(engine, f"ASK {{ {query} }}", lambda: known)
    assert one.message.endswith(said)


def test_what_is_declared_and_not_used_yet_is_told_where_it_must_match() -> None:
    store = ox.Store()
    store.update(
        f"""PREFIX owl: <http://www.w3.org/2002/07/owl#> INSERT DATA {{ GRAPH <{E}g> {{
        <{E}p> a owl:ObjectProperty . <{E}C> a owl:Class }} }}"""
    )
    engine, known = Engine(store, "v"), Completions(store)
    query = f"ASK {{ ?s a <{E}C> ; <{E}p> ?o }}"
    assert [one.message for one in unmatched(engine, query, lambda: known)] == [
        f"nothing has this type; <{E}C> is a class without instances",
        "no triple has this property, though it is known",
    ]
    assert told(engine, known, query.replace("{", "{ OPTIONAL {", 1) + "}") == []
    assert told(engine, known, query.replace("{", "{ FILTER NOT EXISTS {", 1) + "}") == []


def test_forms_of_queries_are_told_apart(engine: Engine, known: Completions) -> None:
    studdy = [("meso:Studdy", ("meso:Study",))]
    assert told(engine, known, "CONSTRUCT { ?s a meso:Studdy ; meso:neww 'x' } { ?s a meso:Study }") == []
    assert told(engine, known, "CONSTRUCT WHERE { ?s a meso:Studdy }") == studdy
    assert told(engine, known, "DESCRIBE meso:Studdy") == studdy
    assert told(engine, known, "SELECT ('nivolumab' AS ?l) {}") == []
    assert told(engine, known, f"SELECT * FROM <{GRAPH}/dat> {{}}") == [
        (f"<{GRAPH}/dat>", (f"<{GRAPH}/data>",))
    ]


@pytest.mark.parametrize("pattern", ["OPTIONAL", "MINUS", "FILTER NOT EXISTS"])
def test_pattern_that_need_not_match_is_named(engine: Engine, known: Completions, pattern: str) -> None:
    (one,) = unmatched(engine, f"ASK {{ ?s a meso:Study\n {pattern} {{ ?s a meso:Studdy }} }}", lambda: known)
    assert one.within == pattern.removeprefix("FILTER ")
    assert str(one).startswith("query:2:")
    assert one.message.endswith(f"meso:Study may be meant (in {one.within})")


@pytest.mark.parametrize(
    "query", [*questions.shipped(), *questions.federated()], ids=lambda question: question.number
)
def test_no_shipped_question_asks_in_vain(
    engine: Engine, known: Completions, query: questions.CompetencyQuestion
) -> None:
    assert told(engine, known, query.sparql) == []


@pytest.mark.parametrize("kind", ["class", "property"])
def test_two_letters_that_changed_places_are_seen_in_every_name(
    engine: Engine, known: Completions, kind: str
) -> None:
    """Of every name of six letters or more, unless the slip makes another name that there is."""
    pattern = "?s a ?x" if kind == "class" else "?s ?x ?o"
    rows = engine.select(f"SELECT DISTINCT ?x {{ {pattern} FILTER(STRSTARTS(STR(?x), STR(meso:))) }}")
    names = [row["x"].removeprefix("https://w3id.org/mesoonto/") for row in rows]
    names = [name for name in names if len(name) >= 6 and name.isalpha()]
    assert len(names) > 20
    for name in names:
        at = len(name) // 2
        slip = name[: at - 1] + name[at] + name[at - 1] + name[at + 1 :]
        if slip != name and f"https://w3id.org/mesoonto/{slip}" not in {row["x"] for row in rows}:
            query = f"ASK {{ {pattern.replace('?x', f'meso:{slip}')} }}"
            ((_, nearest),) = told(engine, known, query)
            assert f"meso:{name}" in nearest


# Generated data and queries, against what rdflib says of one pattern alone.

_NAMES = [f"{E}{name}" for name in ("alpha", "beta", "gamma", "delta")]
_TRIPLES = st.sets(
    st.tuples(
        st.sampled_from(_NAMES), st.sampled_from([*_NAMES, TYPE]), st.sampled_from([*_NAMES, '"x"', '"x"@en'])
    ),
    max_size=8,
)


def n3(term: str) -> str:
    return term if term.startswith('"') else f"<{term}>"


@settings(max_examples=60)
@given(
    triples=_TRIPLES,
    patterns=st.lists(
        st.tuples(st.sampled_from([*_NAMES, TYPE]), st.sampled_from(["?o", *_NAMES, '"x"', '"x"@en'])),
        min_size=1,
        max_size=4,
    ),
    wrap=st.sampled_from(["{}", "OPTIONAL {{ {} }}", "FILTER NOT EXISTS {{ {} }}", "{{ {} }} UNION {{}}"]),
)
def test_property_or_type_is_told_where_no_triple_has_it(
    triples: set[tuple[str, str, str]], patterns: list[tuple[str, str]], wrap: str
) -> None:
    graph = rdflib.Graph().parse(data="".join(f"<{s}> <{p}> {n3(o)} .\n" for s, p, o in triples))
    store = ox.Store()
    for s, p, o in triples:
        store.update(f"INSERT DATA {{ GRAPH <{E}g> {{ <{s}> <{p}> {n3(o)} }} }}")
    body = " . ".join(f"?s{n} <{p}> {n3(o) if o != '?o' else o}" for n, (p, o) in enumerate(patterns))
    found = unmatched(Engine(store, "v"), f"ASK {{ {wrap.format(body)} }}", lambda: Completions(store))
    messages = {
        (one.written, one.message.partition(" this ")[2].split(";")[0].split(" (")[0]) for one in found
    }
    expected = set()
    for p, o in patterns:
        if not graph.query(f"ASK {{ ?s <{p}> ?o }}").askAnswer:
            expected.add((f"<{p}>", "property"))
        if p == TYPE and o in _NAMES and not graph.query(f"ASK {{ ?s a <{o}> }}").askAnswer:
            expected.add((f"<{o}>", "type"))
    # where a pattern need not match, names that the data know in another place are not told
    known = set() if wrap[0] == "{" else {f"<{name}>" for triple in triples for name in triple}
    messages = {m for m in messages if m[1] in ("property", "type")}
    assert messages <= expected
    assert {e for e in expected if e[0] not in known} <= messages


def test_data_of_one_graph_are_not_taken_for_those_of_another() -> None:
    store = ox.Store()
    store.update(f"INSERT DATA {{ GRAPH <{E}a> {{ <{E}s> <{E}p> 1 }} GRAPH <{E}b> {{ <{E}s> <{E}q> 1 }} }}")
    engine = Engine(store, "v")

    def ask(text: str, default: tuple[str, ...] = (), named: tuple[str, ...] = ()) -> list[str]:
        found = unmatched(engine, text, lambda: Completions(store), default, named)
        return [one.written for one in found]

    query = f"ASK {{ ?s <{E}p> ?x , ?y ; <{E}q> ?z }}"
    assert ask(query) == []
    assert ask(query, (f"{E}a",)) == [f"<{E}q>"]
    assert ask(query, (f"{E}a", f"{E}b")) == []
    assert ask(query.replace("ASK", f"ASK FROM <{E}b>")) == [f"<{E}p>"]
    assert ask(query.replace("ASK", f"ASK FROM <{E}b>"), (f"{E}a",)) == [f"<{E}q>"]
    assert ask(f"ASK FROM <{E}a> FROM NAMED <{E}b> {{ GRAPH ?g {{ ?s <{E}p> ?o }} }}") == [f"<{E}p>"]
    assert ask(f"ASK {{ GRAPH <{E}a> {{ ?s <{E}q> ?o }} }}") == [f"<{E}q>"]
    own = Engine(store, "v", union=False)
    (one,) = unmatched(own, f"ASK {{ ?s <{E}p> ?o }}", lambda: Completions(store))
    assert one.message == "no triple has this property in the graphs that are asked; other graphs have it"


@settings(max_examples=60)
@given(generated.queries())
def test_whatever_is_asked_is_looked_through(
    engine: Engine, known: Completions, query: generated.Text
) -> None:
    for one in unmatched(engine, query.text, lambda: known):
        assert one.place.line is not None
        assert one.written


def test_relative_names_are_those_that_the_engine_asks_for() -> None:
    store = ox.Store()
    store.update(f"INSERT DATA {{ GRAPH <{E}a> {{ <{E}s> <{E}p> 1 }} }}")
    engine, known = Engine(store, "v"), Completions(store)
    assert unmatched(engine, "ASK { ?s <p> 1 }", lambda: known, base=E) == ()
    assert unmatched(engine, f"BASE <{E}> PREFIX : <x/../> ASK {{ ?s <p>|:p 1 }}", lambda: known) == ()
    (one,) = unmatched(engine, "ASK { ?s <p> 1 }", lambda: known, base="http://f/")
    assert one.written == "<p>"


@pytest.mark.parametrize(
    "query",
    [
        "ASK { ?s ?p " + " , ".join(f"meso:x{n}" for n in range(10 * MOST)) + " }",
        "ASK { VALUES ?s { " + " ".join(f"meso:Studdy{chr(97 + n % 26)}{n}" for n in range(4000)) + " } }",
        "ASK { ?s rdfs:label " + " , ".join(f'"nivolumab{n}"' for n in range(10 * MOST)) + " }",
        "ASK { ?s ?p " + "<http://e/x>, " * (LONGEST // 10) + "1 }",
        "ASK { ?s meso:" + "x" * 5000 + " ?o }",
        "ASK { " + "{" * 200 + "?s a meso:Studdy" + "}" * 200 + " }",
    ],
    ids=lambda query: query[:40],
)
def test_hostile_queries_are_looked_through_in_part(engine: Engine, known: Completions, query: str) -> None:
    found = list(islice(unmatched(engine, query, lambda: known), 100))
    assert len(found) <= 20
    assert all(isinstance(one, Unmatched) and len(str(one)) < 500 for one in found)
