"""``mesoonto stratify``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mesoonto.exchange.packet_profile import PacketProfile
    from mesoonto.knowledge.profile import Profile, ProfileVocabulary
    from mesoonto.knowledge.strata_report import Statement, StratificationReport, Summary, TrialResult


@click.command()
@click.argument("profile", required=False, type=click.Path(path_type=Path))
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="A trait of the tumour; repeatable."
)
@click.option("--list", "list_", is_flag=True, help="List what can be set.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def stratify(profile: Path | None, settings: tuple[str, ...], list_: bool, form: str) -> None:
    """Tell what the records say for a tumour like the one described. It is no medical advice.

    The tumour is described in the file PROFILE, a meso:TumourProfile in Turtle or a GA4GH Phenopacket in
    JSON, or by --set.

    \b
    mesoonto stratify --set histology=sarcomatoid --set ASS1=lost
    mesoonto stratify --set histology=epithelioid --set PD-L1=negative --set setting=first-line
    mesoonto stratify --set 'prior=nivolumab plus ipilimumab' --set setting=second-or-later-line
    mesoonto stratify --set site=pleura --set NF2=altered
    mesoonto stratify my_profile.ttl --format json
    mesoonto stratify my_packet.json

    Of a Phenopacket is told what was used, what it says is absent, and what was not used and why. Reading one
    needs the extra mesoonto[exchange].

    Names may be in any case. With site=pleura, what was found in peritoneal mesothelioma alone is left out.

    Prints the strata it belongs to, one page of interventions ordered by the evidence for these strata, with
    those apart that this evidence speaks against, that were stopped or that the patient had before. Then the
    details: mechanisms that are likely active, interventions that counter them with levels of evidence,
    results of trials in these strata, what was on trial, contradicting evidence, and what is extrapolated.
    Ends with 1 when the profile breaks its shape, 2 when it cannot be used.
    """
    from mesoonto.exchange import packet_profile, phenopackets
    from mesoonto.exchange.codes import Codes
    from mesoonto.knowledge.profile import ProfileVocabulary, read_profile
    from mesoonto.ontology.files import SCHEMA
    from mesoonto.ontology.model import Ontology

    ontology = Ontology.shipped(*SCHEMA)
    vocabulary = ProfileVocabulary(ontology)
    packet = None
    if list_:
        click.echo(vocabulary.settings_help())
        click.echo("prior=LABEL, the label of an intervention that was given before; repeatable")
        return
    if (profile is None) == (not settings):
        raise click.UsageError("give either a PROFILE or --set")
    if profile is None:
        described = vocabulary.from_settings(settings)
    elif phenopackets.is_packet(profile):
        packet = packet_profile.read(profile, vocabulary, Codes(ontology))
        described = packet.profile
    else:
        _validate(profile)
        described = vocabulary.complete(read_profile(profile))
    _print(vocabulary, described, packet, form)


def _validate(profile: Path) -> None:
    from mesoonto import resources
    from mesoonto.validation.report.findings import Severity
    from mesoonto.validation.validate import validate

    report = validate([profile], [resources.shapes_dir() / "tumour_profile.ttl"])
    for finding in report.findings:
        click.echo(f"{finding.file}:{finding.line}: {finding.message}", err=True)
    if report.fails(Severity.VIOLATION):
        raise SystemExit(1)


def _print(vocabulary: ProfileVocabulary, profile: Profile, packet: PacketProfile | None, form: str) -> None:
    import json
    from dataclasses import asdict

    from mesoonto.dataset import kept
    from mesoonto.knowledge import stratify as stratification

    report = stratification.stratify(kept.engine(), profile, vocabulary.strata(profile))
    report = report if packet is None else packet.told(report)
    if form == "json":
        click.echo(json.dumps(asdict(report), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_text(report)))


def _text(report: StratificationReport) -> Iterator[str]:
    yield report.disclaimer
    yield ""
    yield f"Tumour: {'; '.join(report.profile)}"
    yield f"Strata: {'; '.join(report.strata) or 'pleural mesothelioma as a whole'}"
    yield f"Had before: {'; '.join(report.prior) or 'nothing named'}"
    yield from _packet(report)
    yield from _first_page(report.summary)
    yield "\nDetails"
    yield "\nMechanisms likely active, and what counters them"
    for mechanism in report.mechanisms:
        yield f"\n  {mechanism.label}" + (
            "" if mechanism.basis == "reported" else " (by its definition; not reported)"
        )
        yield from _statements(mechanism.statements, "    ")
        for intervention in mechanism.interventions:
            if intervention.statements or intervention.results:
                marks = [*([intervention.status] if intervention.status else [])]
                marks += ["had before"] if intervention.had else []
                yield f"    countered by {intervention.label}" + (f" [{'; '.join(marks)}]" if marks else "")
                yield from _statements(intervention.statements, "      ")
                yield from _results(intervention.results, "      ")
        bare = [i.label for i in mechanism.interventions if not i.statements and not i.results]
        if bare:
            yield f"    countered, by rationale and without a statement here, by: {', '.join(bare)}"
        if not mechanism.interventions:
            yield "    no intervention of the ontology counters it"
    yield "\nWhat the markers of this tumour foretell"
    yield from _statements(report.predictions, "  ") if report.predictions else ("  nothing on record",)
    yield "\nTrial results in these strata"
    yield from _results(report.results, "  ")
    if not report.results:
        yield "  none on record"
    yield "\nOn trial (the records tell what was on trial on a day, not who recruits now)"
    yield from (f"  {line}" for line in report.in_trial or ("none on record",))
    yield "\nContradicting evidence"
    yield from _statements(report.contradicting, "  ") if report.contradicting else ("  none on record",)
    yield "\nExtrapolated: not found in this stratum as such"
    for reason in sorted({s.extrapolated for s in report.extrapolated}):
        yield f"  {reason}:"
        yield from (f"    {s.text}" for s in report.extrapolated if s.extrapolated == reason)
    if not report.extrapolated:
        yield "  nothing"
    yield ""
    yield report.disclaimer


#: How many interventions the first page names; the details have all.
_ON_FIRST_PAGE = 12


def _packet(report: StratificationReport) -> Iterator[str]:
    for title, items in (
        ("Used of the Phenopacket", report.used),
        ("Absent by the Phenopacket, and no trait here", report.absent),
        ("Not used of the Phenopacket", report.unused),
    ):
        if items:
            yield f"\n{title}"
        for item in items:
            yield f"  {item.path}: {f'{item.text}: ' if item.text else ''}{item.meaning}"


def _first_page(summary: Summary) -> Iterator[str]:
    yield "\nIn short: interventions by the evidence for these strata, the best first"
    for intervention in summary.options[:_ON_FIRST_PAGE]:
        status = f" ({intervention.status})" if intervention.status else ""
        yield f"  {intervention.label}{status}\n    {intervention.best}"
    if not summary.options:
        yield "  none with evidence"
    if summary.refuted:
        yield "Evidence in these strata speaks against"
    for intervention in summary.refuted:
        yield f"  {intervention.label}\n    {intervention.best}"
    more = [i.label for i in summary.options[_ON_FIRST_PAGE:]]
    for title, labels in (
        ("Further ones with evidence", more),
        ("With a rationale only", summary.without_evidence),
        ("Stopped, on hold or withdrawn", summary.stopped),
        ("Had before, or of the same kind", summary.had),
    ):
        if labels:
            yield f"{title}: {', '.join(labels)}"


def _results(results: Sequence[TrialResult], indent: str) -> Iterator[str]:
    for result in results:
        caution = f" [{result.caution}]" if result.caution else ""
        yield f"{indent}{result.text}: {result.value}; {result.population}{caution}"
        yield f"{indent}  {result.source}"


def _statements(statements: Sequence[Statement], indent: str) -> Iterator[str]:
    for s in statements:
        marks = [s.direction, s.level, s.context, *([s.population] if s.population else [])]
        if s.extrapolated:
            marks.append("extrapolated")
        yield f"{indent}[{', '.join(marks)}] {s.text}\n{indent}  {s.source}"
