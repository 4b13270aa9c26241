"""Reads the manifests of the W3C SPARQL test suites (rdf-tests, sparql/) into cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import quote, unquote

import pyoxigraph as ox

#: Where the suite is published; relative IRIs in its files are resolved against it. Nothing is fetched.
BASE = "https://w3c.github.io/rdf-tests/sparql/"

_MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
_QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
_UT = "http://www.w3.org/2009/sparql/tests/test-update#"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"

#: Folders left out, and why.
_LEFT_OUT = {
    "sparql11/entailment": "asks for entailment regimes, which the endpoint does not claim",
    "sparql11/service": "asks remote endpoints, which the engine never does by itself",
    "sparql11/protocol": "transcribed in test_protocol.py",
    "sparql11/graph-store-protocol": "transcribed in test_graph_store.py",
    "sparql11/http-rdf-update": "the deprecated form of graph-store-protocol",
    "sparql11/service-description": "transcribed in test_service_description.py",
}


class Kind(Enum):
    """What a case asks of an endpoint."""

    QUERY = "query"
    UPDATE = "update"
    GOOD_QUERY = "good query"
    BAD_QUERY = "bad query"
    GOOD_UPDATE = "good update"
    BAD_UPDATE = "bad update"


_KINDS = {
    "QueryEvaluationTest": Kind.QUERY,
    "CSVResultFormatTest": Kind.QUERY,
    "UpdateEvaluationTest": Kind.UPDATE,
    "PositiveSyntaxTest": Kind.GOOD_QUERY,
    "PositiveSyntaxTest11": Kind.GOOD_QUERY,
    "NegativeSyntaxTest": Kind.BAD_QUERY,
    "NegativeSyntaxTest11": Kind.BAD_QUERY,
    "PositiveUpdateSyntaxTest": Kind.GOOD_UPDATE,
    "PositiveUpdateSyntaxTest11": Kind.GOOD_UPDATE,
    "NegativeUpdateSyntaxTest": Kind.BAD_UPDATE,
    "NegativeUpdateSyntaxTest11": Kind.BAD_UPDATE,
}


@dataclass(frozen=True, slots=True)
class Files:
    """A dataset as the suite gives it: files of the default graph, and files of named graphs."""

    default: tuple[Path, ...] = ()
    named: tuple[tuple[str, Path], ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One case of the suite."""

    name: str  #: folder and fragment, such as "sparql11/bind/bind01"
    kind: Kind
    request: Path  #: the query or update
    data: Files
    result: Path | None  #: the expected results of a query
    state: Files  #: the expected dataset after an update
    lax: bool  #: the number of equal rows is free (REDUCED)


def iri(root: Path, file: Path) -> str:
    """The IRI under which *file* is published."""
    return BASE + quote(str(file.relative_to(root)))


def cases(root: Path) -> list[Case]:
    """Every case of the suite in *root*, in the order of the manifests."""
    return [
        case
        for manifest in sorted(root.glob("*/*/manifest.ttl"))
        if str(manifest.parent.relative_to(root)) not in _LEFT_OUT
        for case in _Manifest(root, manifest).cases()
    ]


class _Manifest:
    def __init__(self, root: Path, path: Path) -> None:
        self._root = root
        self._folder = str(path.parent.relative_to(root))
        self._graph = ox.Dataset(ox.parse(path=str(path), base_iri=iri(root, path)))

    def cases(self) -> Iterator[Case]:
        entries = next(quad.object for quad in self._graph.quads_for_predicate(_node(_MF, "entries")))
        for entry in self._items(entries):
            yield self._case(entry)

    def _case(self, entry: ox.NamedNode) -> Case:
        types = {str(kind.value).removeprefix(_MF) for kind in self._all(entry, _RDF, "type")}
        kind = next(_KINDS[name] for name in sorted(types) if name in _KINDS)
        action = self._one(entry, _MF, "action")
        result = self._one(entry, _MF, "result")
        request = (
            action
            if isinstance(action, ox.NamedNode)
            else self._one(action, _QT, "query") or self._one(action, _UT, "request")
        )
        return Case(
            name=f"{self._folder}/{entry.value.rpartition('#')[2]}",
            kind=kind,
            request=self._file(request),
            data=self._files(action),
            result=self._file(result) if isinstance(result, ox.NamedNode) else None,
            state=self._files(result),
            lax=_node(_MF, "LaxCardinality") in self._all(entry, _MF, "resultCardinality"),
        )

    def _files(self, node: object) -> Files:
        """The dataset at an action or an update's result; updates wrap a named graph's file and label."""
        default = tuple(self._file(o) for ns in (_QT, _UT) for o in self._all(node, ns, "data"))
        named = []
        for graph in (o for ns in (_QT, _UT) for o in self._all(node, ns, "graphData")):
            if isinstance(graph, ox.NamedNode):
                named.append((graph.value, self._file(graph)))
            else:
                label = self._one(graph, _RDFS, "label")
                named.append((label.value, self._file(self._one(graph, _UT, "graph"))))
        return Files(default, tuple(sorted(named)))

    def _file(self, node: object) -> Path:
        assert isinstance(node, ox.NamedNode), node
        return self._root / unquote(node.value.removeprefix(BASE))

    def _all(self, node: object, namespace: str, name: str) -> list[ox.NamedNode]:
        if not isinstance(node, ox.NamedNode | ox.BlankNode):
            return []
        wanted = _node(namespace, name)
        return [quad.object for quad in self._graph.quads_for_subject(node) if quad.predicate == wanted]

    def _one(self, node: object, namespace: str, name: str) -> ox.NamedNode | None:
        return next(iter(self._all(node, namespace, name)), None)

    def _items(self, node: object) -> Iterator[ox.NamedNode]:
        while node is not None and node != _node(_RDF, "nil"):
            first = self._one(node, _RDF, "first")
            assert first is not None
            yield first
            node = self._one(node, _RDF, "rest")


def _node(namespace: str, name: str) -> ox.NamedNode:
    return ox.NamedNode(namespace + name)
