"""Finds what a change since a git revision can have made wrong: changed nodes, and what looks at them."""

from __future__ import annotations

import fnmatch
import glob
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from mesoonto.errors import InputError
from mesoonto.files import git
from mesoonto.files.rdf import Source, syntax_of
from mesoonto.files.terms import SUBCLASS, Term
from mesoonto.validation.data import store as data_files
from mesoonto.validation.data.store import Data
from mesoonto.validation.engine.evaluate import Evaluator
from mesoonto.validation.engine.to_sparql import Focus
from mesoonto.validation.shapes import model
from mesoonto.validation.shapes.paths import Path as PropertyPath

_DEPTH = 20
_PACKED = (".gz", ".zst")


@dataclass(frozen=True, slots=True)
class Change:
    """What differs from a revision."""

    changed: frozenset[Term]  #: nodes whose description differs
    affected: frozenset[Term] | None  #: these and the focus nodes that look at them; None for everything
    why: str = ""  #: why everything is to be checked


def since(revision: str, data: Data, shapes: model.Shapes, named: Sequence[str | Path] = ()) -> Change:
    """What of *data* has changed since *revision* of the git repositories in which the files lie.

    *named* are the files, folders and patterns that were to be read: files that lay there and are gone are
    changes too. Where the shapes have changed, everything is to be checked.

    Raises InputError when a file is not in a repository, or the revision is unknown.
    """
    before = [s for source in data.sources if (s := _as_it_was(source, revision)) is not None]
    before += _deleted(named, data.sources, revision)
    past = data_files.load(before)
    old, new = _descriptions(past.store), _descriptions(data.store)
    names = {node for node in old.keys() | new.keys() if old.get(node) != new.get(node)}
    changed = {node for node in names if node not in data.known}
    if _shapes_differ(shapes, revision):
        return Change(frozenset(changed), None, ", as the shapes differ")
    if any(_places_a_class(node, store) for node in changed for store in (past.store, data.store)):
        return Change(frozenset(changed), None, ", as the tree of classes differs")
    inside = {n for node in changed for n in _inside(node, data.store)}
    affected = changed | inside | _dependents(changed | inside, data, shapes)
    return Change(frozenset(changed), frozenset(affected))


def _shapes_differ(shapes: model.Shapes, revision: str) -> bool:
    """Whether a file of shapes has other statements than it had; one outside of any repository has not."""
    for source in shapes.sources:
        if source.path is None or git.ask(source.path.resolve().parent, "rev-parse", "--git-dir") is None:
            continue
        before = _as_it_was(source, revision)
        if before is None or _lines(before) != _lines(source):
            return True
    return False


def _lines(source: Source) -> set[str]:
    """The statements of *source* as text, or its content where that is no RDF."""
    try:
        return {" ".join(map(str, row)) for row in data_files.read(source)}
    except InputError:
        with source.open() as stream:
            return {hashlib.sha256(stream.read()).hexdigest()}


def _deleted(named: Sequence[str | Path], sources: Sequence[Source], revision: str) -> list[Source]:
    """The files that *named* would have named in *revision* and that are no longer there."""
    there = {source.path.resolve() for source in sources if source.path is not None}
    found: list[Source] = []
    for argument in named:
        path = Path(argument)
        folder = next(p for p in (path, *path.parents) if p.is_dir()).resolve()
        listed = git.ask(
            folder, "ls-tree", "-r", "-z", "--name-only", "--end-of-options", revision, "--", "."
        )
        for name in (listed or b"").decode("utf-8", "replace").split("\0"):
            gone = folder / name
            if not name or gone in there or gone.exists() or not _matches(gone, path):
                continue
            syntax = syntax_of(gone)
            content = git.ask(folder, "show", f"{revision}:./{name}")
            if syntax is not None and content is not None and gone.suffix not in _PACKED:
                found.append(Source(f"{name} in {revision}", syntax, content=content))
                there.add(gone)
    return found


def _matches(gone: Path, argument: Path) -> bool:
    """Whether *argument*, a file, folder or pattern, named the file *gone*."""
    whole = argument.resolve()
    if argument.is_dir() or gone == whole:
        return syntax_of(gone) is not None and gone.suffix != ".json"
    return glob.has_magic(str(argument)) and fnmatch.fnmatch(str(gone), str(whole).replace("**/", "*"))


