"""When two results are figures of one thing, so that a later analysis takes the place of an earlier one."""

#: The properties that say what a result is a figure of, by local name.
FIGURE_OF = (
    "ofCohort", "hasEndPoint", "hasStatistic", "hasPopulation", "populationText", "ofArm",
    "hasExperimentalArm", "hasReferenceArm", "timePoint", "timeUnit", "assessedBy",
    "hasResponseCriteria", "hasReferencePopulation",
)  # fmt: skip
