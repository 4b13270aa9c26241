"""``mesoonto completion`` and ``man``: what shells and manual readers take from the commands."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "fish", "zsh"]))
def completion(shell: str) -> None:
    """Print the script by which SHELL completes commands, options and files.

    \b
    mesoonto completion bash > ~/.local/share/bash-completion/completions/mesoonto
    mesoonto completion fish > ~/.config/fish/completions/mesoonto.fish
    mesoonto completion zsh > DIR/_mesoonto        with DIR in fpath, before compinit
    """
    from click.shell_completion import get_completion_class

    from mesoonto.cli import cli

    script = get_completion_class(shell)
    assert script is not None  # noqa: S101  # click has each of them
    click.echo(script(cli, {}, "mesoonto", "_MESOONTO_COMPLETE").source())


@click.command()
@click.argument("command", required=False)
@click.option(
    "-o",
    "--output",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the pages of all commands into this folder, such as ~/.local/share/man/man1.",
)
def man(command: str | None, folder: Path | None) -> None:
    """Print the manual page of COMMAND, or of mesoonto, in the form that man reads.

    \b
    mesoonto man query | man -l -
    mesoonto man --output ~/.local/share/man/man1
    """
    from mesoonto.cli import cli, manual
    from mesoonto.errors import OutputError
    from mesoonto.files.replacing import replacing

    pages = manual.pages(cli)
    if folder is None:
        name = f"mesoonto-{command}" if command else "mesoonto"
        if name not in pages:
            raise click.BadParameter(f"{command}: no such command", param_hint="COMMAND")
        click.echo(pages[name], nl=False)
        return
    if command:
        raise click.UsageError("give either COMMAND or --output")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: {error.strerror}") from error
    for name, text in pages.items():
        with replacing(folder / f"{name}.1") as partial:
            partial.write_text(text, encoding="utf-8")
    click.echo(f"wrote {len(pages)} pages to {folder}")
