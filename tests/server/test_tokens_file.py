"""Who may write: token files, scopes, and what is refused how."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest

from mesoonto.errors import InputError
from mesoonto_server.http.client import is_loopback
from mesoonto_server.http.problems import RequestError
from mesoonto_server.web.tokens import Tokens, read_tokens, require

FIRST, SECOND, THIRD = "first-token-0123456789", "second-token-012345678", "third-token-0123456789"


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    path = tmp_path / "tokens"
    digest = hashlib.sha256(THIRD.encode()).hexdigest()
    path.write_text(f"# people\n\n{FIRST} update\n  {SECOND} store,update\nsha256:{digest} admin\n")
    return read_tokens(path)


def test_tokens_have_the_scopes_of_their_lines(tokens: Tokens) -> None:
    assert tokens.scopes_of(FIRST) == {"update"}
    assert tokens.scopes_of(SECOND) == {"store", "update"}
    assert tokens.scopes_of(THIRD) == {"admin"}
    for wrong in (
        "",
        FIRST[:-1],
        FIRST + "x",
        FIRST.upper(),
        hashlib.sha256(THIRD.encode()).hexdigest(),
        "é\ud800",
    ):
        assert tokens.scopes_of(wrong) is None


def test_tokens_are_not_kept(tokens: Tokens) -> None:
    assert FIRST not in repr(tokens)
    assert FIRST.encode().hex() not in repr(tokens)


def test_every_token_is_compared_in_constant_time(tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    real, compared = hmac.compare_digest, []

    def counting(known: bytes, given: bytes) -> bool:
        compared.append(known)
        return real(known, given)

    monkeypatch.setattr(hmac, "compare_digest", counting)
    for token in (FIRST, THIRD, "unknown"):
        compared.clear()
        tokens.scopes_of(token)
        assert len(compared) == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f"{FIRST} update\n{SECOND} read\n", ":2: a line is TOKEN SCOPE"),
        (f"{FIRST}\n", ":1: a line is TOKEN SCOPE"),
        ("short update\n", ":1: a token has at least 16 characters"),
        ("sha256:abc update\n", ":1: sha256: is followed by 64"),
        (f"sha256:{'z' * 64} update\n", ":1: sha256: is followed by 64"),
        ("# nobody\n", ": has no token"),
    ],
)
def test_mistake_in_the_file_is_named_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "tokens"
    path.write_text(content)
    with pytest.raises(InputError) as caught:
        read_tokens(path)
    assert message in str(caught.value)
    assert FIRST not in str(caught.value)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        read_tokens(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("", False),
        ("localhost", False),
    ],
)
def test_loopback(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected


def refused(tokens: Tokens | None, authorization: str = "", **where: bool) -> RequestError | None:
    place = {"local": True, "secure": False, "open_to_local": False, **where}
    try:
        require("update", authorization, tokens, **place)
    except RequestError as error:
        return error
    return None


class TestWithoutTokens:
    def test_nobody_writes(self) -> None:
        error = refused(None)
        assert error is not None
        assert (error.status, "read-only" in str(error)) == (403, True)

    def test_local_clients_write_where_it_is_open_to_them(self) -> None:
        assert refused(None, open_to_local=True) is None

    @pytest.mark.parametrize("secure", [True, False])
    def test_others_do_not(self, secure: bool) -> None:
        error = refused(None, open_to_local=True, local=False, secure=secure)
        assert error is not None
        assert error.status == 403


class TestWithTokens:
    @pytest.mark.parametrize("authorization", [f"Bearer {FIRST}", f"bearer  {FIRST} ", f"Bearer {THIRD}"])
    def test_token_with_the_scope_or_admin_writes(self, tokens: Tokens, authorization: str) -> None:
        assert refused(tokens, authorization) is None
        assert refused(tokens, authorization, local=False, secure=True) is None

    @pytest.mark.parametrize("authorization", ["", FIRST, f"Basic {FIRST}", "Bearer", "Bearer wrong"])
    def test_no_valid_token_is_401_with_a_challenge(self, tokens: Tokens, authorization: str) -> None:
        error = refused(tokens, authorization)
        assert error is not None
        assert error.status == 401
        # RFC 9110, section 11.6.1, and RFC 6750, section 3
        assert error.headers["www-authenticate"].startswith('Bearer realm="mesoonto"')

    def test_token_without_the_scope_is_403_and_says_which(self, tokens: Tokens) -> None:
        with pytest.raises(RequestError) as caught:
            require("store", f"Bearer {FIRST}", tokens, local=True, secure=False, open_to_local=False)
        assert caught.value.status == 403
        assert 'error="insufficient_scope", scope="store"' in caught.value.headers["www-authenticate"]

    def test_valid_token_in_the_clear_is_refused_unless_local(self, tokens: Tokens) -> None:
        error = refused(tokens, f"Bearer {FIRST}", local=False, secure=False)
        assert error is not None
        assert (error.status, "HTTPS" in str(error)) == (403, True)

    def test_allow_update_does_not_open_what_tokens_close(self, tokens: Tokens) -> None:
        error = refused(tokens, open_to_local=True)
        assert error is not None
        assert error.status == 401
