"""``mesoonto check-sources``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mesoonto.cli.progress import progress
from mesoonto.files.replacing import replacing

#: Exit code when something could not be checked.
UNUSABLE = 2

_DAY = 86_400.0


@click.command()
@click.option("--only", type=click.Choice(["publications", "trials"]), help="Check one kind of record.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Check N records of each kind.")
@click.option("--cache", type=click.Path(path_type=Path), metavar="DIR", help="Where answers are kept.")
@click.option(
    "--max-age",
    type=click.FloatRange(min=0),
    default=6.0,
    show_default=True,
    metavar="DAYS",
    help="Ask again for what is older.",
)
@click.option("--mailto", default="", metavar="ADDRESS", help="Your e-mail address, sent to Crossref alone.")
@click.option("--crossref", metavar="URL", help="Another address of the Crossref REST API.")
@click.option("--europepmc", metavar="URL", help="Another address of the Europe PMC RESTful API.")
@click.option("--trials", metavar="URL", help="Another address of the ClinicalTrials.gov API.")
@click.option(
    "--interval",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Seconds between two requests to a source, in place of 0.5 to 1.5.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True
)
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Write the report there.")
@click.option(
    "--fail-on",
    type=click.Choice(["violation", "warning", "info"]),
    default="warning",
    show_default=True,
    help="The mildest severity that makes the run fail.",
)
def check_sources(form: str, output: Path | None, fail_on: str, max_age: float, **words: Any) -> None:
    """Ask indexes and registries whether the records still agree with them. Needs the network.

    Publications: Crossref and Europe PMC, by DOI and PubMed ID. Does the identifier exist, do title, journal
    and year agree, was the paper retracted or corrected, has the preprint become a paper? Without identifier
    one is proposed. Trials: ClinicalTrials.gov. Do phase, enrolment, sponsor and status agree, are
    results posted that are not recorded? Each finding has file and line; nothing is changed.

    \b
      mesoonto check-sources --only trials --limit 5
      mesoonto check-sources --format markdown --output report.md
      MESOONTO_CHECK_SOURCES_MAILTO=you@example.org mesoonto check-sources

    Answers are kept in $XDG_CACHE_HOME/mesoonto/sources, else ~/.cache/mesoonto/sources. After an
    interruption the same command goes on where it stopped. Sources are asked slowly; a Retry-After is
    honoured. Never tried against the live services yet: look at the first findings with care.

    \b
    Severities:
      violation  retracted, unknown or other identifier, other title, year or phase
      warning    corrected, concern, published preprint, other journal, enrolment, sponsor or status,
                 posted results, ended early and no result recorded
      info       a proposed identifier, a registry without known interface

    \b
    Exit codes:
      0  nothing was found (--fail-on says from which severity on)
      1  something was
      2  something could not be checked: a source did not answer, or not as documented
    """
    from mesoonto.ontology.files import DATA
    from mesoonto.ontology.model import Ontology
    from mesoonto.sources import report as reports
    from mesoonto.sources.run import SourcesRequest, run

    chosen = {name: value for name, value in words.items() if value is not None}
    request = SourcesRequest(max_age=max_age * _DAY, **chosen)
    try:
        with progress("records") as advance:
            report = run(Ontology.shipped(DATA), request, advance)
    except KeyboardInterrupt:
        click.echo("stopped; the answers so far are kept, the same command goes on from here", err=True)
        raise SystemExit(UNUSABLE) from None
    text = reports.WRITERS[form](report)
    if output is None:
        click.echo(text, nl=False)
    else:
        with replacing(output) as partial:
            partial.write_text(text, encoding="utf-8")
        click.echo(reports.summary(report), err=True)
    for error in report.errors:
        click.echo(f"mesoonto: {error}", err=True)
    raise SystemExit(UNUSABLE if report.errors else int(report.failed(fail_on)))
