"""``mesoonto synth``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click


@click.command()
@click.argument("output", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--triples", type=click.IntRange(1), help="As many patients as fill so many triples.")
@click.option("--patients", type=click.IntRange(1), help="So many patients.")
@click.option(
    "--first", type=click.IntRange(1), default=1, show_default=True, help="The number of the first patient."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same cohort.")
@click.option(
    "--faults",
    type=click.FloatRange(0, 1),
    default=0.01,
    show_default=True,
    help="The share of records with a fault.",
)
@click.option(
    "--shapes", type=click.Path(dir_okay=False, path_type=Path), help="Write the shapes of the cohort here."
)
@click.option(
    "--summary",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write here, as JSON, how many faults there are of each kind: what a validator should find.",
)
def synth(
    output: Path,
    triples: int | None,
    patients: int | None,
    first: int,
    seed: int,
    faults: float,
    shapes: Path | None,
    summary: Path | None,
) -> None:
    """Write a synthetic cohort to OUTPUT: a file whose name ends in .nt, .nt.gz or .nt.zst.

    Patients with samples, measurements, lines of therapy and outcomes, some 65 triples each. Nobody is real,
    and the numbers estimate nothing; they are there to try validation, loading and queries at any size.

    \b
    mesoonto synth cohort.nt --patients 100 --shapes cohort_shapes.ttl
    mesoonto validate --shapes cohort_shapes.ttl cohort.nt
    mesoonto synth cohort.nt.zst --triples 10000000 --summary expected.json
    """
    from mesoonto.cli.progress import progress
    from mesoonto.files.replacing import replacing
    from mesoonto.synthetic.writing import SHAPES, CohortRequest, write

    if (triples is None) == (patients is None):
        raise click.UsageError("give either --triples or --patients")
    request = CohortRequest(seed, faults, triples or 0, patients or 0, first)
    what, total = ("triples", triples) if triples else ("patients", patients)
    with progress(what, total) as advance:
        written = write(request, output, advance)
    for path, text in (
        (shapes, SHAPES.read_text("utf-8")),
        (summary, f"{json.dumps(asdict(written), indent=2)}\n"),
    ):
        if path is not None:
            with replacing(path) as partial:
                partial.write_text(text, "utf-8")
    count = sum(written.faults.values())
    click.echo(f"{output}: {written.patients:,} patients, {written.triples:,} triples, {count:,} faults")
