"""What describes the patients of a cohort, as a page shows it."""

from __future__ import annotations

import pyoxigraph as ox

from mesoonto.views.characteristics import characteristics
from mesoonto.views.facts import Facts

DATA = """@prefix meso: <https://w3id.org/mesoonto/> . @prefix : <http://e/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
:arm rdfs:label "Arm A" . meso:MESO_0004103 rdfs:label "proportion" . meso:MESO_0004109 rdfs:label "median" .
:age rdfs:label "age" . :male rdfs:label "male sex" . :r a meso:Result ; meso:ofCohort :c .
:one a meso:CohortCharacteristic ; meso:ofCohort :c ; meso:hasCharacteristic :male ; meso:value 75.0 ;
    meso:unit "%" ;
    meso:hasStatistic meso:MESO_0004103 ; meso:events 15 ; meso:populationSize 20 ;
    meso:locator "secondary account" .
:two a meso:CohortCharacteristic ; meso:ofCohort :c ; meso:hasCharacteristic :age ; meso:value 69.5 ;
    meso:unit "a" ;
    meso:hasStatistic meso:MESO_0004109 ; meso:ofArm :arm ; meso:rangeMinimum 33.0 ; meso:rangeMaximum 87.0 ;
    meso:lowerQuartile 61.0 ; meso:upperQuartile 75.0 ; meso:locator "table 1" .
:three a meso:CohortCharacteristic ; meso:ofCohort :other ; meso:hasCharacteristic :age ; meso:value 1.0 ;
    meso:unit "a" ."""


def test_characteristics_of_a_cohort_have_value_spread_and_counts() -> None:
    store = ox.Store()
    store.load(DATA, format=ox.RdfFormat.TURTLE)
    age, male = characteristics(Facts(store), ox.NamedNode("http://e/c"))
    assert (age.value, age.spread, age.counted) == (
        "69.5 years",
        "range 33 to 87; quartiles 61 to 75",
        "",
    )
    assert age.arm is not None
    assert (age.arm.label, age.statistic and age.statistic.label, age.second_hand) == (
        "Arm A",
        "median",
        False,
    )
    assert (male.value, male.spread, male.counted) == ("75 %", "", "15 of 20")
    assert (male.arm, male.statistic, male.second_hand) == (None, None, True)
