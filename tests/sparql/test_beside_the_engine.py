"""What we say of a text before it runs, beside what the engine does with it: does it reach out?"""

from __future__ import annotations

import re
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from mesoonto.dataset.query_features import DEFAULTS, has_load, outline, reaches_out
from mesoonto.sparql.parser import NotSparqlError, parse_query, parse_update
from mesoonto.sparql.tree import Node
from tests.sparql import generated
from tests.sparql.generated import ADDRESS, Text

_DATA = "INSERT DATA { <http://e/s> <http://e/p> 1 , 'a' GRAPH <http://e/g> { <http://e/s> a <http://e/t> } }"

#: A name with a prefix that the texts do not declare.
_UNKNOWN_PREFIX = re.compile(r"(?<![\w\\])(?!(?:ex|service|load|from|meso|http|_):)[A-Za-z_]\w*:")


def many(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """*examples* of a test, the same each time."""
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )


class Doorbell:
    """A port of this machine that closes every connection, and counts them."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._rung = 0
        self._seen = threading.Semaphore(0)
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        self._mark = b"\0"
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                if connection.recv(1) == self._mark:
                    self._seen.release()
                else:
                    self._rung += 1

    def rung(self) -> int:
        """How often anybody connected since this was asked last."""
        with socket.create_connection(self._socket.getsockname()) as own:  # taken after those before it
            own.sendall(self._mark)
            self._seen.acquire()
        rung, self._rung = self._rung, 0
        return rung

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture(scope="module")
def doorbell() -> Iterator[Doorbell]:
    bell = Doorbell()
    yield bell
    bell.close()


def is_taken(run: Callable[[], object]) -> bool:
    """Whether the engine parses what *run* gives it; it is evaluated to its end."""
    try:
        result = run()
        if isinstance(result, ox.QuerySolutions | ox.QueryTriples):
            for _ in result:
                pass
    except SyntaxError:
        return False
    except (OSError, RuntimeError, ValueError):
        pass
    return True


class Judge:
    """Lets the engine evaluate texts, and holds what we say of them against it."""

    def __init__(self, doorbell: Doorbell) -> None:
        self._bell = doorbell
        self._store = ox.Store()
        self._store.update(_DATA)
        self.seen: Counter[str] = Counter()

    def query(self, text: str) -> tuple[bool, Node | None]:
        """Whether *text* is seen to have SERVICE, and its tree when the engine takes it."""
        text = text.replace(ADDRESS, self._bell.address)
        said = outline(text)
        assert not self._bell.rung(), "looking at it reached out"
        taken = is_taken(lambda: self._store.query(text, use_default_graph_as_union=True, **DEFAULTS))
        reached = self._bell.rung() > 0
        self._count(taken, reached, said.has_service)
        assert said.has_service or not reached
        if not taken:
            return said.has_service, None
        tree = _parsed(parse_query, text)
        if tree is None:
            return said.has_service, None
        if not said.has_service:  # a query with SERVICE is outlined once more without it
            assert said.has_dataset_clause == _has(tree, "DatasetClause")
        return said.has_service, tree

    def update(self, text: str) -> tuple[bool, Node | None]:
        """Whether *text* is seen to have SERVICE or LOAD, and its tree when the engine takes it."""
        text = text.replace(ADDRESS, self._bell.address)
        said = reaches_out(text, DEFAULTS)
        load = has_load(text, DEFAULTS)
        assert said or not load
        assert not self._bell.rung(), "looking at it reached out"
        store = ox.Store()
        store.update(_DATA)
        taken = is_taken(lambda: store.update(text, **DEFAULTS))
        reached = self._bell.rung() > 0
        self._count(taken, reached, said)
        assert said or not reached
        if not taken:
            return said, None
        tree = _parsed(parse_update, text)
        if tree is None:
            return said, None
        assert load or not _has(tree, "Load")
        return said, tree

    def _count(self, taken: bool, reached: bool, said: bool) -> None:
        self.seen["all"] += 1
        self.seen["taken"] += taken
        self.seen["reached"] += reached
        self.seen["taken, and nothing to refuse"] += taken and not said


def _parsed(parse: Callable[[str], Node], text: str) -> Node | None:
    """The tree of what the engine takes.

    None where it takes a word grown together with a name, as in ``SERVICEex:b``, for two because it knows no
    such prefix; the parser knows no prefixes.
    """
    try:
        return parse(text)
    except NotSparqlError:
        if _UNKNOWN_PREFIX.search(text):
            return None
        raise


def _has(tree: Node, *kinds: str) -> bool:
    return any(node.kind in kinds for node in tree.walk())


def test_generated_queries_are_seen_as_the_engine_reads_them(doorbell: Doorbell) -> None:
    judge = Judge(doorbell)

    @many(300)
    @given(generated.queries())
    def run(query: Text) -> None:
        service, tree = judge.query(query.text)
        if tree is not None:
            assert service == _has(tree, "SERVICE")
            if not query.glued:
                assert service == ("SERVICE" in query.keywords)
                assert _has(tree, "DatasetClause") == ("FROM" in query.keywords)
            assert "SERVICE" in query.keywords or not service

    run()
    assert judge.seen["reached"] >= 30, judge.seen
    assert judge.seen["taken, and nothing to refuse"] >= 50, judge.seen


@pytest.mark.slow
def test_generated_updates_are_seen_as_the_engine_reads_them(doorbell: Doorbell) -> None:
    judge = Judge(doorbell)

    @many(250)
    @given(generated.updates())
    def run(update: Text) -> None:
        said, tree = judge.update(update.text)
        if tree is not None:
            assert said == _has(tree, "SERVICE", "Load")
            if not update.glued:
                assert said == bool(update.keywords & {"SERVICE", "LOAD"})
            assert update.keywords & {"SERVICE", "LOAD"} or not said

    run()
    assert judge.seen["reached"] >= 30, judge.seen
    assert judge.seen["taken, and nothing to refuse"] >= 30, judge.seen


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["query", "update"])
def test_damaged_texts_do_not_reach_out_unseen(doorbell: Doorbell, kind: str) -> None:
    judge = Judge(doorbell)
    texts = generated.queries() if kind == "query" else generated.updates()

    @many(200)
    @given(generated.damaged(texts))
    def run(text: str) -> None:
        (judge.query if kind == "query" else judge.update)(text)

    run()
    assert judge.seen["taken"] >= 10, judge.seen
    assert judge.seen["reached"] >= 5, judge.seen


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "begin", "reach", "end"),
    [
        ("query", "PREFIX ex: <http://e/> SELECT * {", f" SERVICE <{ADDRESS}> {{ ?s ?p ?o }}", "\n}"),
        ("query", "PREFIX ex: <http://e:> ASK {", f"SERVICE<{ADDRESS}>{{?a ?b ?c}} ", "}"),
        ("update", "PREFIX ex: <http://e/> INSERT { ?s a 1 } WHERE { ", f" }} ; LOAD <{ADDRESS}> ", "\n"),
    ],
)
def test_no_string_iri_or_comment_hides_what_reaches_out(
    doorbell: Doorbell, kind: str, begin: str, reach: str, end: str
) -> None:
    judge = Judge(doorbell)

    @many(300)
    @given(generated.hostile(begin, reach, end))
    def run(text: str) -> None:
        (judge.query if kind == "query" else judge.update)(text)

    run()
    assert judge.seen["reached"] >= 5, judge.seen
