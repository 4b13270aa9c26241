"""``mesoonto validate``."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mesoonto.files.replacing import replacing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mesoonto.validation.report.findings import Report
    from mesoonto.validation.report.outputs import Style
    from mesoonto.validation.request import ValidationRequest

#: Exit code for data, shapes or options that cannot be used.
UNUSABLE = 2

_SYNTAXES = ("turtle", "ntriples", "nquads", "trig", "n3", "rdfxml", "jsonld")
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
@click.argument("data", nargs=-1)
@click.option(
    "--shapes",
    multiple=True,
    help="Shapes to check against, in place of the shipped ones; may be given several times.",
)
@click.option(
    "--ontology",
    multiple=True,
    help="A file or folder of classes and properties that are known and not checked; several times.",
)
@click.option(
    "--context",
    multiple=True,
    help="A file or folder of data that are known and not checked, such as the rest of a repository; "
    "several times. What DATA name is checked all the same.",
)
@click.option(
    "--catalog",
    multiple=True,
    type=click.Path(path_type=Path),
    help="An XML catalog (OASIS, as of Protégé): the files of imported graphs and of JSON-LD contexts.",
)
@click.option("--allow-network", is_flag=True, help="Fetch what is named by an address and is in no catalog.")
@click.option(
    "--data-format",
    type=click.Choice(_SYNTAXES),
    help="The syntax of DATA, in place of what the endings of files tell; needed for standard input (-).",
)
@click.option(
    "--inference",
    type=click.Choice(["rdfs", "owlrl"]),
    help="Add what RDFS or OWL 2 RL lets one conclude before checking.",
)
@click.option("--repeat-rules", is_flag=True, help="Run rules of shapes until nothing new comes, not once.")
@click.option("--focus", multiple=True, metavar="IRI", help="Check only this node; several times.")
@click.option("--shape", multiple=True, metavar="IRI", help="Check only by this shape; several times.")
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
@click.option("--ignore", multiple=True, metavar="KIND", help="A kind of doubt not to tell; several times.")
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
    "--scheduler",
    metavar="ADDRESS",
    help="Validate on the Dask cluster with this scheduler, or by processes of this machine: local, local:N.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="End a run that takes longer, with exit code 2, and name the shape that was under way.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="Findings of one cause to list; 0 lists all, of doubts too.",
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
    data: tuple[str, ...],
    outputs: tuple[tuple[str, Path | None], ...],
    strict: bool | None,
    self_test: bool,
    changed_since: str | None,
    document: Path | None,
    examples: Path | None,
    data_format: str | None,
    inference: str | None,
    timeout: float | None,
    scheduler: str | None,
    **words: Any,
) -> None:
    """Check the RDF files DATA against SHACL shapes.

    DATA are files, folders, patterns, and - for standard input: Turtle, N-Triples, N-Quads, TriG, N3, RDF/XML
    and JSON-LD, each also packed with gzip (.gz) or Zstandard (.zst). Without DATA the shipped ontology and
    records are checked, without --shapes the shipped shapes are used. Both may be yours:

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
    if document is not None:
        _document(document, words["shapes"], examples)
        return
    from mesoonto.validation.request import ValidationRequest

    request = ValidationRequest(
        strict=os.environ.get("CI") == "true" if strict is None else strict,
        changed_since=changed_since or "",
        data_format=data_format or "",
        inference=inference or "",
        timeout=timeout or 0.0,
        scheduler=scheduler or "",
        **words,
    )
    if self_test:
        raise SystemExit(_self_test(data, request))
    _judge(data, request, outputs)


def _judge(
    data: tuple[str, ...], request: ValidationRequest, outputs: tuple[tuple[str, Path | None], ...]
) -> None:
    """Validate, write and leave with the exit code."""
    from mesoonto.cli.progress import progress as bar
    from mesoonto.validation.request import judge

    # Nearly all that is made lives until the end, and hardly any of it in circles: looking for circles at
    # every step took a tenth of the time.
    gc.set_threshold(100_000, 50, 100)
    held: list[object] = []
    with _Progress() as progress, bar("validated") if request.scheduler else nullcontext() as advance:
        report = judge(data, request, progress.read, _say, held, advance)
    code = _tell(report, request, outputs)
    # The process is about to end: freeing a million statements takes half a second.
    held.append(held)
    gc.freeze()
    raise SystemExit(code)


def _say(line: str) -> None:
    click.echo(line, err=True)


def _tell(report: Report, request: ValidationRequest, outputs: tuple[tuple[str, Path | None], ...]) -> int:
    """Write *report* to all *outputs*; the exit code that it leads to."""
    from dataclasses import replace

    for error in report.errors:
        click.echo(f"mesoonto: {error}", err=True)
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    _write(report, replace(request.style, colour=colour), outputs)
    if request.coverage:
        click.echo("\n".join(_coverage(report)))
    return UNUSABLE if report.errors else int(request.style.failed(report))


def _write(report: Report, style: Style, outputs: tuple[tuple[str, Path | None], ...]) -> None:
    from dataclasses import replace

    from mesoonto.validation.report.outputs import outputs as known

    for form, file in outputs:
        if form == "text" and file is None and report.errors and not report.triples:
            continue  # standard error has told it
        text = known()[form].write(report, style if file is None else replace(style, colour=False))
        if file is None:
            click.echo(text, nl=False)
            continue
        _save(file, text)


def _save(file: Path, text: str) -> None:
    """Write *file*, whole or not at all."""
    with replacing(file) as partial:
        partial.write_text(text, encoding="utf-8")


def _document(file: Path, shapes: tuple[str, ...], examples: Path | None) -> None:
    from mesoonto import resources
    from mesoonto.validation.document import document

    generated = "<!-- GENERATED by: mesoonto validate --document -->\n"
    _save(file, generated + document([Path(file) for file in shapes] or resources.shape_files(), examples))
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


def _self_test(data: tuple[str, ...], request: ValidationRequest) -> int:
    """Tell which constraints do not notice that they are broken; the exit code."""
    from dataclasses import replace

    from mesoonto.validation.timeout import limited

    if request.timeout:
        return limited(request.timeout, _self_test, data, replace(request, timeout=0.0))
    from mesoonto.validation.advice import selftest
    from mesoonto.validation.validate import data_sources, load, read_shape_files

    options = request.options()
    read = read_shape_files(request.shapes, options)
    loaded = load(data_sources(data, options), options)
    counts = {"reported": 0, "silent": 0, "untested": 0}
    for trial in selftest.self_test(loaded, read):
        counts[trial.outcome] += 1
        if trial.outcome != "reported":
            click.echo(f"{trial.outcome}: {trial.shape}: {trial.constraint}: {trial.how}")
    click.echo(", ".join(f"{number} {outcome}" for outcome, number in counts.items()))
    return 1 if counts["silent"] or not counts["reported"] else 0


class _Progress:
    """Tells on the terminal, and only there, how far a long run has come; perhaps from another process."""

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if sys.stderr.isatty():
            click.echo("\r\033[K", err=True, nl=False)

    def read(self, statements: int) -> None:
        """Tell how many statements were read."""
        if sys.stderr.isatty():
            click.echo(f"\r\033[K{statements:,} statements read", err=True, nl=False)
