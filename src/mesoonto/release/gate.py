"""What must hold before a release is published: each check by name, and what it found."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from mesoonto import resources
from mesoonto.dataset import shipped
from mesoonto.errors import MesoontoError, Place
from mesoonto.knowledge import identifiers
from mesoonto.ontology.model import Ontology
from mesoonto.owl import fmt, generated, id_ranges, quality
from mesoonto.release import folder, registry_rules, variants
from mesoonto.validation.validate import validate

#: Findings of one check that are told; the command of the check tells all.
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Release:
    """What is to be released, and with what it is compared."""

    version: str
    ontology: Ontology
    previous: Path | None = None  #: the folder of an earlier release
    tables: Path | None = None  #: the folder of tables of other vocabularies


@dataclass(frozen=True, slots=True)
class Failure:
    """A check that did not pass."""

    check: str
    findings: tuple[str, ...]  #: the first ones, or why there is no verdict


def failures(
    release: Release, skipped: Collection[str] = (), on_step: Callable[[str], None] = lambda _: None
) -> list[Failure]:
    """The checks that *release* does not pass, apart from those *skipped*, in the order of `CHECKS`.

    A check that comes to no verdict has not passed. *on_step* is called with a line of text before each.
    """
    found = []
    for name, check in CHECKS.items():
        if name in skipped:
            continue
        on_step(f"checking: {name}")
        try:
            findings = tuple(check(release))
        except MesoontoError as error:
            findings = (f"no verdict: {error}",)
        if findings:
            more = len(findings) - _SHOWN
            tail = (f"and {more} more",) if more > 0 else ()
            found.append(Failure(name, findings[:_SHOWN] + tail))
    return found


def _version(release: Release) -> Iterator[str]:
    if release.previous is None:
        return
    before = folder.version_of(release.previous)
    if _numbers(release.version) <= _numbers(before):
        yield f"{release.version} is not above {before}, the version of {release.previous}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _fmt(release: Release) -> Iterator[str]:
    for path in fmt.loose_files(release.ontology):
        yield f"{path}: not canonical; run mesoonto fmt"


def _generated(release: Release) -> Iterator[str]:
    for path in generated.stale_files(release.ontology):
        yield f"{path}: out of date; run mesoonto build"


def _check(release: Release) -> Iterator[str]:
    store = shipped.build(release.ontology)
    flaws = quality.check(store, quality.shipped_rules(), release.ontology)
    for flaw in [*flaws, *id_ranges.misplaced(release.ontology, id_ranges.shipped_ranges())]:
        yield f"{Place(flaw.file, flaw.line or None)}: {flaw.rule}: {flaw.summary}"


def _validate(_: Release) -> Iterator[str]:
    for finding in validate().findings:
        if finding.blocking:
            yield f"{finding.file}:{finding.line}: {finding.message}"


def _check_ids(release: Release) -> Iterator[str]:
    if release.tables is None:
        raise MesoontoError("no tables of other vocabularies; name their folder with --tables")
    yield from identifiers.compare(release.tables).mistakes


def _reason(release: Release) -> Iterator[str]:
    path = resources.inferred_file()
    if generated.inferred_turtle(release.ontology) != path.read_text("utf-8"):
        yield f"{path}: not what HermiT infers; run mesoonto build"


def _registries(release: Release) -> Iterator[str]:
    edition = variants.Edition(release.version, "1970-01-01")
    published = registry_rules.Published(variants.variant(release.ontology, "", edition))
    for rule, findings in registry_rules.broken(published).items():
        yield from (f"{rule}: {finding}" for finding in findings)


#: The checks by name, the quick ones first.
CHECKS: dict[str, Callable[[Release], Iterator[str]]] = {
    "version": _version,
    "generated": _generated,
    "check": _check,
    "registries": _registries,
    "validate": _validate,
    "check-ids": _check_ids,
    "fmt": _fmt,
    "reason": _reason,
}
