"""Validates files against shapes and makes a report that leads to the mend."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from pathlib import Path

import pyoxigraph as ox

from mesoonto import resources
from mesoonto.errors import InputError, Place, ShapeError
from mesoonto.files.places import Locator, locate
from mesoonto.files.rdf import Source, from_path
from mesoonto.files.terms import TYPE, Term
from mesoonto.validation import inference, selection, shipped, timeout
from mesoonto.validation.advice import constructs, coverage, doubts
from mesoonto.validation.assemble import FilePlaces, Places, assemble
from mesoonto.validation.data import store as data_files
from mesoonto.validation.data.ntriples import named_pieces
from mesoonto.validation.data.store import Data
from mesoonto.validation.data.vocabulary import sh
from mesoonto.validation.engine.details import with_details
from mesoonto.validation.engine.plan import EngineChoice, Outcome, prepare, run
from mesoonto.validation.inputs import Reading, find, read_graph
from mesoonto.validation.report.findings import Coverage, Doubt, Report
from mesoonto.validation.shapes import model

#: Findings of one cause that are given a place and a suggestion; the rest are counted and listed without.
PLACED = 1000

#: Number of the first file of shapes: its blank nodes are not to be taken for those of the data in a report.
_SHAPES = 1_000_000


@dataclass(frozen=True, slots=True)
class Options:
    """How to validate."""

    engine: EngineChoice = EngineChoice.AUTO
    coverage: bool = False  #: measure what shapes looked at
    doubts: bool = False  #: look for reasons to distrust a report without findings
    placed: int = PLACED
    ontology: tuple[str | Path, ...] = ()  #: classes and properties that are known and not checked
    context: tuple[str | Path, ...] = ()  #: data that are known and not checked
    reading: Reading = field(default_factory=Reading)
    inference: str = ""  #: "rdfs" or "owlrl": what is concluded from the data before they are checked
    focus: tuple[str, ...] = ()  #: IRIs or CURIEs of the nodes to check; all without
    shape: tuple[str, ...] = ()  #: those of the shapes to check by; all without
    tolerant: bool = False  #: go on without files that cannot be read, and tell them in the report
    progress: Callable[[int], None] | None = None
    repeat_rules: bool = False  #: run rules until nothing new comes, not once


def validate(
    data: Sequence[str | Path] = (), shapes: Sequence[str | Path] = (), options: Options | None = None
) -> Report:
    """Check *data* against *shapes*.

    Without *data*, the shipped modules and records are checked; without *shapes*, the shipped shapes are
    used. What *data* refers to in the shipped ontology is known by its classes and their superclasses, so
    that ``sh:class`` sees it, and a shipped record is known whole; neither is itself checked.

    Raises InputError for a data file, and ShapeError for shapes, that cannot be used.
    """
    chosen = options or Options()
    loaded = load(data_sources(data, chosen), chosen)
    return check(loaded, read_shape_files(shapes, chosen), chosen)


def data_sources(data: Sequence[str | Path], options: Options) -> list[Source]:
    """What *data* name, without what is named to be known; the shipped modules and records without *data*."""
    if not data:
        return [from_path(path) for path in [*resources.module_files(), *resources.record_files()]]
    found = find(data, options.reading)
    background = {
        _place(source) for source in find([*options.ontology, *_files(options.context)], options.reading)
    }
    return [source for source in found if _place(source) not in background]


def _files(context: Sequence[str | Path]) -> list[str | Path]:
    """Those of *context* that are no folders: a folder around the data is context but for the data."""
    return [argument for argument in context if not Path(argument).is_dir()]


def _place(source: Source) -> object:
    return source.path.resolve() if source.path is not None else source.name


def load(sources: Sequence[Source], options: Options, context: Sequence[Source] = ()) -> Data:
    """Read *sources*, and add what is known besides: ontology, *context*, what can be concluded.

    Raises InputError for what cannot be read; where *options* are tolerant, the rest is read all the same,
    and the errors are with the data.
    """
    try:
        loaded = data_files.load(sources, options.progress, shipped.STEMS)
    except InputError:
        if not options.tolerant:
            raise
        good, errors = _readable(sources)
        loaded = data_files.load(good, options.progress, shipped.STEMS)
        loaded.errors = tuple(errors)
    for _ in add_background(loaded, sources, options, context):
        pass
    if options.inference:
        loaded.add(inference.concluded(loaded, options.inference))
        loaded.concluded = True
    return loaded


def add_background(
    loaded: Data, sources: Sequence[Source], options: Options, context: Sequence[Source] = ()
) -> Iterator[Sequence[shipped.Statement]]:
    """Add to *loaded*, the data of *sources*, what is known besides; gives what was added.

    Raises InputError as `load` does.
    """
    here = {_place(source) for source in sources}
    for number, source in enumerate([*context, *_background(options)], len(sources)):
        if _place(source) in here:
            continue
        try:
            rows = list(data_files.read(source, number))
        except InputError as error:
            if not options.tolerant:
                raise
            loaded.unread += (error,)
        else:
            loaded.add(rows)
            yield rows
    if shipped.concerns(loaded):
        rows = shipped.of(loaded)
        loaded.add(rows)
        yield rows


def background_terms(loaded: Data, sources: Sequence[Source], options: Options) -> set[Term]:
    """The nodes of which `add_background` asks whether *loaded* describes them or points at them."""
    here = {_place(source) for source in sources}
    terms: set[Term] = set()
    for source in _background(options):
        if _place(source) not in here:
            # What cannot be read is told when it is added.
            with contextlib.suppress(InputError):
                terms.update(term for row in data_files.read(source, len(here)) for term in (row[0], row[2]))
    if shipped.concerns(loaded):
        known = shipped.read()
        terms |= known.kinds.keys() | known.records.keys()
        terms.update(
            row[2] for rows in (known.kinds, known.records) for several in rows.values() for row in several
        )
    return terms


def _background(options: Options) -> list[Source]:
    return find([*options.ontology, *options.context], options.reading)


def first_errors(sources: Sequence[Source]) -> list[InputError]:
    """Why those of *sources* that cannot be read to their end cannot."""
    return _readable(sources)[1]


def _readable(sources: Sequence[Source]) -> tuple[list[Source], list[InputError]]:
    """Those of *sources* that can be read to their end, and why the others cannot."""
    good, errors = [], []
    for source in sources:
        try:
            for _ in named_pieces(source, 0):
                pass
        except InputError as error:
            errors.append(error)
        else:
            good.append(source)
    return good, errors


def read_shape_files(files: Sequence[str | Path] = (), options: Options | None = None) -> model.Shapes:
    """The shapes of *files* taken together, and of what they import; the shipped ones without *files*.

    Raises ShapeError with the place of a mistake.
    """
    reading = replace(options.reading, syntax="") if options is not None else None
    try:
        return read_shapes(find(files or resources.shape_files(), reading), options)
    except InputError as error:
        raise ShapeError(error.message, error.place) from error


def read_shapes(sources: Sequence[Source], options: Options | None = None) -> model.Shapes:
    """The shapes of *sources* taken together, and of what they import; raises ShapeError, with its place."""
    chosen = options or Options()
    try:
        read = read_graph(sources, _SHAPES, chosen.reading)
    except InputError as error:
        raise ShapeError(error.message, error.place) from error
    inferred = inference.SATISFIES.get(chosen.inference, frozenset())
    try:
        return replace(prepare(read.graph, inferred), sources=read.sources, missing=read.missing)
    except ShapeError as error:
        node = error.node
        if not isinstance(node, ox.NamedNode | ox.BlankNode) or error.place is not None:
            raise
        spot = shape_places(read.sources, [node]).focus(node)
        place = Place(spot.file, spot.line or None, spot.column or None) if spot.file else None
        raise ShapeError(error.message, place) from error


def shape_places(sources: Sequence[Source], nodes: Collection[Term]) -> Locator:
    """Where *nodes* stand in files of shapes."""
    return locate(sources, nodes, _SHAPES)


def check(
    data: Data, shapes: model.Shapes, options: Options | None = None, only: Collection[Term] | None = None
) -> Report:
    """Check loaded *data*, or the focus nodes *only* of it."""
    chosen = options or Options()
    asked = selection.of_shapes(shapes, chosen.shape)
    only = selection.of_nodes(data, chosen.focus, only)
    outcome = run(
        data,
        asked.shapes,
        chosen.engine,
        only,
        repeat_rules=chosen.repeat_rules,
        watch=timeout.current(),
    )
    # Whatever order the store gave them in.
    reported = [result for result in outcome.results if asked.covers(result.shape)]
    looked_at = coverage.measure(data, asked.shapes, outcome) if chosen.coverage else Coverage()
    unseen: Sequence[str] = ()
    if chosen.doubts and only is None and not chosen.shape:
        unseen = coverage.unseen_files(data, shapes, outcome)
    outcome = replace(outcome, results=tuple(reported))
    return replace(told(data, shapes, asked.shapes, outcome, chosen, unseen), coverage=looked_at)


def told(
    data: Data,
    shapes: model.Shapes,
    asked: model.Shapes,
    outcome: Outcome,
    options: Options,
    unseen: Sequence[str],
    places: Places | None = None,
) -> Report:
    """The report on *outcome*, what those of *shapes* that are *asked* found in *data*.

    *unseen* are the files of which no shape looked at any node; *places* are found in the files unless given.
    """
    results = with_details(sorted(outcome.results, key=attrgetter("order")), outcome.evaluator)
    found: list[Doubt] = []
    if options.doubts:
        vocabulary = shipped.Vocabulary(data, shipped.concerns(data, shapes))
        found += doubts.of_shapes(shapes, vocabulary)
        found += doubts.of_strays(shapes)
        found += constructs.of_constructs(shapes)
        found += constructs.of_data(data.store)
        found += constructs.of_roles(shapes, data.store)
        found += doubts.of_imports(shapes)
        found += doubts.of_context(data.unread)
        found += [
            Doubt("unseen-file", name, "no shape looked at any node of this file", file=name)
            for name in unseen
        ]
    return Report(
        findings=tuple(
            assemble(results, data, asked, outcome, options.placed, places or FilePlaces(data.sources))
        ),
        triples=data.triples,
        shapes=len(_applied(asked)),
        results=tuple(results),
        doubts=tuple(placed(dict.fromkeys(found), shapes)),
        errors=data.errors,
        files=len(data.sources),
        home=data.sources[0].name if data.sources else "",
        delegated=tuple((shape.node.value, reason) for shape, reason in outcome.plan.delegated),
    )


def placed(found: Iterable[Doubt], shapes: model.Shapes) -> list[Doubt]:
    """The doubts, each with the place of its shape, in the order of places."""
    return sorted(_placed(list(found), shapes), key=lambda doubt: (doubt.file, doubt.line, doubt.column))


def _placed(rows: Sequence[Doubt], shapes: model.Shapes) -> Iterator[Doubt]:
    spots = shape_places(shapes.sources, {row.node for row in rows if row.node is not None})
    for row in rows:
        spot = spots.focus(row.node) if row.node is not None else None
        if spot is None or not spot.file:
            # A file of shapes is the honest best place for a doubt about shapes.
            first = shapes.sources[0].name if shapes.sources else ""
            yield row if row.file else replace(row, file=first)
        else:
            yield replace(row, file=spot.file, line=spot.line, column=spot.column)


def _applied(shapes: model.Shapes) -> set[Term]:
    declared = {n for n in shapes.by_node if sh("NodeShape") in shapes.graph.all(n, TYPE)}
    return declared | {shape.node for shape in shapes.targeted}
