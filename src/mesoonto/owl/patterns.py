"""Classes of one form: design patterns (DOSDP) and the tables that fill them in.

``ontology/patterns/MODULE/NAME.yaml`` is a pattern in the format of Dead Simple OWL Design Patterns
(Osumi-Sutherland et al. 2017, doi 10.1186/s13326-017-0126-0), ``NAME.tsv`` beside it has one row for each
class. Label, definition and logical axioms of such a class are what the pattern makes of the row; `filled`
tells them, and `mesoonto.owl.pattern_files` compares them with the modules and writes them there.

Of the format is read what the patterns here need: texts for ``name``, ``def``, ``equivalentTo`` and
``subClassOf``, with ``vars``, ``list_vars``, ``data_vars`` and ``data_list_vars``. Anything else is an error.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mesoonto import extras
from mesoonto.errors import InputError, MesoontoError, Place
from mesoonto.namespaces import compress, expand
from mesoonto.ontology.expressions import And, Expression
from mesoonto.owl import manchester

#: The column of the class that a row defines, and that with its label, which may be empty.
DEFINED, DEFINED_LABEL = "defined_class", "defined_class_label"
_KINDS_OF_VARIABLES = ("vars", "list_vars", "data_vars", "data_list_vars")
_KEYS = {"pattern_name", "pattern_iri", "description", "classes", "relations", *_KINDS_OF_VARIABLES}
_KEYS |= {"name", "def", "equivalentTo", "subClassOf"}
_PLACE = re.compile(r"%.?")


@dataclass(frozen=True, slots=True)
class PrintfClause:
    """A text in which each ``%s`` stands for the value of a variable, in their order."""

    text: str
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Printf:
    """Clauses and what stands between them; a clause with a list is repeated for each of its members."""

    clauses: tuple[PrintfClause, ...]
    separator: str = ""


@dataclass(frozen=True, slots=True)
class DesignPattern:
    """What classes of one form have in common."""

    path: Path
    entities: Mapping[str, str]  #: label to IRI of the classes and properties that its texts name
    variables: Mapping[str, str]  #: each variable with its kind
    ranges: Mapping[str, Expression]  #: for variables that stand for classes: what these fall under
    name: Printf
    definition: Printf
    sources: str  #: the variable with the sources of the definition, or ""
    equivalent: Printf | None
    parents: Printf | None

    @property
    def module(self) -> str:
        """The module in which its classes stand."""
        return self.path.parent.name

    @property
    def table(self) -> Path:
        """The rows that fill it in."""
        return self.path.with_suffix(".tsv")


@dataclass(frozen=True, slots=True)
class Filled:
    """What a pattern and a row say of a class."""

    iri: str
    label: str
    definition: str
    sources: frozenset[str]
    parents: frozenset[Expression]  #: a superclass that is an intersection is told as its members
    equivalents: frozenset[Expression]
    fillers: tuple[
        tuple[str, Expression], ...
    ]  #: each class that fills a variable in, and the variable's range
    module: str
    place: Place  #: the row


def read_pattern(path: Path) -> DesignPattern:
    """The pattern in *path*; an InputError when it is none, or has what is not read here."""
    extras.need("reason", "reading design patterns")
    import yaml

    place = Place(str(path))
    try:
        with path.open(encoding="utf-8") as file:
            stated = yaml.safe_load(file)
        if not isinstance(stated, dict) or not {"name", "def"} <= stated.keys():
            raise MesoontoError("a pattern has at least name and def")
        if more := sorted(map(str, stated.keys() - _KEYS)):
            raise MesoontoError(
                f"{', '.join(more)}: not read; a pattern here may have {', '.join(sorted(_KEYS))}"
            )
        return _pattern(path, stated)
    except yaml.YAMLError as error:
        raise InputError(f"not YAML: {error}", place) from error
    except MesoontoError as error:
        raise InputError(error.message, place) from error


def _pattern(path: Path, stated: Mapping[str, Any]) -> DesignPattern:
    entities = {
        label: expand(curie)
        for kind in ("classes", "relations")
        for label, curie in stated.get(kind, {}).items()
    }
    variables = {name: kind for kind in _KINDS_OF_VARIABLES for name in stated.get(kind, {})}
    ranges = {
        name: manchester.expression(text, _meaning(entities))
        for kind in ("vars", "list_vars")
        for name, text in stated.get(kind, {}).items()
    }
    sources = str(stated["def"].get("xrefs", ""))
    if sources and variables.get(sources) != "data_list_vars":
        raise MesoontoError(f"{sources}: the xrefs of a definition are one of data_list_vars")
    texts = {
        key: _printf(stated[key], variables) if key in stated else None
        for key in ("equivalentTo", "subClassOf")
    }
    name, definition = (_printf(stated[key], variables) for key in ("name", "def"))
    return DesignPattern(
        path,
        entities,
        variables,
        ranges,
        name,
        definition,
        sources,
        texts["equivalentTo"],
        texts["subClassOf"],
    )


def _meaning(entities: Mapping[str, str]) -> Any:
    def iri_of(label: str) -> str:
        if label not in entities:
            raise MesoontoError(f"{label}: not among classes and relations of the pattern")
        return entities[label]

    return iri_of


def _printf(stated: Mapping[str, Any], variables: Collection[str]) -> Printf:
    several = stated.get("multi_clause")
    clauses = tuple(
        PrintfClause(str(part["text"]), tuple(part.get("vars", ())))
        for part in (several["clauses"] if several else [stated])
    )
    for clause in clauses:
        unknown = [name for name in clause.variables if name not in variables]
        if unknown:
            raise MesoontoError(f"{', '.join(unknown)}: no variable of the pattern has this name")
        places = _PLACE.findall(clause.text)
        if set(places) - {"%s", "%%"} or places.count("%s") != len(clause.variables):
            raise MesoontoError(f"{clause.text!r}: one %s for each of its vars, and %% for a per cent sign")
    return Printf(clauses, str(several.get("sep", "")) if several else "")


def filled(patterns: Iterable[DesignPattern], labels: Mapping[str, str]) -> list[Filled]:
    """What *patterns* and their tables say, with *labels* (IRI to label) of what is named but no row defines.

    Raises InputError for the first row that cannot be used.
    """
    rows = [(pattern, row) for pattern in patterns for row in _rows(pattern)]
    first: dict[str, _Row] = {}
    for _, row in rows:
        if first.setdefault(row.iri, row) is not row:
            raise InputError(f"{compress(row.iri)}: defined at {first[row.iri].place} too", row.place)
    known = dict(labels)
    for _ in range(len(rows) + 1):  # labels that are made from others settle one by one
        texts = [_label(pattern, row, known) for pattern, row in rows]
        settled = {row.iri: text for (_, row), text in zip(rows, texts, strict=True) if text is not None}
        if all(known.get(iri) == text for iri, text in settled.items()):
            break
        known |= settled
    else:
        raise InputError("a label is made from itself", rows[0][1].place)
    return [_filled(pattern, row, known) for pattern, row in rows]


@dataclass(frozen=True, slots=True)
class _Row:
    iri: str
    cells: Mapping[str, str]
    place: Place

    def values(self, name: str, kind: str) -> list[str]:
        """The texts in the cell of the variable *name*; for classes their IRIs."""
        parts = self.cells[name].split("|") if "list" in kind else [self.cells[name]]
        texts = [part.strip() for part in parts if part.strip()]
        try:
            return texts if kind.startswith("data") else [expand(text) for text in texts]
        except MesoontoError as error:
            raise InputError(error.message, self.place) from error


def _rows(pattern: DesignPattern) -> Iterator[_Row]:
    place = Place(str(pattern.table), 1)
    try:
        lines = list(
            csv.reader(pattern.table.read_text("utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
        )
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", Place(str(pattern.table))) from error
    header = lines[0] if lines else []
    readable = {DEFINED_LABEL} | {f"{name}_label" for name in pattern.ranges}
    missing = {DEFINED, *pattern.variables} - set(header)
    if missing or len(set(header)) != len(header) or set(header) - readable - {DEFINED, *pattern.variables}:
        wanted = ", ".join([DEFINED, *pattern.variables])
        raise InputError(
            f"the columns are {wanted}, separated by tabs, and may be {', '.join(sorted(readable))}", place
        )
    for number, line in enumerate(lines[1:], start=2):
        place = Place(str(pattern.table), number)
        if len(line) != len(header):
            raise InputError(f"{len(header)} cells are expected, found {len(line)}", place)
        cells = dict(zip(header, line, strict=True))
        single = [name for name, kind in pattern.variables.items() if "list" not in kind]
        if empty := [name for name in (DEFINED, *single) if not cells[name].strip()]:
            raise InputError(f"{', '.join(empty)}: empty", place)
        try:
            yield _Row(expand(cells[DEFINED].strip()), cells, place)
        except MesoontoError as error:
            raise InputError(error.message, place) from error


def _label(pattern: DesignPattern, row: _Row, labels: Mapping[str, str]) -> str | None:
    """The label of the class of *row*; None where it is made from one that is not known yet."""
    try:
        return _text(pattern.name, pattern, row, lambda iri: labels[iri])
    except KeyError:
        return None


def _filled(pattern: DesignPattern, row: _Row, labels: Mapping[str, str]) -> Filled:
    def label_of(iri: str) -> str:
        if iri not in labels:
            raise InputError(f"{compress(iri)}: there is no such term", row.place)
        return labels[iri]

    for name in (DEFINED, *pattern.ranges):
        said = row.cells.get(f"{name}_label", "")
        kind = pattern.variables.get(name, "vars")
        known = "|".join(label_of(iri) for iri in row.values(name, kind))
        if said and said != known:
            raise InputError(
                f"{name}_label: {said!r}, where the label of {row.cells[name]} is {known!r}", row.place
            )
    definition = _text(pattern.definition, pattern, row, label_of)
    parents = _class(pattern.parents, pattern, row)
    return Filled(
        row.iri,
        labels[row.iri],
        definition,
        frozenset(row.values(pattern.sources, "data_list_vars")) if pattern.sources else frozenset(),
        parents.parts
        if isinstance(parents, And)
        else frozenset()
        if parents is None
        else frozenset({parents}),
        frozenset(x for x in (_class(pattern.equivalent, pattern, row),) if x is not None),
        tuple(
            (iri, ranged)
            for name, ranged in pattern.ranges.items()
            for iri in row.values(name, pattern.variables[name])
        ),
        pattern.module,
        row.place,
    )


def _class(printf: Printf | None, pattern: DesignPattern, row: _Row) -> Expression | None:
    if printf is None:
        return None
    text = _text(printf, pattern, row, lambda iri: f"<{iri}>")
    try:
        return manchester.expression(text, _meaning(pattern.entities)) if text else None
    except MesoontoError as error:
        raise InputError(error.message, row.place) from error


def _text(printf: Printf, pattern: DesignPattern, row: _Row, word: Any) -> str:
    """*printf* with the values of *row*; a class stands as *word* has it."""
    said: list[str] = []
    for clause in printf.clauses:
        values = []
        for name in clause.variables:
            kind = pattern.variables[name]
            texts = row.values(name, kind)
            values.append(texts if kind.startswith("data") else [word(iri) for iri in texts])
        repeated = max((len(texts) for texts in values), default=1)
        if all(values):
            said += [clause.text % tuple(t[n % len(t)] for t in values) for n in range(repeated)]
    return printf.separator.join(said)
