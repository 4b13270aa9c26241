"""Trials, decisions and the development of agents on one axis of time, as coordinates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyoxigraph as ox

from mesoonto.namespaces import MESO
from mesoonto.views.facts import DCTERMS, SUBCLASS, TYPE, EntityLink, Facts
from mesoonto.views.terms import Status, statuses

#: Width of the drawing that marks are placed in, and height of one row, in units of the drawing.
WIDTH, ROW = 780.0, 20.0


@dataclass(frozen=True, slots=True)
class DatedMark:
    """One dated thing."""

    kind: str  #: "report", "cut-off", "decision" or "status"
    link: EntityLink
    date: str  #: as recorded: a year, a month or a day
    at: float
    tone: str = ""  #: "good" or "bad" where the record says so


@dataclass(frozen=True, slots=True)
class Track:
    """A row: a trial, a jurisdiction or an agent, with its marks in time."""

    link: EntityLink
    group: str
    marks: tuple[DatedMark, ...]
    y: float


@dataclass(frozen=True, slots=True)
class Band:
    """The name above a group of rows."""

    label: str
    y: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """Rows and years in a drawing of *width* by *height*."""

    bands: tuple[Band, ...]
    tracks: tuple[Track, ...]
    years: tuple[tuple[float, str], ...]
    undated: tuple[EntityLink, ...]  #: trials and decisions without a date on record
    settings: tuple[str, ...]  #: of trials, that one may choose from
    width: float
    height: float


def timeline(facts: Facts, *, setting: str = "") -> Timeline:
    """All that is dated, or only trials of one *setting* and the decisions and agents beside them."""
    trials = _trials(facts)
    shown = [t for t in trials if setting in ("", t[1])]
    decided, without = _decisions(facts)
    rows = [*decided, *_agents(facts), *((link, f"trials: {group}", marks) for link, group, marks in shown)]
    dated = [row for row in rows if row[2]]
    years = [int(date[:4]) for _, _, marks in dated for _, _, date, _ in marks]
    first, last = min(years, default=2000), max(years, default=2000) + 1

    def x(date: str) -> float:
        return round(WIDTH * (_moment(date) - first) / (last - first), 1)

    bands, tracks, y = [], [], 0.0
    group = ""
    for link, name, marks in dated:
        if name != group:
            y += ROW * (1.6 if group else 1.0)
            bands.append(Band(name, y - ROW * 0.4))
            group = name
        placed = tuple(DatedMark(k, at, date, x(date), tone) for k, at, date, tone in marks)
        tracks.append(Track(link, name, placed, y + ROW / 2))
        y += ROW
    step = 1 if last - first < 16 else 2
    undated = [link for link, _, marks in rows if not marks] + without
    return Timeline(
        bands=tuple(bands),
        tracks=tuple(tracks),
        years=tuple((x(str(n)), str(n)) for n in range(first, last + 1, step)),
        undated=tuple(sorted(undated, key=lambda link: link.label.lower())),
        settings=tuple(sorted({group for _, group, _ in trials})),
        width=WIDTH,
        height=y,
    )


_Marks = list[tuple[str, EntityLink, str, str]]


def _trials(facts: Facts) -> list[tuple[EntityLink, str, _Marks]]:
    """Every trial with its setting, the reports that figures come from and the cut-offs of analyses."""
    found = []
    for study in facts.subjects(TYPE, ox.NamedNode(f"{MESO}Study")):
        parts = [
            part
            for cohort in facts.subjects(f"{MESO}ofStudy", study)
            for part in facts.subjects(f"{MESO}ofCohort", cohort)
        ]
        sources = dict.fromkeys(s for p in parts for s in facts.entities(p, f"{DCTERMS}source"))
        marks: _Marks = [
            ("report", facts.link(s), date, "")
            for s in sources
            if (date := facts.text(s, f"{DCTERMS}issued"))
        ]
        marks += [
            ("cut-off", facts.link(p), date, "")
            for p in parts
            if (date := facts.text(p, f"{MESO}dataCutoff"))
        ]
        settings = facts.linked(study, f"{MESO}hasTreatmentSetting")
        group = ", ".join(link.label for link in settings) or "setting not recorded"
        found.append((facts.link(study), group, sorted(marks, key=lambda m: (m[2], m[1].label))))
    return sorted(found, key=lambda t: (t[1], t[2][0][2] if t[2] else "", t[0].label.lower()))


def _decisions(facts: Facts) -> tuple[list[tuple[EntityLink, str, _Marks]], list[EntityLink]]:
    """A row for each jurisdiction, and the decisions without a date."""
    top = ox.NamedNode(f"{MESO}Decision")
    kinds = {top, *facts.subjects(SUBCLASS, top)}
    rows: dict[str, _Marks] = {}
    undated = []
    for node in sorted({n for k in kinds for n in facts.subjects(TYPE, k)}, key=lambda n: n.value):
        date = facts.text(node, f"{DCTERMS}issued")
        if not date:
            undated.append(facts.link(node))
            continue
        outcome = facts.one(node, f"{MESO}hasDecisionOutcome")
        tone = "bad" if outcome is not None and outcome.label.startswith("not ") else "good"
        mark = ("decision", facts.link(node), date, tone)
        rows.setdefault(facts.text(node, f"{MESO}jurisdiction"), []).append(mark)
    named = [
        (EntityLink(place, ""), "decisions by jurisdiction", _in_order(rows[place])) for place in sorted(rows)
    ]
    return named, undated


def _agents(facts: Facts) -> list[tuple[EntityLink, str, _Marks]]:
    """Agents whose development has a status on a day."""
    agents = {
        agent
        for node in facts.subjects(TYPE, ox.NamedNode(f"{MESO}DevelopmentStatus"))
        for agent in facts.entities(node, f"{MESO}hasIntervention")
    }
    rows = [
        (facts.link(agent), "development of agents", _in_order(_mark(s) for s in statuses(facts, agent)))
        for agent in agents
    ]
    return sorted(rows, key=lambda row: (row[2][0][2] if row[2] else "", row[0].label.lower()))


def _mark(status: Status) -> tuple[str, EntityLink, str, str]:
    tone = "bad" if status.ended else "good" if "approved" in status.stage else ""
    return ("status", status.link, status.date, tone)


def _in_order(marks: Iterable[tuple[str, EntityLink, str, str]]) -> _Marks:
    return sorted((m for m in marks if m[2]), key=lambda m: (m[2], m[1].label))


def _moment(date: str) -> float:
    """A date as a number of years; a year stands at its middle, a month at its own.

    >>> _moment("2020"), _moment("2020-07"), round(_moment("2020-01-01"), 3)
    (2020.5, 2020.5416666666667, 2020.0)
    """
    parts = [int(part) for part in date[:10].split("-")]
    if len(parts) == 1:
        return parts[0] + 0.5
    if len(parts) == 2:
        return parts[0] + (parts[1] - 0.5) / 12
    return parts[0] + (parts[1] - 1) / 12 + (parts[2] - 1) / 365.25
