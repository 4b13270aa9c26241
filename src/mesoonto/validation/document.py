"""Documentation of a profile, generated from its shapes, with a good and a bad example of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import pyoxigraph as ox

from mesoonto.files import turtle
from mesoonto.files.rdf import from_path
from mesoonto.files.terms import OWL, RDF, TYPE, Term
from mesoonto.validation.data import store as data_files
from mesoonto.validation.data.graph import brief
from mesoonto.validation.data.vocabulary import SH
from mesoonto.validation.engine import sparql_constraints
from mesoonto.validation.report.findings import Finding
from mesoonto.validation.report.outputs import shown
from mesoonto.validation.shapes import model
from mesoonto.validation.shapes.wording import in_words
from mesoonto.validation.validate import Options, check, data_sources, load, read_shape_files

_DCTERMS = "http://purl.org/dc/terms/"
#: What is found in an example.
Findings = Callable[[Path], tuple[Finding, ...]]

_EXPECT = re.compile(r"^# expect: (\S+)$", re.MULTILINE)


def document(shapes: Sequence[Path], examples: Path | None = None, findings: Findings | None = None) -> str:
    """The profile that *shapes* make up, in Markdown.

    *examples* is a folder with ``<Shape>/valid_<what>.ttl`` and ``<Shape>/invalid_<why>.ttl``, the latter
    with lines ``# expect: <shape>``: a good record is shown for each shape, a bad one for each constraint.
    *findings* tells what the shapes find in an example, for who has validated them all already.
    """
    read = read_shape_files(shapes)

    @cache
    def found(path: Path) -> tuple[Finding, ...]:
        options = Options()
        return tuple(check(load(data_sources([path], options), options), read, options).findings)

    lines = [*_head(read), *_contents(read)]
    for shape in _in_order(read):
        lines += _shape(shape, read, findings or found, examples)
    return "\n".join(lines).rstrip() + "\n"


def _head(shapes: model.Shapes) -> Iterator[str]:
    """Title, version and licence from the ontology header among the shapes, if there is one."""
    graph = shapes.graph
    headers = [s for s in graph.subjects() if ox.NamedNode(f"{OWL}Ontology") in graph.all(s, TYPE)]
    header = headers[0] if headers else None

    def value(iri: str) -> str:
        found = graph.all(header, ox.NamedNode(iri)) if header is not None else []
        return found[0].value if found else ""

    yield f"# {value(f'{_DCTERMS}title') or 'Shapes'}"
    yield ""
    if header is None:
        return
    yield value(f"{_DCTERMS}description")
    yield ""
    rows = {
        "profile": header.value,
        "version": value(f"{OWL}versionIRI"),
        "licence": value(f"{_DCTERMS}license"),
    }
    yield from (f"- {name}: <{iri}>" for name, iri in rows.items() if iri)
    yield ""


def _in_order(shapes: model.Shapes) -> list[model.Shape]:
    return sorted(shapes.targeted, key=lambda shape: brief(shape.node))


def _contents(shapes: model.Shapes) -> Iterator[str]:
    for shape in _in_order(shapes):
        label = f": {shape.label}" if shape.label else ""
        yield f"- [{brief(shape.node)}](#{_anchor(brief(shape.node))}){label}"
    yield ""


def _anchor(title: str) -> str:
    """The anchor that Markdown renderers make of a heading."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _shape(
    shape: model.Shape, shapes: model.Shapes, findings: Findings, examples: Path | None
) -> Iterator[str]:
    yield f"## {brief(shape.node)}"
    yield ""
    label = f"**{shape.label}**. " if shape.label else ""
    yield f"{label}Looks at {', '.join(map(_target, shape.targets))}."
    yield ""
    name = brief(shape.node).rpartition(":")[2]
    folder = examples / name.partition("-")[0] if examples is not None else None
    good = sorted(folder.glob("valid_*.ttl")) if folder is not None else []
    if good and "-" not in name:
        yield "A good record:"
        yield ""
        yield from _fenced(_statement(good[0], shape))
    bad = _bad_examples(folder)
    yield from _constraints(shape, findings, bad)
    for constraint in shape.constraints:
        if isinstance(constraint, model.Nested):
            yield from _property(shapes.by_node[constraint.shape], findings, bad)


