"""`mesoonto query` of texts that the engine's parser does not survive."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    "question",
    [
        f"SELECT * WHERE {'{' * 5000}{'}' * 5000}",
        f"SELECT ({'(' * 5000}1{')' * 5000} AS ?x) {{}}",
        f"SELECT * {{ ?s ?p {'( ' * 5000}{')' * 5000} }}",
        f"SELECT * WHERE {'{' * 5000}",
        "SELECT * { VALUES ?x { #" + "x" * (1 << 20) + "\n" + "(1)" * 400 + "} }",
    ],
)
def test_query_that_nests_too_deeply_or_is_too_long_is_one_line(question: str, tmp_path: Path) -> None:
    file = tmp_path / "deep.rq"
    file.write_text(question)
    done = subprocess.run(
        [sys.executable, "-m", "mesoonto", "query", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "too deeply" in done.stderr or "characters" in done.stderr
