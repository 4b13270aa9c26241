"""``mesoonto reason``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mesoonto.ontology.axioms import Axiom
    from mesoonto.ontology.wording import Wording


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
def reason(files: tuple[Path, ...]) -> None:
    """Classify the ontology with HermiT: is it consistent, can every class have instances?

    Without FILES the shipped modules are classified. FILES are RDF in any syntax, or OBO. What they import is
    read too, from FILES themselves or from where a catalog-v001.xml beside or above them says; nothing is
    fetched.

    \b
    Ends with 0 when the ontology is consistent and all classes are satisfiable, 1 when not, and
    2 when there is no verdict: no Java, an import that is not at hand, or something that HermiT cannot judge.
    """
    from mesoonto.ontology.model import Ontology
    from mesoonto.owl import reason as reasoning

    show = (lambda text: click.echo(f"{text} ...", err=True)) if sys.stderr.isatty() else (lambda _: None)
    found = reasoning.classify(Ontology.from_files(files) if files else Ontology.shipped(), show)
    if not found.consistent:
        click.echo("inconsistent: these axioms contradict each other")
        _print(found.because, found.wording)
        raise SystemExit(1)
    for item in found.unsatisfiable:
        click.echo(
            f"unsatisfiable: {found.wording.name(item.iri)} <{item.iri}> cannot have an instance, because"
        )
        _print(item.because, found.wording)
    for lower, upper in found.subsumptions:
        click.echo(f"inferred: {found.wording.name(lower)} subClassOf {found.wording.name(upper)}")
    click.echo(
        f"consistent, {found.classes} classes, {len(found.unsatisfiable)} unsatisfiable, "
        f"{len(found.subsumptions)} subsumptions inferred"
    )
    raise SystemExit(0 if found.sound else 1)


def _print(axioms: tuple[Axiom, ...], wording: Wording) -> None:
    for axiom in axioms:
        click.echo(f"    {wording.say(axiom)}")
