"""A bar of what is done of a long piece of work."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Callable[..., None]]:
    """A bar with the time left on a terminal; nothing elsewhere.

    What it gives is called with how much is done, and with the total where that becomes known later.
    """
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=total or 0, label=what, file=sys.stderr, hidden=hidden) as bar:

        def advance(done: int, total: int | None = None) -> None:
            bar.length = total or bar.length
            bar.update(done - bar.pos)

        yield advance
