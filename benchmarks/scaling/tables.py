"""The tables of RESULTS.md and of docs/scaling.md, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from . import model
from .fit import Fit, Growth
from .queries import TEMPLATES
from .steps import STEPS

#: Titles of the tables, in their order in RESULTS.md.
TITLES = {
    "reached": "Which step ran at which size",
    "cohorts": "Making the cohorts",
    "load": "Loading: `mesoonto load`, on disk",
    "queries": "Queries: processor time of one, warm and cold",
    "served": "The same over HTTP: processor time of the whole server",
    "validate": "Validation: `mesoonto validate`",
    "versions": "Publishing and following a version",
    "fits": "How each grows",
}
MEASURED = tuple(TITLES)

HERE = model.MachineKind("as measured", 2, 24 * 2**30, 250 * model.GB)
SERVER = model.MachineKind("usual server", 32, 256 * 2**30, 4000 * model.GB)
KINDS = (HERE, SERVER)

_SIZES = (1e6, 1e7, 1e8, 1e9, 1e11)
_RATE = 10_000.0


def all_tables(found: dict[str, Any], slopes: model.Slopes) -> dict[str, str]:
    """Each table, those of the model included."""
    return {
        "reached": _reached(found),
        "cohorts": _cohorts(found),
        "load": _load(found),
        "queries": _queries(found),
        "served": _served(found),
        "validate": _validate(found),
        "versions": _versions(found),
        "fits": _fits(slopes),
        "storage": _storage(slopes),
        "nights": _nights(slopes),
        "rate": _rate(slopes),
        "scans": _scans(slopes),
        "nodes": _nodes(slopes),
        "engines": _engines(slopes),
        "published": _published(),
    }


def machine_line(found: dict[str, Any]) -> str:
    """On what, and with what, was measured."""
    facts = found["machine"]
    return (
        f"{facts['cores']} cores ({facts['processor']}), {facts['memory_bytes'] / 2**30:.0f} GiB, Linux "
        f"{facts['kernel']}, Python {facts['python']}, mesoonto {facts['mesoonto']}, pyoxigraph "
        f"{facts['pyoxigraph']}. "
        f"{found['note']}"
    ).strip()


def _reached(found: dict[str, Any]) -> str:
    sizes = sorted(found["sizes"].values(), key=lambda steps: steps["synth"]["triples"])
    rows = [
        [_count(steps["synth"]["triples"]), *("yes" if step in steps else "–" for step in STEPS)]
        for steps in sizes
    ]
    return table(["triples", *STEPS], rows)


def _cohorts(found: dict[str, Any]) -> str:
    rows = [
        [
            _count(facts["triples"]),
            _count(facts["patients"]),
            f"{1e6 * facts['cpu'] / facts['triples']:.1f}",
            f"{facts['packed_bytes'] / facts['triples']:.1f}",
            f"{facts['wall']:,.0f}",
            f"{facts['load']:.0f}",
        ]
        for facts in _of(found, "synth")
    ]
    return table(["triples", "patients", "CPU µs a triple", "packed bytes a triple", "wall s", "load"], rows)


def _load(found: dict[str, Any]) -> str:
    rows = [
        [
            _count(facts["triples"]),
            f"{facts['cpu']:,.1f}",
            f"{1e6 * facts['cpu'] / facts['triples']:.1f}",
            f"{facts['dataset_bytes'] / facts['triples']:.0f}",
            f"{facts['written_bytes'] / facts['triples']:.0f}",
            f"{facts['peak_bytes'] / 1e6:,.0f}",
            f"{facts['wall']:,.0f}",
            f"{facts['load']:.0f}",
        ]
        for facts in _of(found, "load")
    ]
    heads = [
        "triples",
        "CPU s",
        "CPU µs a triple",
        "bytes on disk a triple",
        "bytes written a triple",
        "peak memory MB",
        "wall s",
        "load",
    ]
    return table(heads, rows)


def _queries(found: dict[str, Any]) -> str:
    sizes = _of(found, "ask")
    rows = []
    for template in TEMPLATES:
        row = [template.name, template.touches]
        for facts in sizes:
            cell = facts["templates"].get(template.name)
            row.append("–" if cell is None else f"{seconds(cell['warm_cpu'])} / {seconds(cell['cold_cpu'])}")
        rows.append(row)
    loads = [cell["load"] for facts in sizes for cell in facts["templates"].values()]
    return (
        table(["template", "touches", *(_count(facts["triples"]) for facts in sizes)], rows)
        + f"\nWarm / cold. Load while asking: {min(loads):.0f} to {max(loads):.0f}."
    )


def _served(found: dict[str, Any]) -> str:
    sizes = _of(found, "serve")
    rows = [
        [name, *(seconds(facts["templates"][name]["cpu"]) for facts in sizes)]
        for name in (sizes[0]["templates"] if sizes else ())
    ]
    return table(["template", *(_count(facts["triples"]) for facts in sizes)], rows)


def _validate(found: dict[str, Any]) -> str:
    rows = [
        [
            _count(facts["triples"]),
            _count(facts["focus_nodes"]),
            _count(facts["findings"]),
            f"{facts['cpu']:,.1f}",
            f"{1e6 * facts['cpu'] / facts['focus_nodes']:.0f}",
            f"{facts['peak_bytes'] / facts['triples']:.0f}",
            f"{facts['peak_bytes'] / 1e6:,.0f}",
            f"{facts['wall']:,.0f}",
            f"{facts['load']:.0f}",
        ]
        for facts in _of(found, "validate")
    ]
    heads = [
        "triples",
        "focus nodes",
        "findings",
        "CPU s",
        "CPU µs a focus node",
        "memory bytes a triple",
        "peak memory MB",
        "wall s",
        "load",
    ]
    return table(heads, rows)


def _versions(found: dict[str, Any]) -> str:
    rows = []
    for step in ("publish", "follow"):
        for facts in _of(found, step):
            size = facts["published_bytes"] if step == "publish" else facts["replica_bytes"]
            rows.append(
                [
                    step,
                    _count(facts["triples"]),
                    f"{facts['cpu']:,.1f}",
                    f"{1e6 * facts['cpu'] / facts['triples']:.1f}",
                    f"{size / facts['triples']:.1f}",
                    f"{facts['peak_bytes'] / 1e6:,.0f}",
                    f"{facts['wall']:,.0f}",
                    f"{facts['load']:.0f}",
                ]
            )
    heads = [
        "step",
        "triples",
        "CPU s",
        "CPU µs a triple",
        "bytes a triple",
        "peak memory MB",
        "wall s",
        "load",
    ]
    return table(heads, rows)


def _fits(slopes: model.Slopes) -> str:
    named: list[tuple[str, Fit, float, str]] = [
        ("load: CPU a triple", slopes.load_cpu, 1e6, "µs"),
        ("load: bytes on disk a triple", slopes.stored_bytes, 1, "B"),
        ("load: peak memory", slopes.load_memory, 1e-6, "MB"),
        ("validate: CPU a focus node", slopes.validate_cpu, 1e6, "µs"),
        ("validate: memory a triple", slopes.validate_memory, 1, "B"),
        ("publish: CPU a triple", slopes.publish_cpu, 1e6, "µs"),
        ("publish: bytes a triple", slopes.published_bytes, 1, "B"),
        ("follow: CPU a triple", slopes.follow_cpu, 1e6, "µs"),
    ]
    named += [
        (f"query: {template.name}, warm CPU", slopes.queries[template.name], 1e3, "ms")
        for template in TEMPLATES
        if template.name in slopes.queries
    ]
    rows = [[name, *_fitted(fit, factor, unit)] for name, fit, factor, unit in named]
    return table(["what", "growth", "fit", "residue", "measured to", "exponent"], rows)


def _fitted(fit: Fit, factor: float, unit: str) -> list[str]:
    text = f"{number(fit.base * factor)} {unit}"
    if fit.growth is Growth.LOGARITHMIC:
        text = f"{number(fit.base * factor)} + {number(fit.slope * factor)} · log₁₀ n {unit}"
    elif fit.growth is Growth.LINEAR:
        text = f"{number(fit.base * factor)} + {number(fit.slope * factor * 1e6)} · n / 10⁶ {unit}"
    return [str(fit.growth), text, f"{fit.residue:.0%}", _count(fit.largest), f"{fit.exponent:.2f}"]


def _storage(slopes: model.Slopes) -> str:
    rows = []
    for n in _SIZES:
        loaded = _beyond(n, slopes.load_cpu)
        row = [
            _size(n, slopes.load_cpu),
            f"{slopes.stored_bytes.at(n) * n / model.GB:,.1f}",
            f"{model.disk_needed(slopes, n) / model.GB:,.1f}",
            _hours(model.load_hours(slopes, n)),
            _hours(model.publish_hours(slopes, n)) + _beyond(n, slopes.publish_cpu).removesuffix(loaded),
            _hours(model.follow_hours(slopes, n)) + _beyond(n, slopes.follow_cpu).removesuffix(loaded),
        ]
        for kind in KINDS:
            row.append(
                f"{model.cached_share(slopes, n, kind):.0%}"
                if model.fits(slopes, n, kind)
                else "does not fit"
            )
        rows.append(row)
    heads = [
        "triples",
        "one version GB",
        "disk of a replica GB",
        "load, 1 core",
        "publish",
        "follow",
        *(f"in the page cache, {kind.name}" for kind in KINDS),
    ]
    return table(heads, rows)


def _nights(slopes: model.Slopes) -> str:
    steps: dict[str, Callable[[float], float]] = {
        "load, one core": lambda n: model.load_hours(slopes, n),
        "publish": lambda n: model.publish_hours(slopes, n),
        "follow": lambda n: model.follow_hours(slopes, n),
        **{
            f"validate, one machine {kind.name}": partial(
                _validating, slopes, model.validate_workers(slopes, kind)
            )
            for kind in KINDS
        },
    }
    rows = [[name, _count(float(f"{model.most_triples(hours):.2g}"))] for name, hours in steps.items()]
    most = model.most_triples(steps["follow"], model.FOLLOW_HOURS)
    rows.append(
        [f"follow, in the {model.FOLLOW_HOURS:g} h that a server gives it", _count(float(f"{most:.2g}"))]
    )
    return table(["step", f"triples in {model.NIGHT:.0f} hours"], rows)


def _validating(slopes: model.Slopes, workers: int, triples: float) -> float:
    return model.validate_core_hours(slopes, triples) / max(1, workers)


def _rate(slopes: model.Slopes) -> str:
    rows = []
    for name, mix in (("one patient", model.RECORDS), ("and 1 in 1,000 a range", model.MIXED)):
        for n in _SIZES:
            cpu = model.query_cpu(slopes, mix, n)
            row = [name, _size(n, slopes.queries["look-up"]), seconds(cpu), f"{model.cores(_RATE, cpu):,.0f}"]
            for kind in KINDS:
                fits = model.fits(slopes, n, kind)
                row.append(f"{model.machines_for_rate(_RATE, cpu, kind):,}" if fits else "does not fit")
            rows.append(row)
    heads = ["mix", "triples", "CPU a query", "cores", *(f"machines, {kind.name}" for kind in KINDS)]
    return table(heads, rows)


def _scans(slopes: model.Slopes) -> str:
    rows = [
        [_size(n, slopes.queries["look-up"]), *(seconds(fit.at(n)) for fit in _query_fits(slopes))]
        for n in _SIZES
    ]
    return table(["triples", *(t.name for t in TEMPLATES if t.name in slopes.queries)], rows)


def _query_fits(slopes: model.Slopes) -> list[Fit]:
    return [slopes.queries[template.name] for template in TEMPLATES if template.name in slopes.queries]


def _nodes(slopes: model.Slopes) -> str:
    rows = []
    for n in _SIZES:
        row = [
            _size(n, slopes.validate_cpu),
            _count(slopes.focus_nodes * n),
            _hours(model.validate_core_hours(slopes, n)),
        ]
        row += [f"{model.validate_machines(slopes, n, kind):,}" for kind in KINDS]
        rows.append(row)
    heads = [
        "triples",
        "focus nodes",
        "CPU",
        *(f"machines, {kind.name}, for {model.NIGHT:.0f} hours" for kind in KINDS),
    ]
    return table(heads, rows)


def _engines(slopes: model.Slopes) -> str:
    rows = [[_size(n, slopes.load_cpu), *(model.pick(slopes, n, kind) for kind in KINDS)] for n in _SIZES]
    return table(["triples", *(kind.name for kind in KINDS)], rows)


def _published() -> str:
    rows = [
        [figure.engine, _count(figure.triples), f"{figure.what} ([source]({figure.source}))"]
        for figure in model.PUBLISHED
    ]
    return table(["engine", "triples", "published"], rows)


def _of(found: dict[str, Any], step: str) -> list[dict[str, Any]]:
    """The figures of *step* at each size that has it, with the triples and patients of the size."""
    sizes = sorted(found["sizes"].values(), key=lambda steps: steps["synth"]["triples"])
    return [
        {"triples": steps["synth"]["triples"], "patients": steps["synth"]["patients"]} | steps[step]
        for steps in sizes
        if step in steps
    ]


def _size(triples: float, fit: Fit) -> str:
    return f"{_count(triples)}{_beyond(triples, fit)}"


def _beyond(triples: float, fit: Fit) -> str:
    """What stands behind a figure that *fit* gives for more triples than were measured."""
    return "" if triples <= fit.largest * 1.01 else " (extrapolated)"


def _count(value: float) -> str:
    for limit, name in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if value >= limit * 0.9995:
            return f"{value / limit:,.3g} {name}"
    return f"{round(value, -3) if value >= 100_000 else value:,.0f}"


def _hours(value: float) -> str:
    if value < 1 / 60:
        return f"{value * 3600:.0f} s"
    if value < 2:
        return f"{value * 60:.0f} min"
    return f"{value:,.0f} h" if value < 48 else f"{value / 24:,.0f} d"


def seconds(value: float) -> str:
    """A time in the unit that suits it."""
    if value < 1e-3:
        return f"{value * 1e6:.0f} µs"
    if value < 1:
        return f"{number(value * 1e3)} ms"
    return f"{number(value)} s" if value < 7200 else _hours(value / 3600)


def number(value: float) -> str:
    """Three figures, without an exponent."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
