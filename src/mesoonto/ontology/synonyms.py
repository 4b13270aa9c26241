"""The properties that give other names: scoped synonyms of terms, alternative labels of records."""

from __future__ import annotations

from mesoonto.namespaces import OBO_IN_OWL, PREFIXES

#: What a synonym means beside the label of its term, and the annotation property that says so.
SCOPES = {
    scope: f"{OBO_IN_OWL}has{scope.capitalize()}Synonym" for scope in ("exact", "narrow", "broad", "related")
}
#: An other name whose scope is not told: that of a study, say.
ALT_LABEL = PREFIXES["skos"] + "altLabel"
#: All properties that give other names, those first that mean the same.
OTHER_NAMES = (SCOPES["exact"], ALT_LABEL, SCOPES["narrow"], SCOPES["broad"], SCOPES["related"])
#: On the axiom that gives a definition or synonym: where it was found, as a CURIE or an address.
XREF = f"{OBO_IN_OWL}hasDbXref"
#: On the axiom that gives a synonym: what kind of name it is.
SYNONYM_TYPE = f"{OBO_IN_OWL}hasSynonymType"
