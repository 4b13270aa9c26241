"""Manual pages of the commands, in the macros of man(7), made from their help."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from mesoonto import __version__


def pages(root: click.Group) -> dict[str, str]:
    """The page of *root* and of each of its commands, by name: ``mesoonto``, ``mesoonto-query``."""
    context = click.Context(root, info_name="mesoonto", **root.context_settings)
    found = {"mesoonto": "".join(_page(root, context, "mesoonto"))}
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        assert command is not None  # noqa: S101  # it is in the list
        below = click.Context(command, parent=context, info_name=name)
        found[f"mesoonto-{name}"] = "".join(_page(command, below, f"mesoonto-{name}"))
    return found


def _page(command: click.Command, context: click.Context, name: str) -> Iterator[str]:
    yield f'.TH "{_plain(name.upper())}" 1 "" "mesoonto {_plain(__version__)}" "mesoonto"\n.ad l\n'
    yield f".SH NAME\n{_plain(name)} \\- {_plain(_first(command))}\n"
    usage = " ".join(command.collect_usage_pieces(context))
    yield f".SH SYNOPSIS\n.B {_plain(context.command_path)}\n{_plain(usage)}\n"
    yield ".SH DESCRIPTION\n"
    for text in (command.help, command.epilog):
        for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(text or "")):
            yield from _paragraph(paragraph)
    yield ".SH OPTIONS\n"
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record and record[1]:  # arguments have none
            yield from _item(*record)
    if isinstance(command, click.Group):
        yield ".SH COMMANDS\n"
        for below in command.list_commands(context):
            said = command.get_command(context, below)
            yield from _item(f"mesoonto-{below}(1)", _first(said) if said else "")
    else:
        yield ".SH SEE ALSO\n.BR mesoonto (1)\n"


def _first(command: click.Command) -> str:
    """The first sentence of the help of *command*."""
    words = " ".join((command.help or "").split("\n\n")[0].split())
    return re.split(r"[.:](?: |$)", words)[0]


def _paragraph(text: str) -> Iterator[str]:
    """Lines as they are behind ``\\b``, which stands so for click; flowing text otherwise."""
    if text.startswith("\b"):
        lines = [_plain(line) for line in text.removeprefix("\b").strip("\n").split("\n")]
        yield ".PP\n.RS 4\n.nf\n" + "".join(f"{line}\n" for line in lines) + ".fi\n.RE\n"
    elif text.strip():
        yield f".PP\n{_plain(' '.join(text.split()))}\n"


def _item(term: str, text: str) -> Iterator[str]:
    yield f".TP\n.B {_plain(term)}\n{_plain(' '.join(text.split()))}\n"


def _plain(text: str) -> str:
    """*text* with nothing in it that roff would take for its own."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    escaped = escaped.replace('"', "\\(dq").replace("^", "\\(ha").replace("~", "\\(ti")
    return re.sub(r"^(?=\.)", "\\\\&", escaped, flags=re.MULTILINE)
