"""Every command that a page shows is one that there is, with options that it has."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest
from docs.generate import sources

from mesoonto.cli import cli
from tests.conftest import ROOT

pytestmark = pytest.mark.checkout

_BLOCK = re.compile(r"^( *)```(sh|console|bash)[^\n]*\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
_HEREDOC = re.compile(r"<<-?\s*['\"]?(\w+)['\"]?([^\n]*)\n.*?^\s*\1$", re.DOTALL | re.MULTILINE)


def scripts(page: str) -> Iterator[str]:
    """What the blocks of *page* have a shell do, without prompts, output and documents within."""
    for indent, language, code in _BLOCK.findall(page):
        text = re.sub(f"^{indent}", "", code, flags=re.MULTILINE)
        if language == "console":
            for step in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                yield typed(step)
        else:
            yield _HEREDOC.sub(r"\2", text)


def typed(step: str) -> str:
    """The lines of *step* that are typed: up to the first that ends a command."""
    lines: list[str] = []
    for line in step.splitlines():
        lines.append(line.removeprefix("> ") if lines else line)
        try:
            shlex.split("\n".join(lines), comments=True)
        except ValueError:
            continue
        if not line.endswith("\\"):
            break
    return "\n".join(lines)


def commands(script: str) -> Iterator[list[str]]:
    """The words of each simple command in *script*."""
    words = shlex.shlex(script.replace("\\\n", " "), posix=True, punctuation_chars="();<>|&\n")
    words.whitespace = " \t"
    words.whitespace_split = True
    found: list[str] = []
    for word in words:
        if set(word) <= set("();<>|&\n"):
            yield found
            found = []
        else:
            found.append(word)
    yield found


def ours(script: str) -> Iterator[list[str]]:
    """The arguments of each call of mesoonto in *script*."""
    for words in commands(script):
        while words and re.match(r"[A-Z_]+=", words[0]):
            words = words[1:]
        if words and words[0].rpartition("/")[2] == "mesoonto":
            yield words[1:]


def mistake(arguments: list[str]) -> str:
    """What is wrong with the options of a call; empty when nothing is."""
    context = click.Context(cli, info_name="mesoonto", **cli.context_settings)
    if not arguments or arguments[0].startswith("-") or arguments[0] == "COMMAND":
        return ""
    command = cli.get_command(context, arguments[0])
    if command is None:
        return f"no command {arguments[0]}"
    own = click.Context(command, info_name=arguments[0], parent=context)
    try:
        command.make_parser(own).parse_args(arguments[1:])
    except click.UsageError as error:
        return error.format_message()
    return ""


PAGE = """
```console
$ make serve   # it's
mesoonto 0.1 listens
$ A=1 mesoonto query -e '
  ASK {}' | head
yes
```
```sh
cat > x <<'END'
mesoonto of it's
END
.venv/bin/mesoonto fmt \\
  x && mesoonto validate x > y
```
"""


def test_commands_are_found_where_they_stand() -> None:
    found = [call for script in scripts(PAGE) for call in ours(script)]
    assert found == [["query", "-e", "\n  ASK {}"], ["fmt", "x"], ["validate", "x"]]


def test_what_there_is_not_is_a_mistake() -> None:
    assert mistake(["quarry"])
    assert mistake(["query", "--formatt", "csv"])
    assert not mistake(["query", "--format", "csv", "x.rq"])


def test_pages_show_commands_that_there_are() -> None:
    calls = [
        (page, call)
        for page in sources.linked()
        if page.endswith(".md")
        for script in scripts((ROOT / page).read_text("utf-8"))
        for call in ours(script)
    ]
    assert len(calls) > 100
    assert [(page, call, why) for page, call in calls if (why := mistake(call))] == []