def _as_it_was(source: Source, revision: str) -> Source | None:
    """The file of *source* in *revision*; None when it did not exist."""
    if source.path is None:
        raise InputError("only files can be compared with a revision")
    path = source.path.resolve()
    folder = path.parent
    commit = git.commit(folder, revision)
    if commit is None:
        if git.ask(folder, "rev-parse", "--git-dir") is None:
            raise InputError(f"{source.name}: not in a git repository, so that it cannot be compared")
        raise InputError(f"{revision}: git knows no such revision")
    content = git.ask(folder, "show", f"{commit}:./{path.name}")
    if content is None:
        return None
    if path.suffix in _PACKED:
        raise InputError(f"{source.name}: a packed file cannot be compared with a revision")
    return Source(f"{source.name} in {revision}", source.syntax, content=content)


def _descriptions(store: ox.Store) -> dict[Term, str]:
    """For each node with a name its statements, blank nodes under it by what is under them."""
    rows: dict[Term, list[str]] = {}
    for quad in store.quads_for_pattern(None, None, None, ox.DefaultGraph()):
        if isinstance(quad.subject, ox.NamedNode) and not isinstance(quad.object, ox.Triple):
            text = _text_of(quad.object, store, 0)
            rows.setdefault(quad.subject, []).append(f"{quad.predicate} {text}")
    return {node: "\n".join(sorted(lines)) for node, lines in rows.items()}


def _text_of(term: Term, store: ox.Store, depth: int) -> str:
    if not isinstance(term, ox.BlankNode):
        return str(term)
    if depth > _DEPTH:
        return "[...]"
    lines = [
        f"{quad.predicate} {_text_of(quad.object, store, depth + 1)}"  # type: ignore[arg-type]
        for quad in store.quads_for_pattern(term, None, None, ox.DefaultGraph())
    ]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _places_a_class(node: Term, store: ox.Store) -> bool:
    """Whether *node* is placed below a class, which can move any instance in or out of a target."""
    if isinstance(node, ox.Literal):
        return False
    return next(iter(store.quads_for_pattern(node, SUBCLASS, None)), None) is not None


def _inside(node: Term, store: ox.Store) -> Iterator[Term]:
    """The blank nodes below *node*."""
    waiting, seen = [node], {node}
    while waiting:
        for quad in store.quads_for_pattern(waiting.pop(), None, None, ox.DefaultGraph()):  # type: ignore[arg-type]
            if isinstance(quad.object, ox.BlankNode) and quad.object not in seen:
                seen.add(quad.object)
                waiting.append(quad.object)
                yield quad.object


def _dependents(nodes: set[Term], data: Data, shapes: model.Shapes) -> set[Term]:
    """The focus nodes from which a path of their shape leads through one of *nodes*."""
    evaluator = Evaluator(shapes, data.store, data.by_value)
    changed = evaluator.node_set(nodes)
    found: set[Term] = set()
    for shape in shapes.targeted:
        focus = evaluator.focus(shape)
        parts = shapes.parts(shape)
        opaque = any(_is_opaque(constraint) for part in parts for constraint in part.constraints)
        if opaque or any(part.node in shapes.recursive for part in parts):
            found |= evaluator.focus_nodes(shape)
            continue
        for steps in _walks(shape, shapes):
            found |= {row[0] for row in evaluator.ask(_through(focus, steps, changed))}
    return found


def _is_opaque(constraint: model.Constraint) -> bool:
    """Whether nobody can tell what *constraint* looks at."""
    return isinstance(constraint, model.ShapeQuery | model.Foreign)


def _through(focus: Focus, steps: Sequence[str], changed: Focus) -> str:
    path = "/".join(steps)
    other = changed.pattern.replace("?this", "?changed")
    return f"SELECT DISTINCT ?this WHERE {{ {focus.pattern} ?this {path} ?changed . {other} }}"


def _walks(shape: model.Shape, shapes: model.Shapes) -> Iterator[tuple[str, ...]]:
    """Every path by which *shape* comes to look at a node, steps within sequences included."""
    waiting: list[tuple[model.Shape, tuple[str, ...]]] = [(shape, ())]
    while waiting:
        current, before = waiting.pop()
        here = before
        if current.path is not None:
            yield from (before + prefix for prefix in _prefixes(current.path))
            here = (*before, current.path.sparql)
        for constraint in current.constraints:
            if isinstance(constraint, model.Pair):
                yield (*before, str(constraint.predicate))
            waiting += [(shapes.by_node[node], here) for node in model.named_shapes(constraint)]


def _prefixes(path: PropertyPath) -> Iterator[tuple[str, ...]]:
    if path.kind == "sequence":
        before: tuple[str, ...] = ()
        for part in path.parts:
            yield from (before + prefix for prefix in _prefixes(part))
            before = (*before, part.sparql)
    elif path.kind == "alternativePath":
        for part in path.parts:
            yield from _prefixes(part)
    else:
        yield (path.sparql,)
