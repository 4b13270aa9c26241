"""What somebody asks of a validation, at whatever door: one option, one behaviour."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from mesoonto import extras
from mesoonto.errors import InputError, MesoontoError
from mesoonto.files import catalog, network
from mesoonto.validation import inference, timeout
from mesoonto.validation.engine.plan import EngineChoice
from mesoonto.validation.inputs import SYNTAXES, Reading
from mesoonto.validation.report.findings import Report, Severity
from mesoonto.validation.report.outputs import Style
from mesoonto.validation.validate import PLACED, Options, check, data_sources, load, read_shape_files

#: Kinds of doubt, which ``--ignore`` names.
DOUBTS = (
    "deactivated", "no-constraint", "no-shapes", "no-target", "not-evaluated", "not-imported",
    "undefined-shape", "unknown-class", "unknown-property", "unknown-term", "unread-context",
    "unseen-file", "unused-property",
)  # fmt: skip

_TRUE = frozenset(("1", "true", "yes", "on", ""))
_FALSE = frozenset(("0", "false", "no", "off"))
_INTEGER = re.compile("[0-9]{1,9}")
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")

#: Of what is set by a door itself, and by nobody who asks.
_INNER = {"inner": True}


@dataclass(frozen=True, slots=True)
class ValidationRequest:
    """The options of a validation, as they are written at every door."""

    shapes: tuple[str | Path, ...] = ()  #: the shipped shapes without any
    ontology: tuple[str | Path, ...] = ()
    context: tuple[str | Path, ...] = ()
    catalog: tuple[str | Path, ...] = ()
    engine: str = "auto"
    fail_on: str = "violation"
    strict: bool = False
    ignore: tuple[str, ...] = ()  #: kinds of doubt that are not told
    focus: tuple[str, ...] = ()
    shape: tuple[str, ...] = ()
    limit: int = 20
    inference: str = ""
    repeat_rules: bool = False
    data_format: str = ""
    allow_network: bool = False
    changed_since: str = ""
    coverage: bool = False
    warnings: bool = False
    timeout: float = 0.0  #: seconds after which the validation is ended; 0 for never
    placed: int = field(default=PLACED, metadata=_INNER)
    scheduler: str = field(default="", metadata=_INNER)  #: of the Dask cluster that validates
    local: bool = field(default=True, metadata=_INNER)  #: whether shapes may import files by their addresses

    def __post_init__(self) -> None:
        if self.fail_on.upper() not in Severity.__members__:
            raise InputError(f"{self.fail_on} is no severity; choose from violation, warning, info")
        if self.engine not in {engine.value for engine in EngineChoice}:
            raise InputError(f"{self.engine} is no engine; choose from auto, oxigraph, pyshacl")
        if self.data_format and self.data_format not in SYNTAXES:
            raise InputError(f"{self.data_format} is no syntax; choose from {', '.join(SYNTAXES)}")
        if self.inference not in ("", *inference.REGIMES):
            raise InputError(f"{self.inference} is no inference; choose from {', '.join(inference.REGIMES)}")
        if not 0 <= self.timeout <= timeout.LONGEST:
            raise InputError(f"timeout: {self.timeout:g} is no number of seconds up to {timeout.LONGEST:,}")
        for kind in self.ignore:
            if kind not in DOUBTS:
                raise InputError(f"{kind} is no kind of doubt; choose from {', '.join(DOUBTS)}")

    @property
    def style(self) -> Style:
        """How the report is told."""
        return Style(
            limit=self.limit,
            strict=self.strict,
            threshold=Severity[self.fail_on.upper()],
            warnings=self.warnings or self.fail_on != "violation",
        )

    def options(self, progress: Callable[[int], None] | None = None, *, tolerant: bool = False) -> Options:
        """How to validate."""
        fetch = network.fetch if self.allow_network else None
        at_hand = catalog.read([Path(file) for file in self.catalog], fetch)
        return Options(
            engine=EngineChoice(self.engine),
            coverage=self.coverage,
            doubts=True,
            placed=self.placed,
            ontology=self.ontology,
            context=self.context,
            reading=Reading(at_hand, self.local, self.data_format),
            inference=self.inference,
            repeat_rules=self.repeat_rules,
            focus=self.focus,
            shape=self.shape,
            tolerant=tolerant,
            progress=progress,
        )


def names() -> tuple[str, ...]:
    """The options as they are written, such as ``fail-on``."""
    options = (option for option in fields(ValidationRequest) if not option.metadata)
    return tuple(option.name.replace("_", "-") for option in options)


def from_words(words: Mapping[str, Sequence[str]]) -> ValidationRequest:
    """The request that *words*, texts by the names of options, make.

    Raises InputError for a name that no option has, and for a word that an option does not take.
    """
    known = names()
    for name in words:
        if name.replace("_", "-") not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}" if near else f"choose from {', '.join(known)}"
            raise InputError(f"{name} is no option; {hint}")
    given: dict[str, object] = {}
    for option in fields(ValidationRequest):
        values = words.get(option.name.replace("_", "-")) or words.get(option.name)
        if values:
            given[option.name] = _value(option.name, option.default, values)
    return ValidationRequest(**given)  # type: ignore[arg-type]


def _value(name: str, default: object, values: Sequence[str]) -> object:
    """What *values* mean for the option called *name*, which has the type of its *default*."""
    last = values[-1]
    if isinstance(default, bool):
        if last.lower() not in _TRUE | _FALSE:
            raise InputError(f"{name}: {last} is neither true nor false")
        return last.lower() in _TRUE
    if isinstance(default, tuple):
        return tuple(part for value in values for part in value.split())
    if not isinstance(default, int | float):
        return last
    number = _INTEGER if isinstance(default, int) else _NUMBER
    if not number.fullmatch(last):
        raise InputError(f"{name}: {last} is no number")
    return type(default)(last)


def judge(
    data: Sequence[str | Path],
    request: ValidationRequest,
    progress: Callable[[int], None] | None = None,
    say: Callable[[str], None] | None = None,
    held: list[object] | None = None,
    advance: Callable[[int, int], None] | None = None,
) -> Report:
    """The report on *data*; what cannot be read or used is in it as an error, so that it can be written.

    *say* is given a line on what has changed, where only that is checked; *held*, for those whose process is
    about to end, keeps the data from being freed; *advance* is told how far a cluster has come. Where the
    request bounds the time, *progress* and *say* are called in another process, and *advance* is not.
    """
    try:
        if request.timeout:
            unbounded = replace(request, timeout=0.0)
            return timeout.limited(request.timeout, judge, data, unbounded, progress, say)
        report = _on_cluster(data, request, say, advance) if request.scheduler else None
        report = report or _judged(data, request, progress, say, held)
    except MesoontoError as error:
        report = Report((), 0, 0, errors=(error,), home=str(data[0]) if data else "")
    return report.without(request.ignore)


def _on_cluster(
    data: Sequence[str | Path],
    request: ValidationRequest,
    say: Callable[[str], None] | None,
    advance: Callable[[int, int], None] | None,
) -> Report | None:
    """The report by the cluster that *request* names; None, which is said, where it cannot be had there."""
    extras.need("cluster", "--scheduler")
    from mesoonto.validation.cluster import runners, validation

    options = request.options(tolerant=True)
    shapes = read_shape_files(request.shapes, options)
    reason = "only a change is checked" if request.changed_since else validation.why_not(shapes, options)
    try:
        if not reason:
            sources = data_sources(data, options)
            with runners.on_dask(request.scheduler, advance) as runner:
                return validation.validate(sources, shapes, options, runner)
    except validation.InseparableError as error:
        reason = error.message
    if say is not None:
        say(f"validated on one machine: {reason}")
    return None


def _judged(
    data: Sequence[str | Path],
    request: ValidationRequest,
    progress: Callable[[int], None] | None,
    say: Callable[[str], None] | None,
    held: list[object] | None,
) -> Report:
    from mesoonto.validation.changed_since import since

    options = request.options(progress, tolerant=True)
    shapes = read_shape_files(request.shapes, options)
    loaded = load(data_sources(data, options), options)
    if loaded.errors and not loaded.sources:
        return Report(
            (),
            0,
            0,
            errors=loaded.errors,
            home=loaded.errors[0].place.source if loaded.errors[0].place else "",
        )
    if held is not None:
        held.append(loaded)
    if not request.changed_since:
        return check(loaded, shapes, options)
    found = since(request.changed_since, loaded, shapes, [*(data or ()), *request.context])
    if say is not None:
        several = "everything" if found.affected is None else f"{len(found.affected)} nodes"
        say(f"{len(found.changed)} nodes differ from {request.changed_since}; checking {several}{found.why}")
    return check(loaded, shapes, options, found.affected)
