"""A bar of what is done of a long piece of work."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class progress:  # noqa: N801  # used like the functions of rich.progress
    """A bar with rate and time left on a terminal; nothing elsewhere."""

    def __init__(self, what: str, total: int | None, *, in_bytes: bool = True) -> None:
        from rich import progress as bars
        from rich.console import Console

        console = Console(stderr=True)
        self._bar = bars.Progress(
            bars.TextColumn("{task.description}"),
            bars.BarColumn(),
            *(
                (bars.DownloadColumn(), bars.TransferSpeedColumn())
                if in_bytes
                else (bars.MofNCompleteColumn(),)
            ),
            bars.TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(what, total=total)

    def __enter__(self) -> Callable[[int], None]:
        self._bar.start()
        return lambda done: self._bar.update(self._task, completed=done)

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
