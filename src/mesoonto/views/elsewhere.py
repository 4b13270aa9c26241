"""Names for the identifiers that other vocabularies give to an entity."""

from __future__ import annotations

from mesoonto.namespaces import OBO, compress

#: Beginnings of IRIs, with the name under which people know the vocabulary; the identifier is the rest.
VOCABULARIES = {
    f"{OBO}NCIT_": "NCI Thesaurus",
    f"{OBO}CHEBI_": "ChEBI",
    f"{OBO}DOID_": "Disease Ontology",
    f"{OBO}GO_": "Gene Ontology",
    f"{OBO}HP_": "Human Phenotype Ontology",
    f"{OBO}MONDO_": "Mondo",
    f"{OBO}OBI_": "OBI",
    f"{OBO}STATO_": "STATO",
    f"{OBO}VO_": "Vaccine Ontology",
    "http://id.nlm.nih.gov/mesh/": "MeSH",
    "http://identifiers.org/drugbank/": "DrugBank",
    "http://identifiers.org/hgnc/": "HGNC",
    "http://identifiers.org/reactome/": "Reactome",
    "http://oncotree.mskcc.org/api/tumorTypes/search/code/": "OncoTree",
    "http://purl.bioontology.org/ontology/RXNORM/": "RxNorm",
    "http://purl.uniprot.org/uniprot/": "UniProt",
    "http://rdf.ebi.ac.uk/resource/chembl/molecule/": "ChEMBL",
    "http://semanticscience.org/resource/SIO_": "SIO",
    "http://www.ebi.ac.uk/efo/EFO_": "EFO",
    "http://www.wikidata.org/entity/": "Wikidata",
    "https://cellmodelpassports.sanger.ac.uk/passports/": "Cell Model Passports",
    "https://depmap.org/portal/cell_line/": "DepMap",
    "https://www.cellosaurus.org/": "Cellosaurus",
}


def name_elsewhere(iri: str) -> str:
    """Vocabulary and identifier of *iri*; its CURIE, or itself, where the vocabulary is not known.

    >>> name_elsewhere("http://www.wikidata.org/entity/Q425470")
    'Wikidata Q425470'
    """
    stem = next((stem for stem in VOCABULARIES if iri.startswith(stem)), "")
    return f"{VOCABULARIES[stem]} {iri.removeprefix(stem)}" if stem else compress(iri)
