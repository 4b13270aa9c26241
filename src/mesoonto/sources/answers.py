"""Takes documented answers apart; whatever else comes is told, not believed."""

from __future__ import annotations

from mesoonto.sources.client import ShapeOfAnswerError


def table(value: object, where: str) -> dict[str, object]:
    """*value*, which is a JSON object; absent counts as empty."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ShapeOfAnswerError(f"answers with {_kind(value)} as {where}, where an object is documented")
    return value


def items(value: object, where: str) -> list[object]:
    """*value*, which is a JSON array; absent counts as empty."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise ShapeOfAnswerError(f"answers with {_kind(value)} as {where}, where an array is documented")
    return value


def text(value: object, where: str) -> str:
    """*value*, which is a string; absent counts as empty."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ShapeOfAnswerError(f"answers with {_kind(value)} as {where}, where a string is documented")
    return " ".join("".join(c if c.isprintable() else " " for c in value[:2000]).split())


def texts(value: object, where: str) -> tuple[str, ...]:
    """*value*, which is an array of strings."""
    return tuple(text(item, where) for item in items(value, where))


def number(value: object, where: str) -> int | None:
    """*value*, which is a whole number, or None."""
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise ShapeOfAnswerError(f"answers with {_kind(value)} as {where}, where a number is documented")
    return value


def _kind(value: object) -> str:
    return {bool: "a truth value", str: "a string", list: "an array", dict: "an object"}.get(
        type(value), "a number" if isinstance(value, int | float) else "null"
    )
