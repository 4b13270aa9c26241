"""What is dated stands on the timeline, at its date; what is not is listed."""

from __future__ import annotations

import itertools

import pytest

from mesoonto.dataset.store import Engine
from mesoonto.views.facts import Facts
from mesoonto.views.timeline import ROW, WIDTH, Timeline, _moment, timeline


@pytest.fixture(scope="module")
def drawn(facts: Facts) -> Timeline:
    return timeline(facts)


def test_every_trial_is_drawn_or_listed(engine: Engine, drawn: Timeline) -> None:
    studies = {row["s"] for row in engine.select("SELECT ?s { ?s a meso:Study }")}
    dated = {
        row["s"]
        for row in engine.select(
            """SELECT DISTINCT ?s { ?s a meso:Study . ?c meso:ofStudy ?s . ?part meso:ofCohort ?c .
               { ?part dcterms:source/dcterms:issued ?date } UNION { ?part meso:dataCutoff ?date } }"""
        )
    }
    tracks = {t.link.iri for t in drawn.tracks if t.group.startswith("trials")}
    assert tracks == dated
    assert {link.iri for link in drawn.undated} & studies == studies - dated


def test_every_dated_decision_is_drawn_once(engine: Engine, drawn: Timeline) -> None:
    rows = engine.select(
        """SELECT DISTINCT ?d ?date { ?d a/rdfs:subClassOf* meso:Decision
           OPTIONAL { ?d dcterms:issued ?date } }"""
    )
    marks = [m for t in drawn.tracks for m in t.marks if m.kind == "decision"]
    dated = {row["d"]: row["date"] for row in rows if "date" in row}
    assert sorted((m.link.iri, m.date) for m in marks) == sorted(dated.items())
    assert {row["d"] for row in rows} - set(dated) <= {link.iri for link in drawn.undated}


def test_places_follow_dates_and_stay_on_the_drawing(drawn: Timeline) -> None:
    for track in drawn.tracks:
        moments = [_moment(m.date) for m in track.marks]
        places = [m.at for m in track.marks]
        assert sorted(places) == [at for _, at in sorted(zip(moments, places, strict=True))]
        assert all(0 <= at <= WIDTH for at in places)
    rows = sorted(t.y for t in drawn.tracks)
    assert all(later - earlier >= ROW for earlier, later in itertools.pairwise(rows))
    assert rows[-1] < drawn.height


def test_one_setting(facts: Facts, drawn: Timeline) -> None:
    some = timeline(facts, setting="maintenance")
    groups = {t.group for t in some.tracks if t.group.startswith("trials")}
    assert groups == {"trials: maintenance"}
    assert [t.link for t in some.tracks if t.group in groups] == [
        t.link for t in drawn.tracks if t.group in groups
    ]
