"""The list of endpoints in a configuration file."""

from __future__ import annotations

from pathlib import Path

import pytest

from mesoonto.errors import InputError
from mesoonto.federation import Endpoint, Endpoints

ENTRY = '[federation.endpoints.x]\nurl = "https://x.example/sparql"\n'


def read(tmp_path: Path, text: str) -> Endpoints:
    path = tmp_path / "c.toml"
    path.write_text(text)
    return Endpoints.read(path)


def test_entries_are_read(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret\n")
    settings = f'timeout = 5\nbatch = 7\nallow_private = true\ntoken_file = "{tmp_path}/token"\n'
    other = '[federation.endpoints.y]\nurl = "http://y.example/"\n'
    found = read(tmp_path, f"port = 1\n{ENTRY}{settings}{other}")
    assert found.get("https://x.example/sparql") == Endpoint(
        "x", "https://x.example/sparql", timeout=5, batch=7, allow_private=True, token="secret"
    )
    assert [endpoint.name for endpoint in found] == ["x", "y"]
    assert found.get("https://x.example/sparql/") is None


def test_no_entry_lists_nothing(tmp_path: Path) -> None:
    assert len(read(tmp_path, "port = 1\n")) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[federation", "not TOML"),
        ("federation = 1\n", "federation.endpoints is not a table"),
        ("federation.endpoints = 1\n", "federation.endpoints is not a table"),
        ("federation.endpoints.x = 1\n", "federation.endpoints.x is not a table"),
        ("[federation.endpoints.x]\n", "federation.endpoints.x has no url"),
        (
            ENTRY + "tiemout = 1\n",
            "federation.endpoints.x.tiemout is unknown; known are allow_private",
        ),
        (ENTRY + 'timeout = "1"\n', "federation.endpoints.x.timeout must be a number of seconds"),
        (ENTRY + "timeout = 0\n", "federation.endpoints.x.timeout must be above zero"),
        (ENTRY + "batch = 1.5\n", "federation.endpoints.x.batch must be a whole number"),
        (ENTRY + "batch = true\n", "federation.endpoints.x.batch must be a whole number"),
        (ENTRY + "cache = -1\n", "federation.endpoints.x.cache must not be below zero"),
        (ENTRY + "allow_private = 1\n", "federation.endpoints.x.allow_private must be true or false"),
        (ENTRY + 'method = "PUT"\n', "federation.endpoints.x.method is not one of POST, GET"),
        (ENTRY + 'token_file = "/no/such/file"\n', "federation.endpoints.x.token_file cannot be read"),
        (ENTRY + 'token = "a"\nuser = "b"\n', "has both a token and a user"),
        (ENTRY + 'token = "a\\nHost: x"\n', "a credential has a line break"),
        (ENTRY.replace("https:", "file:"), "url is not an http or https address"),
        (ENTRY.replace("//x", "//me:secret@x"), "url holds credentials"),
        (ENTRY + ENTRY.replace("s.x]", "s.y]"), "two entries of federation.endpoints have the url https://x"),
    ],
)
def test_bad_entry_is_reported_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "c.toml"))
    assert "secret" not in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        Endpoints.read(tmp_path / "none.toml")
