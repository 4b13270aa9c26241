"""``mesoonto explain``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mesoonto.owl.explain import Reason


@click.command()
@click.argument("subject")
@click.argument("predicate")
@click.argument("object_", metavar="OBJECT")
def explain(subject: str, predicate: str, object_: str) -> None:
    """Tell why the triple SUBJECT PREDICATE OBJECT holds in the dataset.

    Each is a label, a synonym, a CURIE or an IRI; PREDICATE may be subClassOf or the local name
    of a property.

    \b
    mesoonto explain ipilimumab counters 'CTLA-4 checkpoint engagement'
    mesoonto explain MESO:0003049 subClassOf MESO:0003047

    Prints where the triple is stated, or the axioms or statements from which it follows, in words and with
    file and line. Ends with 1 when it does not follow; statements that are evidence on it are then named.
    """
    from mesoonto.ontology.model import Ontology
    from mesoonto.owl.explain import Explainer

    ontology = Ontology.shipped()
    iris = [ontology.find(name) for name in (subject, predicate, object_)]
    explainer = Explainer(ontology)
    found = explainer.explain(*iris)
    if found is not None:
        click.echo(f"{found.claim}\n{found.how}{':' if found.reasons else ''}")
        _print(found.reasons)
        return
    claim = " ".join(map(ontology.wording.name, iris))
    evidence = explainer.evidence(*iris)
    if evidence:
        click.echo(f"{claim}: no axiom says so; it is a claim on which there is evidence:")
        _print(evidence)
    else:
        click.echo(f"{claim}: this does not follow from the dataset")
    raise SystemExit(1)


def _print(reasons: Sequence[Reason]) -> None:
    for number, reason in enumerate(reasons, start=1):
        click.echo(f"  {number}. {reason.words}\n     {reason.place}")
