"""A plugin for pytest: other projects test their data against shapes, theirs or those of mesoonto.

    def test_records(shacl):
        shacl.validate("records/*.ttl")
        shacl.validate("mine.ttl", shapes="my_shapes.ttl", fail_on="warning")

Or without writing a test: ``pytest --shacl 'records/*.ttl' --shacl-shapes my_shapes.ttl`` makes one test of
each file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mesoonto.validation.report.findings import Report


class Shacl:
    """Validates files, relative to the folder of the test run, and fails the test that asked."""

    def __init__(self, root: Path, shapes: Sequence[str] = ()) -> None:
        self._root = root
        self._shapes = tuple(shapes)

    def check(self, *data: str | Path, shapes: str | Path | Sequence[str | Path] = ()) -> Report:
        """The report on *data*, for a test that looks at it itself."""
        from mesoonto.validation.validate import Options, validate

        given = [shapes] if isinstance(shapes, str | Path) else list(shapes)
        files = [self._root / path for path in given or self._shapes]
        return validate([self._root / path for path in data], files, Options(doubts=True))

    def validate(
        self,
        *data: str | Path,
        shapes: str | Path | Sequence[str | Path] = (),
        fail_on: str = "violation",
        strict: bool = True,
    ) -> None:
        """Fail the test, with the findings, unless *data* conform; *strict* fails it on a doubt as well."""
        from mesoonto.validation.report.findings import Severity
        from mesoonto.validation.report.outputs import Style, outputs

        report = self.check(*data, shapes=shapes)
        style = Style(threshold=Severity[fail_on.upper()], strict=strict, warnings=fail_on != "violation")
        if style.failed(report):
            pytest.fail(outputs()["text"].write(report, style), pytrace=False)


@pytest.fixture(scope="session")
def shacl(pytestconfig: pytest.Config) -> Shacl:
    """Validates RDF files against SHACL shapes."""
    return Shacl(pytestconfig.rootpath, pytestconfig.getoption("--shacl-shapes"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the plugin."""
    group = parser.getgroup("shacl", "SHACL validation (mesoonto)")
    group.addoption(
        "--shacl", action="append", default=[], metavar="FILE", help="validate this RDF file, too"
    )
    group.addoption(
        "--shacl-shapes", action="append", default=[], metavar="FILE", help="shapes in place of mesoonto's"
    )


def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Make a test of each file that ``--shacl`` names."""
    from mesoonto.files.rdf import find

    patterns = session.config.getoption("--shacl")
    for pattern in patterns:
        for source in find([session.config.rootpath / pattern]):
            if source.path is not None:
                parent = _File.from_parent(session, path=source.path)
                items.extend(parent.collect())


class _File(pytest.File):
    def collect(self) -> Iterator[pytest.Item]:
        yield _Item.from_parent(self, name="shacl")


class _Item(pytest.Item):
    def runtest(self) -> None:
        Shacl(self.config.rootpath, self.config.getoption("--shacl-shapes")).validate(self.path)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"shacl: {self.path.name}"
