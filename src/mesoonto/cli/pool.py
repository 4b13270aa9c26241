"""``mesoonto pool``."""

from __future__ import annotations

import click


@click.command()
@click.option(
    "--end-point", default="", metavar="LABEL", help="One end point only, such as 'overall survival'."
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True
)
def pool(end_point: str, form: str) -> None:
    """Pool the ratios of trials that may be pooled, and list what is left out and why.

    \b
    mesoonto pool
    mesoonto pool --end-point 'overall survival' --format csv

    Comparisons are pooled when statistic, end point, patients, setting and arms are alike and no patient
    counts twice; each interval is converted from its own level. Prints a fixed-effect and a random-effects
    estimate with Q, I² and tau², then every ratio that is in no pool. Estimates need the extra
    mesoonto[synthesis]; without it the pools come without them, and it ends with 2.
    """
    from mesoonto.dataset import kept
    from mesoonto.errors import MesoontoError
    from mesoonto.synthesis import report
    from mesoonto.synthesis.pools import synthesise
    from mesoonto.views.facts import Facts

    found = synthesise(Facts(kept.engine().store), end_point=end_point)
    click.echo(report.WRITERS[form](found), nl=False)
    if found.problem:
        raise MesoontoError(found.problem)
