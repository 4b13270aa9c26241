"""``mesoonto check``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mesoonto.ontology.model import Ontology
    from mesoonto.owl.quality import Flaw


@click.command()
@click.argument("names", nargs=-1, metavar="[RULE]...")
@click.option("--list", "list_", is_flag=True, help="List the rules and the pitfalls they guard against.")
@click.option("--reasoner", is_flag=True, help="Also classify with HermiT (needs Java).")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def check(names: tuple[str, ...], list_: bool, reasoner: bool, form: str) -> None:
    """Check the ontology: quality rules, canonical form, generated files.

    The rules are the files ontology/quality/*.rq; name some to run only these. Each finding has file and
    line.

    \b
    mesoonto check
    mesoonto check cycle label_duplicate
    mesoonto check --list

    Ends with 0 when nothing is found, 1 when something is, 2 when a rule or file cannot be used.
    """
    from mesoonto.owl import quality

    rules = quality.shipped_rules()
    unknown = sorted(set(names) - {rule.name for rule in rules})
    if unknown:
        raise click.UsageError(f"no rule {', '.join(unknown)}; mesoonto check --list names them")
    chosen = [rule for rule in rules if rule.name in names or not names]
    if list_:
        for rule in chosen:
            click.echo(f"{rule.name}: {rule.summary}{f' [{rule.pitfall}]' if rule.pitfall else ''}")
        return
    from mesoonto.dataset import shipped
    from mesoonto.ontology.model import Ontology

    ontology = Ontology.shipped()
    flaws = quality.check(shipped.build(ontology), chosen, ontology)
    if not names:
        flaws += _files(ontology)
        if reasoner:
            flaws += _unsatisfiable(ontology)
    _print(flaws, len(chosen), form)
    raise SystemExit(1 if flaws else 0)


def _files(ontology: Ontology) -> list[Flaw]:
    """Files that are not in canonical form, or generated ones that are out of date."""
    from mesoonto import resources
    from mesoonto.owl import fmt, generated
    from mesoonto.owl.quality import Flaw

    found = [
        (path, "canonical_form", "the file is in canonical form; run mesoonto fmt")
        for path in fmt.loose_files(ontology)
    ]
    found += [
        (path, "generated", "the generated file is up to date; run mesoonto build")
        for path in generated.stale_files(ontology)
    ]
    return [
        Flaw(str(path.relative_to(resources.root())), 0, "", "", name, text) for path, name, text in found
    ]


def _unsatisfiable(ontology: Ontology) -> list[Flaw]:
    from mesoonto.owl import reason
    from mesoonto.owl.quality import Flaw

    verdict = reason.classify(
        ontology, lambda text: click.echo(f"{text} ...", err=True) if sys.stderr.isatty() else None
    )
    if not verdict.consistent:
        return [Flaw("", 0, "", "", "consistent", "the ontology is consistent; see mesoonto reason")]
    return [
        Flaw("", 0, item.iri, "", "satisfiable", "every class can have instances; see mesoonto reason")
        for item in verdict.unsatisfiable
    ]


def _print(flaws: list[Flaw], rules: int, form: str) -> None:
    import json

    from mesoonto.namespaces import compress

    if form == "json":
        click.echo(json.dumps([asdict(flaw) for flaw in flaws], indent=2))
        return
    for flaw in flaws:
        place = f"{flaw.file}:{flaw.line}: " if flaw.line else f"{flaw.file}: " if flaw.file else ""
        value = f" (found: {compress(flaw.value)})" if flaw.value else ""
        term = f"{compress(flaw.term)}: " if flaw.term else ""
        click.echo(f"{place}{term}{flaw.rule}: {flaw.summary}{value}")
    click.echo(f"{len(flaws)} findings, {rules} rules")