def _target(target: model.Target) -> str:
    match target.kind:
        case "class":
            return f"instances of `{brief(target.term)}`" if target.term else ""
        case "subjects":
            return f"subjects of `{brief(target.term)}`" if target.term else ""
        case "objects":
            return f"objects of `{brief(target.term)}`" if target.term else ""
        case "query":
            return "what a query selects: `" + " ".join(target.query.split()) + "`"
    return f"`{brief(target.term)}`" if target.term else ""


def _constraints(shape: model.Shape, findings: Findings, bad: dict[str, Path]) -> Iterator[str]:
    own = [c for c in shape.constraints if not isinstance(c, model.Nested)]
    if not own:
        return
    yield from _rule(shape, own)
    yield from _bad_example(shape, findings, bad)


def _property(shape: model.Shape, findings: Findings, bad: dict[str, Path]) -> Iterator[str]:
    title = brief(shape.node) if isinstance(shape.node, ox.NamedNode) else str(shape.path)
    yield f"### {title}"
    yield ""
    yield f"Property `{shape.path}`."
    yield ""
    yield from _rule(shape, list(shape.constraints))
    yield from _bad_example(shape, findings, bad)


def _rule(shape: model.Shape, constraints: list[model.Constraint]) -> Iterator[str]:
    severity = shape.severity.removeprefix(SH)
    for message in shape.messages:
        yield f"> {message.value}"
        yield ""
    for constraint in constraints:
        yield f"- {_marked(constraint)}"
    if severity != "Violation":
        yield f"- severity: {severity}"
    yield ""


def _marked(constraint: model.Constraint) -> str:
    """*constraint* in words; a pattern as code, since Markdown would read its brackets and stars."""
    words = in_words(constraint)
    if isinstance(constraint, model.Pattern):
        return words.replace(constraint.pattern, f"`{constraint.pattern}`")
    return words


def _bad_examples(folder: Path | None) -> dict[str, Path]:
    """For each shape that an example announces, the example that announces the fewest."""
    found: dict[str, tuple[int, Path]] = {}
    for path in sorted(folder.glob("invalid_*.ttl")) if folder is not None else []:
        announced = _EXPECT.findall(path.read_text(encoding="utf-8"))
        for shape in announced:
            if shape not in found or len(announced) < found[shape][0]:
                found[shape] = (len(announced), path)
    return {shape: path for shape, (_, path) in found.items()}


def _bad_example(shape: model.Shape, findings: Findings, bad: dict[str, Path]) -> Iterator[str]:
    path = bad.get(brief(shape.node))
    if path is None:
        return
    finding = next((f for f in findings(path) if shown(f.shape) == brief(shape.node)), None)
    if finding is None:
        return
    why = path.stem.removeprefix("invalid_").replace("_", " ")
    yield f"A bad example ({why}):"
    yield ""
    yield from _fenced([finding.source.strip()])
    if finding.suggestion:
        yield f"Suggested: {finding.suggestion}."
        yield ""


def _statement(path: Path, shape: model.Shape) -> list[str]:
    """The lines of the first record in *path* that the shape looks at."""
    source = from_path(path)
    text = source.text()
    focus = _first_focus(path, shape)
    places = [
        (t.subject_at, t.object_at)
        for t in turtle.read(text, path.resolve().as_uri(), 0)
        if t.subject == focus
    ]
    if not places:
        return text.splitlines()
    start = text.rfind("\n", 0, places[0][0]) + 1
    end = text.find(" .\n", places[-1][1])
    return text[start : end + 2 if end >= 0 else len(text)].splitlines()


def _first_focus(path: Path, shape: model.Shape) -> Term | None:
    classes = {target.term for target in shape.targets if target.kind == "class"}
    store = data_files.load([from_path(path)]).store
    for quad in store.quads_for_pattern(None, ox.NamedNode(f"{RDF}type"), None):
        if quad.object in classes and not isinstance(quad.subject, ox.Triple):
            return quad.subject
    query = next((target.query for target in shape.targets if target.kind == "query"), None)
    return min(sparql_constraints.target_nodes(query, store, store), key=str, default=None) if query else None


def _fenced(lines: list[str]) -> Iterator[str]:
    yield "```turtle"
    yield from lines
    yield "```"
    yield ""
