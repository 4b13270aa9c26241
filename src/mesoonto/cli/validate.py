"""``mesoonto validate``."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mesoonto.errors import OutputError, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mesoonto.validation.data.store import Data
    from mesoonto.validation.report.findings import Report
    from mesoonto.validation.report.outputs import Style
    from mesoonto.validation.shapes.model import Shapes
    from mesoonto.validation.validate import Options

_FORMATS = ("text", "json", "sarif", "junit", "github", "markdown", "html", "turtle", "jsonld")


class _Output(click.ParamType[tuple[str, Path | None]]):
    """A format, or ``format=FILE``."""

    name = "format[=file]"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Path | None]:
        if isinstance(value, tuple):
            return value
        form, equals, file = str(value).partition("=")
        if form not in _FORMATS:
            self.fail(f"{form!r} is no format; choose from {', '.join(_FORMATS)}", param, ctx)
        if equals and not file:
            self.fail(f"{value!r} names no file", param, ctx)
        return form, Path(file) if file else None


@click.command()
@click.argument("data", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--shapes",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Shapes to check against, in place of the shipped ones; may be given several times.",
)
@click.option(
    "--ontology",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A file of classes and properties that are known and not checked; may be given several times.",
)
@click.option(
    "--engine",
    type=click.Choice(["auto", "oxigraph", "pyshacl"]),
    default="auto",
    show_default=True,
    help="Compile the shapes to SPARQL and leave the rest to pySHACL; or refuse a rest; or pySHACL for all.",
)
@click.option(
    "--format",
    "outputs",
    type=_Output(),
    multiple=True,
    default=("text",),
    help="How to report, to the terminal or to a file; may be given several times.  [default: text]",
)
@click.option(
    "--fail-on",
    type=click.Choice(["violation", "warning", "info"]),
    default="violation",
    show_default=True,
    help="The mildest severity that makes the run fail.",
)
@click.option(
    "--strict/--no-strict",
    default=None,
    help="Fail when the validation may have passed by accident: a shape without target, an unknown class, "
    "property or term of SHACL, a file that no shape looked at. The default where CI=true.",
)
@click.option("--coverage", is_flag=True, help="Tell what the shapes looked at, and what none looked at.")
@click.option(
    "--self-test",
    is_flag=True,
    help="Break good examples in DATA in each constraint; tell which go unnoticed.",
)
@click.option(
    "--changed-since",
    metavar="REV",
    help="Check only what differs from this git revision, and what depends on it.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="Findings of one cause to list; 0 lists all.",
)
@click.option("--warnings", is_flag=True, help="List each warning, not only how many there are of a kind.")
@click.option(
    "--document",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write documentation of the shapes, in Markdown, in place of validating.",
)
@click.option(
    "--examples",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="With --document: a folder of <Shape>/valid_*.ttl and <Shape>/invalid_*.ttl.",
)
def validate(
    data: tuple[Path, ...],
    shapes: tuple[Path, ...],
    ontology: tuple[Path, ...],
    engine: str,
    outputs: tuple[tuple[str, Path | None], ...],
    fail_on: str,
    strict: bool | None,
    coverage: bool,
    self_test: bool,
    changed_since: str | None,
    limit: int,
    warnings: bool,
    document: Path | None,
    examples: Path | None,
) -> None:
    """Check the RDF files DATA against SHACL shapes.

    DATA are files, folders and patterns: Turtle, N-Triples, N-Quads, TriG, N3, RDF/XML and JSON-LD, each also
    packed with gzip (.gz) or Zstandard (.zst). Without DATA the shipped ontology and records are checked,
    without --shapes the shipped shapes are used. Both may be yours:

    \b
      mesoonto validate my_records.ttl
      mesoonto validate --shapes my_shapes.ttl my_data.ttl
      mesoonto validate --format text --format sarif=findings.sarif records/
      mesoonto validate --changed-since origin/main
      mesoonto validate --coverage --strict 'records/**/*.ttl'

    A finding has the place in the file, the value, what was expected, and a mend where one is likely. A doubt
    is a reason why a report without findings may mean nothing; with --strict it fails the run. Do the shapes
    notice what they should? --self-test breaks good examples, one constraint at a time, to see:

    \b
      mesoonto validate --self-test --shapes my_shapes.ttl good_examples/

    \b
    Formats:
      text      for people: the line as it stands in the file, a mend
      json      every finding with all its fields, one a line
      sarif     SARIF 2.1.0, for code scanning
      junit     JUnit XML, for test reports
      github    annotations beside the lines of a pull request
      markdown  a summary for a pull request
      html      one page that needs nothing else
      turtle    the report in the vocabulary of SHACL; jsonld, too

    \b
    Exit codes:
      0  the data conform
      1  they do not (--fail-on says from which severity on), or --strict has a doubt
      2  the run itself is wrong: data or shapes cannot be read or used

    A template for a record that conforms: mesoonto new --help
    """
    from mesoonto.validation.engine.plan import Engine
    from mesoonto.validation.report.findings import Severity
    from mesoonto.validation.report.outputs import Style
    from mesoonto.validation.validate import Options

    if document is not None:
        _document(document, shapes, examples)
        return
    wanted = os.environ.get("CI") == "true" if strict is None else strict
    style = Style(
        limit=limit,
        strict=wanted,
        threshold=Severity[fail_on.upper()],
        colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ,
        warnings=warnings or fail_on != "violation",
    )
    with _Progress() as progress:
        options = Options(
            engine=Engine(engine), coverage=coverage, doubts=True, ontology=ontology, progress=progress.read
        )
        if self_test:
            raise SystemExit(_self_test(data, shapes, options))
        report = _run(data, shapes, options, changed_since, progress)
    _write(report, style, outputs)
    if coverage:
        click.echo("\n".join(_coverage(report)))
    raise SystemExit(1 if style.failed(report) else 0)


def _run(
    data: tuple[Path, ...],
    shapes: tuple[Path, ...],
    options: Options,
    changed_since: str | None,
    progress: _Progress,
) -> Report:
    from mesoonto.validation.changed_since import since
    from mesoonto.validation.validate import check

    loaded, read = _read(data, shapes, options)
    progress.say(f"{loaded.triples:,} statements read; checking ...")
    if changed_since is None:
        return check(loaded, read, options)
    found = since(changed_since, loaded, read)
    several = "everything" if found.affected is None else f"{len(found.affected)} nodes"
    click.echo(f"{len(found.changed)} nodes differ from {changed_since}; checking {several}", err=True)
    return check(loaded, read, options, found.affected)


def _read(data: tuple[Path, ...], shapes: tuple[Path, ...], options: Options) -> tuple[Data, Shapes]:
    """The data and the shapes, the shipped ones where none are named."""
    from mesoonto import resources
    from mesoonto.files import rdf
    from mesoonto.validation.validate import load, read_shape_files

    read = read_shape_files(shapes or resources.shape_files())
    loaded = load(rdf.find(data or (*resources.module_files(), *resources.record_files())), options)
    _keep(loaded)
    return loaded, read


def _keep(data: Data) -> None:
    """Never free *data*, which takes half a second for a million statements: the process is about to end."""
    held: list[object] = [data]
    held.append(held)
    gc.freeze()


def _write(report: Report, style: Style, outputs: tuple[tuple[str, Path | None], ...]) -> None:
    from dataclasses import replace

    from mesoonto.validation.report.outputs import outputs as known

    for form, file in outputs:
        text = known()[form].write(report, style if file is None else replace(style, colour=False))
        if file is None:
            click.echo(text, nl=False)
            continue
        _save(file, text)


def _save(file: Path, text: str) -> None:
    """Write *file*, whole or not at all."""
    partial = file.with_name(f"{file.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(file)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OutputError((error.strerror or str(error)).lower(), Place(str(file))) from error


def _document(file: Path, shapes: tuple[Path, ...], examples: Path | None) -> None:
    from mesoonto import resources
    from mesoonto.validation.advice.document import document

    generated = "<!-- GENERATED by: mesoonto validate --document -->\n"
    _save(file, generated + document(shapes or resources.shape_files(), examples))
    click.echo(f"wrote {file}")


def _coverage(report: Report) -> Iterator[str]:
    found = report.coverage
    yield ""
    yield "focus nodes  engine    shape"
    for shape in found.shapes:
        label = f"  {shape.label}" if shape.label else ""
        reason = f"  ({shape.reason})" if shape.reason else ""
        nothing = "" if shape.focus_nodes else "  matched nothing"
        yield f"{shape.focus_nodes:>11}  {shape.engine:<8}  {shape.shape}{label}{nothing}{reason}"
    yield f"{found.nodes_seen} of {found.nodes} described nodes were looked at"
    for name, number in found.unseen_classes:
        yield f"  no shape looked at {number} of class {name}"
    for name, number in found.unseen_predicates:
        yield f"  no shape names the property {name}, used {number} times"


def _self_test(data: tuple[Path, ...], shapes: tuple[Path, ...], options: Options) -> int:
    from mesoonto.validation.advice import selftest

    loaded, read = _read(data, shapes, options)
    counts = {"told": 0, "silent": 0, "untested": 0}
    for trial in selftest.self_test(loaded, read):
        counts[trial.outcome] += 1
        if trial.outcome != "told":
            click.echo(f"{trial.outcome}: {trial.shape}: {trial.constraint}: {trial.how}")
    click.echo(", ".join(f"{number} {outcome}" for outcome, number in counts.items()))
    return 1 if counts["silent"] or not counts["told"] else 0


class _Progress:
    """Tells on the terminal, and only there, how far a long run has come."""

    def __init__(self) -> None:
        self._shown = False

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            click.echo("\r\033[K", err=True, nl=False)

    def read(self, statements: int) -> None:
        """Tell how many statements were read."""
        self.say(f"{statements:,} statements read")

    def say(self, text: str) -> None:
        """Show *text* in place of what was shown before."""
        if sys.stderr.isatty():
            self._shown = True
            click.echo(f"\r\033[K{text}", err=True, nl=False)
