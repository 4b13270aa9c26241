"""What the shipped data are, in words, for those who describe them: the site, VoID."""

from __future__ import annotations

from mesoonto.namespaces import DATA, MESO

TITLE = "mesoonto: resistance to immunotherapy in malignant pleural mesothelioma"

DESCRIPTION = (
    "Resistance to immunotherapy in malignant pleural mesothelioma: mechanisms, interventions, biomarkers, "
    "trial results with populations and interval levels, evidence."
)

LICENSE = "https://creativecommons.org/licenses/by/4.0/"

#: A study, one of its arms' results, a mechanism, an intervention: what most queries are about.
EXAMPLE_RESOURCES = (
    f"{DATA}study_NCT02899299",
    f"{DATA}result_NCT02899299_3y_congress_dor_median_nivolumab_ipilimumab",
    f"{MESO}MESO_0001051",
    f"{MESO}MESO_0002002",
)
