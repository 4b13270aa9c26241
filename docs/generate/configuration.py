"""The page of settings: of the server, from its table; of the commands, from their options; of endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, fields

import click
from docs.generate.markdown import code, table, text

from mesoonto.cli import cli
from mesoonto.federation.config import Endpoint
from mesoonto_server.settings import Settings, option_table

_SERVER = """Each is an option of `mesoonto serve`, an environment variable, and a key of the TOML file of
`--config` (`max_rows` for `--max-rows`). The option goes before the environment, this before the file.

"""
_COMMANDS = """Every option of every command can be given in the environment: as the variable that its
help names, else as `MESOONTO_`, the command and the option in capitals. Those with a variable of their own:

"""
_ENDPOINTS = """A table `[federation.endpoints.NAME]` for each, in the TOML file of `--config`, of
`mesoonto serve` and of `mesoonto query`; `token_file` and `password_file` name files that hold the secret.
[Federated queries](../federation.md#configuration) tells what each is for.

"""


def page() -> str:
    """All settings."""
    return "\n".join(
        (
            "## Server\n",
            _SERVER + _server(),
            "## Commands\n",
            _COMMANDS + _commands(),
            "## Endpoints that SERVICE may ask\n",
            _ENDPOINTS + _endpoints(),
        )
    )


def _server() -> str:
    keys = {f"--{setting.name.replace('_', '-')}": setting for setting in fields(Settings)}
    return table(
        ("option", "environment", "type", "default", "meaning"),
        (
            (
                code(option), code(variable), text(_type(keys[option].type)),
                text(default) or "–", meaning.replace("|", r"\|"),
            )
            for option, variable, default, meaning in option_table()
        ),
    )  # fmt: skip


def _type(annotation: object) -> str:
    names = {"bool": "true or false", "int": "whole number", "float": "number", "str": "text"}
    written = str(annotation).removesuffix(" | None")
    return names.get(written, "path" if written == "Path" else written)


def _commands() -> str:
    return table(
        ("command", "option", "environment", "meaning"),
        (
            (code(f"mesoonto {name}"), code(option.opts[0]), code(variable), text(option.help or ""))
            for name, option in _options()
            for variable in _variables(option)
        ),
    )


def _options() -> Iterator[tuple[str, click.Option]]:
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        if command is not None and name != "serve":
            yield from ((name, one) for one in command.params if isinstance(one, click.Option))


def _variables(option: click.Option) -> list[str]:
    given = option.envvar or []
    return [given] if isinstance(given, str) else list(given)


def _default(value: object) -> str:
    return "–" if value is None else code(str(value).lower() if isinstance(value, bool) else str(value))


def _endpoints() -> str:
    return table(
        ("key", "type", "default"),
        (
            (
                code(one.name), text(_type(one.type)),
                "required" if one.default is MISSING else _default(one.default),
            )
            for one in fields(Endpoint)
            if one.name != "name"
        ),
    )  # fmt: skip
