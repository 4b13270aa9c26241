"""Writes an ontology as OBO 1.4 and as OBO Graphs JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import fastobo
import pyoxigraph as ox
from fastobo.id import PrefixedIdent, Url

from mesoonto.namespaces import MESO, OBO, PREFIXES, compress
from mesoonto.release.terms import OntologyTerm, Synonym


def obo(terms: dict[str, OntologyTerm], header: list[ox.Triple]) -> str:
    """*terms* in the OBO format, version 1.4, under what the ontology's *header* says of it.

    There is no ``data-version``: a version IRI would be made of it and of the ontology's IRI, to no purpose.
    """
    h = fastobo.header
    clauses = [
        h.FormatVersionClause("1.4"),
        h.IdspaceClause("MESO", Url(f"{MESO}MESO_"), None),
        h.IdspaceClause("meso", Url(MESO), None),
        h.IdspaceClause("UniProtKB", Url(PREFIXES["uniprot"]), None),
        h.OntologyClause(_iri(header)),
    ]
    types = {s.type: s.type_label for t in terms.values() for s in t.synonyms if s.type}
    clauses += [h.SynonymTypedefClause(_ident(iri), types[iri]) for iri in sorted(types)]
    clauses += [h.PropertyValueClause(said) for triple in header for said in _property_values(triple)]
    frames = [_term_frame(t, terms) for t in terms.values() if t.kind == "class"]
    frames += [_typedef_frame(t) for t in terms.values() if t.kind == "property"]
    return str(fastobo.doc.OboDoc(h.HeaderFrame(clauses), frames))


def _iri(header: list[ox.Triple]) -> str:
    """The IRI of the ontology that *header* describes."""
    return str(getattr(header[0].subject, "value", ""))


def _property_values(said: ox.Triple) -> Iterator[fastobo.pv.AbstractPropertyValue]:
    """What is said in *said* of an ontology, where that is an annotation."""
    predicate = said.predicate.value
    if predicate in (f"{PREFIXES['rdf']}type", f"{PREFIXES['owl']}versionIRI"):
        return
    # prefixes of RDF are not known to readers of OBO
    relation = _ident(predicate) if predicate.startswith(OBO) else Url(predicate)
    if isinstance(said.object, ox.NamedNode):
        yield fastobo.pv.ResourcePropertyValue(relation, _ident(said.object.value))
    elif isinstance(said.object, ox.Literal):
        # dates too: OWL 2 has no datatype for them, and its library refuses one in OBO
        yield fastobo.pv.LiteralPropertyValue(relation, said.object.value, PrefixedIdent("xsd", "string"))


def _ident(iri: str) -> PrefixedIdent | Url:
    curie = compress(iri)
    if curie == iri or "/" in curie or "#" in curie:
        return Url(iri)
    return PrefixedIdent(*curie.split(":", 1))


def _xrefs(sources: Iterable[str]) -> fastobo.xref.XrefList:
    return fastobo.xref.XrefList([fastobo.xref.Xref(_source(source)) for source in sources])


def _source(xref: str) -> PrefixedIdent | Url:
    """A source as OBO cites it: an address or a CURIE."""
    return Url(xref) if "://" in xref else PrefixedIdent(*xref.split(":", 1))


def _synonym(synonym: Synonym) -> fastobo.syn.Synonym:
    kind = _ident(synonym.type) if synonym.type else None
    return fastobo.syn.Synonym(synonym.text, synonym.scope.upper(), kind, _xrefs(synonym.sources))


def _term_frame(term: OntologyTerm, terms: dict[str, OntologyTerm]) -> fastobo.term.TermFrame:
    t = fastobo.term
    clauses: list[fastobo.term.BaseTermClause] = []
    if term.label:
        clauses.append(t.NameClause(term.label))
    if term.definition:
        clauses.append(t.DefClause(term.definition, _xrefs(term.sources)))
    clauses += [t.CommentClause(" ".join(term.notes))] if term.notes else []
    clauses += [t.SynonymClause(_synonym(synonym)) for synonym in term.synonyms]
    if term.deprecated:
        clauses.append(t.IsObsoleteClause(True))
        clauses += [t.ReplacedByClause(_ident(term.replaced_by))] if term.replaced_by else []
        return t.TermFrame(_ident(term.iri), clauses)
    clauses += [t.IsAClause(_ident(parent)) for parent in term.parents]
    for genus, traits in term.definitions[:1]:  # OBO has room for one
        if len(genus) + len(traits) > 1:
            clauses += [t.IntersectionOfClause(typedef=None, term=_ident(iri)) for iri in genus]
            clauses += [t.IntersectionOfClause(typedef=_ident(role), term=_ident(to)) for role, to in traits]
    for members in term.unions[:1]:
        clauses += [t.UnionOfClause(_ident(iri)) for iri in members]
    clauses += [t.DisjointFromClause(_ident(iri)) for iri in term.disjoint if iri in terms]
    clauses += [t.RelationshipClause(_ident(role), _ident(to)) for role, to in term.relations]
    return t.TermFrame(_ident(term.iri), clauses)


def _typedef_frame(term: OntologyTerm) -> fastobo.typedef.TypedefFrame:
    t = fastobo.typedef
    clauses: list[fastobo.typedef.BaseTypedefClause] = []
    clauses += [t.NameClause(term.label)] if term.label else []
    clauses += [t.DefClause(term.definition, _xrefs(term.sources))] if term.definition else []
    clauses += [t.DomainClause(_ident(term.domain))] if term.domain else []
    clauses += [t.RangeClause(_ident(term.range))] if term.range else []
    clauses += [t.InverseOfClause(_ident(term.inverse))] if term.inverse else []
    clauses += [t.IsAClause(_ident(parent)) for parent in term.parents]
    for chain in term.chains:
        if len(chain) == 2:
            clauses.append(t.HoldsOverChainClause(_ident(chain[0]), _ident(chain[1])))
    return t.TypedefFrame(_ident(term.iri), clauses)


def obo_graph(terms: dict[str, OntologyTerm], header: list[ox.Triple]) -> str:
    """*terms* as OBO Graphs JSON (the schema of geneontology/obographs), under what the *header* says."""
    graph = {
        "id": _iri(header),
        "meta": _meta(header),
        "nodes": [_node(term) for term in terms.values()],
        "edges": [edge for term in terms.values() for edge in _edges(term)],
        "logicalDefinitionAxioms": [
            {
                "definedClassId": term.iri,
                "genusIds": list(genus),
                "restrictions": [{"propertyId": role, "fillerId": filler} for role, filler in traits],
            }
            for term in terms.values()
            for genus, traits in term.definitions
        ],
        "domainRangeAxioms": [
            {"predicateId": term.iri, "domainClassIds": [term.domain], "rangeClassIds": [term.range]}
            for term in terms.values()
            if term.domain and term.range
        ],
        "propertyChainAxioms": [
            {"predicateId": term.iri, "chainPredicateIds": list(chain)}
            for term in terms.values()
            for chain in term.chains
        ],
    }
    return json.dumps({"graphs": [graph]}, indent=2, ensure_ascii=False) + "\n"


def _meta(header: list[ox.Triple]) -> dict[str, object]:
    version, values = "", []
    for said in header:
        predicate, value = said.predicate.value, str(getattr(said.object, "value", ""))
        if predicate == f"{PREFIXES['owl']}versionIRI":
            version = value
        elif predicate != f"{PREFIXES['rdf']}type":
            values.append({"pred": predicate, "val": value})
    return {"version": version, "basicPropertyValues": values}


def _node(term: OntologyTerm) -> dict[str, object]:
    meta: dict[str, object] = {}
    if term.definition:
        meta["definition"] = {"val": term.definition, "xrefs": term.sources}
    if term.synonyms:
        meta["synonyms"] = [_synonym_node(synonym) for synonym in term.synonyms]
    if term.notes:
        meta["comments"] = term.notes
    if term.deprecated:
        meta["deprecated"] = True
        if term.replaced_by:
            replaced = {"pred": f"{OBO}IAO_0100001", "val": term.replaced_by}
            meta["basicPropertyValues"] = [replaced]
    node: dict[str, object] = {"id": term.iri, "type": term.kind.upper()}
    if term.label:
        node["lbl"] = term.label
    return node | ({"meta": meta} if meta else {})


def _synonym_node(synonym: Synonym) -> dict[str, object]:
    found: dict[str, object] = {"pred": f"has{synonym.scope.capitalize()}Synonym", "val": synonym.text}
    if synonym.type:
        found["synonymType"] = synonym.type
    return found | ({"xrefs": list(synonym.sources)} if synonym.sources else {})


def _edges(term: OntologyTerm) -> Iterator[dict[str, str]]:
    kind = "is_a" if term.kind == "class" else "subPropertyOf"
    for parent in term.parents:
        yield {"sub": term.iri, "pred": kind, "obj": parent}
    for role, filler in term.relations:
        yield {"sub": term.iri, "pred": role, "obj": filler}
    if term.inverse:
        yield {"sub": term.iri, "pred": "inverseOf", "obj": term.inverse}
