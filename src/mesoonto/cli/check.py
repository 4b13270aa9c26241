"""``mesoonto check``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mesoonto.errors import InputError, Place

if TYPE_CHECKING:
    from mesoonto.ontology.model import Ontology
    from mesoonto.owl.quality import Flaw, QualityRule

#: The rule that cannot be judged where what is imported is not known.
_NEEDS_IMPORTS = "class_or_property_untyped"


@click.command()
@click.argument("arguments", nargs=-1, metavar="[RULE|FILE]...")
@click.option("--list", "list_", is_flag=True, help="List the rules and the pitfalls they guard against.")
@click.option("--reasoner", is_flag=True, help="Also classify with HermiT (needs Java).")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def check(arguments: tuple[str, ...], list_: bool, reasoner: bool, form: str) -> None:
    """Check an ontology: quality rules, and of this project's also canonical form and generated files.

    The rules are the files ontology/quality/*.rq; name some to run only these. Each finding has file and
    line. Without FILEs the shipped ontology is checked; any other is checked by the rules that apply to any
    ontology. FILEs are RDF in any syntax, or OBO; a file in functional or Manchester syntax is refused
    with the command that converts it. What they import is read from where a catalog-v001.xml beside or above
    them says.

    \b
    mesoonto check
    mesoonto check cycle label_duplicate
    mesoonto check my-ontology.ttl
    mesoonto check --list

    Ends with 0 when nothing is found, 1 when something is, 2 when a rule or file cannot be used.
    """
    from mesoonto.owl import quality

    rules = quality.shipped_rules()
    known = {rule.name for rule in rules}
    names = [argument for argument in arguments if argument in known]
    files = [Path(argument) for argument in arguments if argument not in known]
    unknown = [str(path) for path in files if not path.suffix and not path.exists()]
    if unknown:
        raise click.UsageError(f"no rule {', '.join(unknown)}; mesoonto check --list names them")
    chosen = [rule for rule in rules if rule.name in names or not names]
    if files:
        special = [rule.name for rule in chosen if not rule.general]
        if names and special:
            raise click.UsageError(f"{', '.join(special)}: this rule is about the terms of this project only")
        chosen = [rule for rule in chosen if rule.general]
    if list_:
        for rule in chosen:
            pitfall = f" [{rule.pitfall}]" if rule.pitfall else ""
            click.echo(f"{rule.name}: {rule.summary}{pitfall}{'' if rule.general else ' (this project)'}")
        return
    ontology, flaws, count = _of_files(files, chosen) if files else _of_shipped(chosen, bool(names))
    if reasoner and not names:
        flaws += _unsatisfiable(ontology)
    _print(flaws, count, form)
    raise SystemExit(1 if flaws else 0)


def _of_shipped(rules: list[QualityRule], rules_only: bool) -> tuple[Ontology, list[Flaw], int]:
    """The shipped ontology, its flaws, and how many rules were asked."""
    from mesoonto.dataset import shipped
    from mesoonto.ontology.model import Ontology
    from mesoonto.owl import quality

    ontology = Ontology.shipped()
    flaws = quality.check(shipped.build(ontology), rules, ontology)
    return ontology, flaws if rules_only else flaws + _files(ontology), len(rules)


def _of_files(files: list[Path], rules: list[QualityRule]) -> tuple[Ontology, list[Flaw], int]:
    """The ontology in *files*, its flaws, and how many rules were asked."""
    from mesoonto.ontology.imports import MissingImport
    from mesoonto.ontology.model import Ontology
    from mesoonto.owl import quality

    missing: list[MissingImport] = []
    ontology = Ontology.from_files(files, missing)
    namespace = quality.own_namespace(ontology)
    if not namespace:
        raise InputError("no class or property of OWL is declared here", Place(str(files[0])))
    click.echo(f"own terms begin with {namespace}", err=True)
    for found in missing:
        click.echo(
            f"{found.place}: imports <{found.iri}>, which is not at hand; {_NEEDS_IMPORTS} is left out",
            err=True,
        )
    asked = [
        quality.adapted(rule, namespace) for rule in rules if not (missing and rule.name == _NEEDS_IMPORTS)
    ]
    return ontology, quality.check(quality.dataset(ontology), asked, ontology), len(asked)


def _files(ontology: Ontology) -> list[Flaw]:
    """What holds of files: numbers of terms, design patterns, canonical form, generated files up to date."""
    from mesoonto import resources
    from mesoonto.owl import fmt, generated, id_ranges
    from mesoonto.owl.quality import Flaw

    found = [
        (path, "canonical_form", "not in canonical form; run mesoonto fmt")
        for path in fmt.loose_files(ontology)
    ]
    found += [
        (path, "generated", "out of date; run mesoonto build") for path in generated.stale_files(ontology)
    ]
    return [
        *id_ranges.misplaced(ontology, id_ranges.shipped_ranges()),
        *_off_pattern(ontology),
        *(Flaw(str(path.relative_to(resources.root())), 0, "", "", name, text) for path, name, text in found),
    ]


def _off_pattern(ontology: Ontology) -> list[Flaw]:
    """Classes that are not what their design pattern says."""
    from mesoonto import resources
    from mesoonto.owl import pattern_files
    from mesoonto.owl.quality import Flaw

    flaws = []
    for found in pattern_files.departures(ontology, pattern_files.shipped_classes(ontology)):
        row = f"{Path(found.row.source).relative_to(resources.root())}:{found.row.line}"
        file, line = ontology.spot(found.iri, found.predicate)
        text = f"the term is what its pattern makes of {row}; edit that row, or run mesoonto build"
        flaws.append(Flaw(file, line, found.iri, found.stated, "pattern", text))
    return flaws


def _unsatisfiable(ontology: Ontology) -> list[Flaw]:
    from mesoonto.owl import reason
    from mesoonto.owl.quality import Flaw

    verdict = reason.classify(
        ontology,
        lambda text: click.echo(f"{text} ...", err=True) if sys.stderr.isatty() else None,
        reasons=False,
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
    click.echo(f"{len(flaws)} finding{'' if len(flaws) == 1 else 's'}, {rules} rules")
