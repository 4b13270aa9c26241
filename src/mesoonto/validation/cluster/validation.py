"""Validates data in parts, with the result that they have as a whole.

Parts are pieces of the files as they lie, so that what stands together is judged together, and each is read
by the worker that judges it. What a part says of a node that other parts mention too, and what follows from
there on the ways on which shapes look, goes to all parts (`Border`): with it, a part has all that decides on
its own focus nodes. A node belongs to the first part that mentions it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

import pyoxigraph as ox

from mesoonto.errors import InputError, MesoontoError
from mesoonto.files.places import Locator, add_mentions
from mesoonto.files.rdf import Source
from mesoonto.files.terms import Term
from mesoonto.validation import selection
from mesoonto.validation.cluster import part, sharing
from mesoonto.validation.cluster.part import Beside, Border, Job, Judgement, Survey
from mesoonto.validation.cluster.pieces import PIECE, cut
from mesoonto.validation.cluster.runners import Runner
from mesoonto.validation.data.literals import encode_term
from mesoonto.validation.data.ntriples import NT
from mesoonto.validation.data.store import Data
from mesoonto.validation.engine import reach
from mesoonto.validation.engine.evaluate import Evaluator
from mesoonto.validation.engine.plan import Outcome, Plan
from mesoonto.validation.report.findings import Report
from mesoonto.validation.shapes import model
from mesoonto.validation.validate import Options, add_background, background_terms, first_errors, told

#: Statements of a border that are always taken.
_SMALL_BORDER = 100_000

_BYTES_OF_DIGEST = 16


class InseparableError(MesoontoError):
    """Data or shapes that cannot be validated in parts; the message says why."""


def why_not(shapes: model.Shapes, options: Options) -> str:
    """Why a validation of this kind cannot be made in parts; empty when it can."""
    if options.inference:
        return "inference looks at all data"
    if options.coverage:
        return "coverage is measured over all data"
    if options.engine.value == "pyshacl":
        return "pySHACL looks at all data"
    if shapes.rules:
        return "its rules look at all data"
    if reach.of(shapes) is None:
        return "nobody can tell how far a query in its shapes looks"
    return ""


def validate(
    sources: Sequence[Source], shapes: model.Shapes, options: Options, runner: Runner, size: int = PIECE
) -> Report:
    """The report on *sources*, read in pieces of *size* bytes and judged by *runner*.

    Raises InseparableError when *shapes* look at all data, or the data are too much entangled; ClusterError.
    """
    if reason := why_not(shapes, options):
        raise InseparableError(reason)
    asked = selection.of_shapes(shapes, options.shape)
    far = reach.of(asked.shapes)
    assert far is not None  # noqa: S101  # a part of what can be told can be told
    job = Job(asked.shapes, far, options.engine, os.urandom(16), options.placed)
    run = _Run(sources, shapes, asked, options, runner, job, size)
    try:
        return run.report()
    finally:
        runner.everywhere(part.forget, run.job)


@dataclass(slots=True)
class _Run:
    """One validation, step by step."""

    sources: Sequence[Source]
    shapes: model.Shapes
    asked: selection.Selection
    options: Options
    runner: Runner
    job: Job
    size: int

    def report(self) -> Report:
        errors: list[InputError] = []
        # Handed over once, and made again by the cluster should it be lost.
        (job,) = self.runner.start(_same, [(self.job,)])
        whole: set[int] = set()
        left = dict(enumerate(self.sources))
        while True:
            pieces = [
                piece
                for piece in cut(self.sources, self.runner.workers, whole, self.size)
                if piece.file in left
            ]
            surveyed = self.runner.start(part.survey, [(job, n, piece) for n, piece in enumerate(pieces)])
            tellings = self.runner.start(itemgetter(0), [(each,) for each in surveyed])
            surveys: list[Survey] = self.runner.results(tellings)
            broken = {survey.piece.file for survey in surveys if survey.broken}
            torn = {survey.piece.file for survey in surveys if survey.is_torn}
            if not broken and not torn:
                break
            errors += first_errors([left.pop(file) for file in sorted(broken)])
            whole |= torn
            self.runner.everywhere(part.forget, self.job)
            self.job = replace(self.job, key=os.urandom(16))
            (job,) = self.runner.start(_same, [(self.job,)])
        if not surveys:
            place = errors[0].place if errors else None
            return Report((), 0, 0, errors=tuple(errors), home=place.source if place else "")
        return _Divided(self, job, surveys, surveyed, tellings, tuple(left.values()), tuple(errors)).report()


@dataclass(slots=True)
class _Divided:
    """What comes after all parts were read."""

    run: _Run
    job: Any
    surveys: list[Survey]
    surveyed: list[Any]
    tellings: list[Any]
    sources: tuple[Source, ...]
    errors: tuple[InputError, ...]

    def report(self) -> Report:
        run, runner, options = self.run, self.run.runner, self.run.options
        data = self._summary()
        beside, background = self._beside(data)
        shared = runner.start(
            _compared,
            [(runner.start(itemgetter(1), [(s,) for s in self.surveyed]), background)],
        )
        counts = runner.results(runner.start(_count, [(shared[0],)]))[0]
        statements = sum(survey.statements for survey in self.surveys)
        if counts > max(_SMALL_BORDER, statements // 20):
            raise InseparableError(
                f"{counts:,} times a part mentions a node of another; data sorted by subject can be divided"
            )
        commons = runner.start(_item, [(shared[0], n) for n in range(len(self.surveys))])
        borders = runner.start(
            part.border, [*zip(self._jobs(), self.tellings, commons, strict=True)], self.surveyed
        )
        (around,) = runner.start(part.joined, [(borders,)])
        border: Border = runner.results([around])[0]
        size = border.statements.count(b"\n")
        if size > max(_SMALL_BORDER, 2 * statements // len(self.surveys)):
            raise InseparableError(
                f"{size:,} statements are looked at from several parts; data sorted by subject can be divided"
            )
        data.triples = statements - _repeated(border)
        (besides,) = runner.start(_same, [(beside,)])
        rows = zip(self._jobs(), self.tellings, commons, strict=True)
        judged = runner.start(part.judge, [(*row, around, besides) for row in rows], self.surveyed)
        judgements: list[Judgement] = runner.results(judged)
        for judgement in judgements:
            data.include(judgement.support)
        unseen: Sequence[str] = ()
        if options.doubts and beside.only is None and not options.shape:
            unseen = self._unseen(judgements, border, around, besides)
        results = [r for j in judgements for r in j.results if run.asked.covers(r.shape)]
        evaluator = Evaluator(run.asked.shapes, data.store, data.by_value)
        delegated = tuple((run.asked.shapes.by_node[node], why) for node, why in judgements[0].delegated)
        outcome = Outcome(tuple(results), Plan((), delegated), evaluator)
        places = _Places(runner, self.surveys, judgements, border, self.sources)
        return told(data, run.shapes, run.asked.shapes, outcome, options, unseen, places)

    def _jobs(self) -> list[Any]:
        return [self.job] * len(self.surveys)

    def _summary(self) -> Data:
        """What the client has of the data: statements that show what words they know."""
        words = frozenset(word for survey in self.surveys for word in survey.words)
        data = Data(self.sources, ox.Store(), 0, False, words, errors=self.errors)
        for survey in self.surveys:
            data.include(survey.witnesses)
        return data

    def _beside(self, data: Data) -> tuple[Beside, sharing.Mentions]:
        """Add to *data* what is known besides them; what all parts need of that, and what it mentions."""
        run, runner = self.run, self.run.runner
        terms = background_terms(data, self.sources, run.options)
        terms |= {ox.NamedNode(iri) for iri in selection.iris(run.options.focus)}
        if terms:
            ordered = sorted(map(encode_term, terms), key=str)
            rows = zip(self._jobs(), self.tellings, strict=True)
            for text in runner.results(
                runner.start(part.witnesses, [(*row, ordered) for row in rows], self.surveyed)
            ):
                data.include(text)
        store = ox.Store()
        for added in add_background(data, self.sources, run.options):
            store.extend(ox.Quad(s, p, encode_term(o)) for s, p, o in added)  # type: ignore[arg-type]
        only = selection.of_nodes(data, run.options.focus, None)
        names = part.names_in(store, run.job.far)
        statements = ox.serialize((quad.triple for quad in store), format=NT) or b""
        return (
            Beside(statements, data.known, None if only is None else frozenset(only)),
            sharing.mentions(names, names.values(), run.job.key),
        )

    def _unseen(
        self, judgements: Sequence[Judgement], border: Border, around: Any, besides: Any
    ) -> list[str]:
        """The files of which shapes looked at no node."""
        by_part = [survey.piece.file for survey in self.surveys]
        looked_at = {file for file, judgement in zip(by_part, judgements, strict=True) if judgement.looked_at}
        if len(looked_at) < len(self.sources):
            rows = zip(self._jobs(), self.tellings, strict=True)
            answers = self.run.runner.results(
                self.run.runner.start(part.seen, [(*row, around, besides) for row in rows], self.surveyed)
            )
            for file, (here, names) in zip(by_part, answers, strict=True):
                looked_at |= {file} if here else set()
                looked_at |= {by_part[n] for name in names for n in border.homes.get(name, ())}
        files = dict.fromkeys(by_part)
        return [
            source.name for file, source in zip(files, self.sources, strict=True) if file not in looked_at
        ]


@dataclass(frozen=True, slots=True)
class _Places:
    """Finds places by the workers, each of which reads its piece again."""

    runner: Runner
    surveys: Sequence[Survey]
    judgements: Sequence[Judgement]
    border: Border
    sources: tuple[Source, ...]

    def locate(self, nodes: Collection[Term]) -> Locator:
        """The places of *nodes*."""
        found = Locator()
        if not nodes:
            return found
        asked: dict[int, set[Term]] = {n: set() for n in range(len(self.surveys))}
        for node, parts in ((node, self._parts(node)) for node in nodes):
            for number in asked if parts is None else parts:
                asked[number].add(node)
        numbers = [n for n, wanted in asked.items() if wanted]
        started = self.runner.start(
            part.locate, [(self.surveys[n].piece, frozenset(asked[n])) for n in numbers]
        )
        for number, some in zip(numbers, self.runner.results(started), strict=True):
            before = self._lines_before(number)
            for node, lines in some.described.items():
                found.described[node] += [line.moved(before) for line in lines]
            for node, spot in some.mentioned.items():
                found.mentioned.setdefault(node, spot)
            for node, home in some.homes.items():
                found.homes.setdefault(node, home)
        add_mentions(self.sources, nodes, found)
        return found

    def homes(self, nodes: Collection[Term]) -> dict[Term, str]:
        """The file that describes each of *nodes*."""
        if len(self.sources) == 1:
            return dict.fromkeys(nodes, self.sources[0].name)
        found: dict[Term, str] = {}
        for node in nodes:
            parts = self._parts(node)
            if parts:
                found[node] = self.surveys[min(parts)].piece.source.name
        return found

    def _parts(self, node: Term) -> Collection[int] | None:
        """The parts that describe *node*; None where nobody knows."""
        shared = self.border.homes.get(str(node).encode())
        if shared:
            return shared
        return next(([n] for n, j in enumerate(self.judgements) if node in j.homes), None)

    def _lines_before(self, number: int) -> int:
        """The lines of its file before a part."""
        file = self.surveys[number].piece.file
        return sum(survey.lines for survey in self.surveys[:number] if survey.piece.file == file)


def _repeated(border: Border) -> int:
    """How many statements parts have in common, each counted as often as it comes again."""
    size = _BYTES_OF_DIGEST
    digests = [border.digests[at : at + size] for at in range(0, len(border.digests), size)]
    return len(digests) - len(set(digests))


def _same(value: Any) -> Any:
    return value


def _item(found: Sequence[Any], number: int) -> Any:
    return found[number]


def _compared(parts: Sequence[sharing.Mentions], background: sharing.Mentions) -> list[sharing.Sharing]:
    return sharing.compare([*parts, background])


def _count(found: Sequence[sharing.Sharing]) -> int:
    """The nodes that are shared, each counted in every part."""
    return sum(len(each.shared) for each in found)
