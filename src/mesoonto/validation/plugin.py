"""A plugin for pytest: other projects test their data against shapes, theirs or those of mesoonto.

    def test_records(shacl):
        shacl.validate("records/*.ttl")
        shacl.validate("mine.ttl", shapes="my_shapes.ttl", fail_on="warning")

Or without writing a test: ``pytest --shacl 'records/*.ttl' --shacl-shapes my_shapes.ttl`` makes one test of
each file. The files are read together, so that each knows what the others say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mesoonto.validation.report.findings import Report
    from mesoonto.validation.request import ValidationRequest

_REPORT = pytest.StashKey["Report"]()

Files = str | Path | Sequence[str | Path]


class Shacl:
    """Validates files, relative to the folder of the test run, and fails the test that asked."""

    def __init__(self, root: Path, shapes: Sequence[str] = (), options: Sequence[str] = ()) -> None:
        self._root = root
        self._shapes = tuple(shapes)
        self._options = tuple(options)

    def check(self, *data: str | Path, shapes: Files = (), **options: Any) -> Report:
        """The report on *data*, for a test that looks at it itself.

        *options* are those of the command line, with ``_`` for ``-``: ``context="records/"``,
        ``ignore=["deactivated"]``, ``timeout=60``. Raises MesoontoError for what cannot be read or used, and
        for what takes longer than it may.
        """
        report = self._report(data, self._request(shapes, options))
        if report.errors:
            raise report.errors[0]
        return report

    def validate(self, *data: str | Path, shapes: Files = (), strict: bool = True, **options: Any) -> None:
        """Fail the test, with the findings, unless *data* conform; *strict* fails it on a doubt as well."""
        request = self._request(shapes, {"strict": strict, **options})
        self.judge(self._report(data, request), request)

    def judge(self, report: Report, request: ValidationRequest) -> None:
        """Fail the test when *report* does."""
        from mesoonto.validation.report.outputs import outputs

        if report.errors:
            pytest.fail("\n".join(map(str, report.errors)), pytrace=False)
        if request.style.failed(report):
            pytest.fail(outputs()["text"].write(report, request.style), pytrace=False)

    def _report(self, data: Sequence[str | Path], request: ValidationRequest) -> Report:
        from mesoonto.validation.request import judge

        return judge([self._at(path) for path in data], request)

    def _request(self, shapes: Files, options: dict[str, Any]) -> ValidationRequest:
        from mesoonto.validation.request import from_words

        words = {"strict": ["true"]}
        for option in self._options:
            name, _, value = option.partition("=")
            words.setdefault(name, []).append(value)
        request = from_words(words)
        given = {name: _value(getattr(request, name, None), value) for name, value in options.items()}
        for name in ("ontology", "context", "catalog"):
            given[name] = tuple(self._at(path) for path in given.get(name, getattr(request, name)))
        named = _several(shapes) or request.shapes or self._shapes
        given["shapes"] = tuple(self._at(path) for path in named)
        return replace(request, **given)

    def _at(self, path: str | Path) -> str | Path:
        text = str(path)
        return text if text.startswith(("http://", "https://")) else self._root / path


def _several(files: Files) -> tuple[str | Path, ...]:
    return (files,) if isinstance(files, str | Path) else tuple(files)


def _value(usual: object, value: Any) -> Any:
    """*value* as the option takes it that usually is *usual*."""
    if isinstance(usual, tuple):
        return _several(value)
    return value if isinstance(value, bool | int | float) else str(value)


@pytest.fixture(scope="session")
def shacl(pytestconfig: pytest.Config) -> Shacl:
    """Validates RDF files against SHACL shapes."""
    return _shacl(pytestconfig)


def _shacl(config: pytest.Config) -> Shacl:
    return Shacl(config.rootpath, config.getoption("--shacl-shapes"), config.getoption("--shacl-option"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the plugin."""
    group = parser.getgroup("shacl", "SHACL validation (mesoonto)")
    group.addoption(
        "--shacl", action="append", default=[], metavar="FILE", help="validate this RDF file, too"
    )
    group.addoption(
        "--shacl-shapes", action="append", default=[], metavar="FILE", help="shapes in place of mesoonto's"
    )
    group.addoption(
        "--shacl-option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of mesoonto validate, such as context=records or ignore=deactivated",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse options that validation does not have."""
    if config.getoption("--shacl-option"):
        from mesoonto.errors import MesoontoError

        try:
            _shacl(config)._request((), {})
        except MesoontoError as error:
            raise pytest.UsageError(f"--shacl-option: {error}") from None


def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Make a test of each file that ``--shacl`` names."""
    for path in _named(session.config):
        parent = _File.from_parent(session, path=path)
        items.extend(parent.collect())


def _named(config: pytest.Config) -> list[Path]:
    from mesoonto.files.rdf import find

    patterns = [config.rootpath / pattern for pattern in config.getoption("--shacl")]
    return [source.path for source in find(patterns) if source.path is not None]


class _File(pytest.File):
    def collect(self) -> Iterator[pytest.Item]:
        yield _Item.from_parent(self, name="shacl")


class _Item(pytest.Item):
    def runtest(self) -> None:
        from mesoonto.validation.request import judge

        shacl = _shacl(self.config)
        request = shacl._request((), {})
        if _REPORT not in self.config.stash:
            self.config.stash[_REPORT] = judge(list(_named(self.config)), request)
        files = {str(path) for path in _named(self.config)}
        shacl.judge(self.config.stash[_REPORT].about(str(self.path), files), request)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"shacl: {self.path.name}"
