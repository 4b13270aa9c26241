"""What docstrings name exists: parameters in asterisks, names in backticks, errors."""

from __future__ import annotations

import ast
import builtins
import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = [*sorted((ROOT / "src").rglob("*.py")), *sorted((ROOT / "server").rglob("*.py"))]
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def documented(tree: ast.Module) -> Iterator[tuple[Documented, ast.ClassDef | None, str]]:
    """Everything with a docstring, and the class that it is in."""
    waiting: list[tuple[Documented, ast.ClassDef | None]] = [(tree, None)]
    while waiting:
        node, owner = waiting.pop()
        if text := ast.get_docstring(node):
            yield node, owner, text
        inner = node if isinstance(node, ast.ClassDef) else owner
        waiting += [(child, inner) for child in node.body if isinstance(child, Documented)]


def parameters(node: ast.AST) -> set[str]:
    return {inner.arg for inner in ast.walk(node) if isinstance(inner, ast.arg)}


def defined(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield inner.name
        elif isinstance(inner, ast.Assign | ast.AnnAssign):
            targets = inner.targets if isinstance(inner, ast.Assign) else [inner.target]
            for target in targets:
                yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name))
                yield from (n.attr for n in ast.walk(target) if isinstance(n, ast.Attribute))


@cache
def names() -> set[str]:
    """All names of the project."""
    found = {name for path in FILES for name in defined(tree_of(path))}
    return found | {name for path in FILES for name in (path.stem, path.parent.name)}


def exists(name: str) -> bool:
    """Whether *name* is one of the project, or can be imported."""
    if all(part in names() for part in name.split(".")):
        return True
    module, _, attribute = name.rpartition(".")
    return bool(module) and hasattr(importlib.import_module(module), attribute)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_docstring_names_what_exists(path: Path) -> None:
    missing: list[str] = []
    for node, owner, text in documented(tree_of(path)):
        where = getattr(node, "name", path.stem)
        known = parameters(node) | set(defined(owner or node))
        named = [] if isinstance(node, ast.Module) else re.findall(r"(?<!\*)\*(\w+)\*(?!\*)", text)
        missing += [f"{where}: *{name}*" for name in named if name not in known]
        quoted = re.findall(r"(?<!`)`([\w.]+)`(?!`)", text)
        missing += [f"{where}: `{name}`" for name in quoted if not (name in known or exists(name))]
        errors = re.findall(r"(?<![\w.])([A-Z]\w+Error)\b", text)
        missing += [f"{where}: {n}" for n in errors if n not in names() and not hasattr(builtins, n)]
    assert not missing
