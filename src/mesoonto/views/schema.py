"""A card of the schema as the data use it: classes, their properties, ranges, counts and examples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mesoonto.dataset.store import Engine
from mesoonto.namespaces import PREFIXES, in_query

#: Vocabularies that describe others; what they say of themselves tells nobody what the data are about.
_META = (*map(PREFIXES.__getitem__, ("owl", "rdf", "rdfs", "sh")), "http://www.w3.org/ns/dx/prof/")

#: The class of terms, which is of interest all the same: relations between terms are stated of it.
TERM = f"{PREFIXES['owl']}Class"

_DEFINITIONS = f"<{PREFIXES['obo']}IAO_0000115>|skos:definition|rdfs:comment"

#: Properties that say what something is called and means, and who says so; a text names them once for all.
_NAMING = (*map(PREFIXES.__getitem__, ("rdf", "rdfs", "skos", "dcterms")), f"{PREFIXES['obo']}IAO_")

#: Types that tell nothing of a value that has another.
_NO_RANGE = f"{PREFIXES['owl']}NamedIndividual"

#: Members of a list of choices that are named.
_MOST_CHOICES = 12

#: Terms below a root whose labels are told.
_MOST_LABELS = 20

_USES = f"""SELECT ?class ?property ?range (COUNT(*) AS ?n) (SAMPLE(?o) AS ?example) WHERE {{
  ?s a ?class ; ?property ?o FILTER(isIRI(?class))
  OPTIONAL {{ ?o a ?type FILTER(isIRI(?type) && ?type != <{_NO_RANGE}>) }}
  BIND(IF(isLiteral(?o), DATATYPE(?o), ?type) AS ?range)
}} GROUP BY ?class ?property ?range ORDER BY ?class ?property DESC(?n) ?range"""

_COUNTS = """SELECT ?class (COUNT(DISTINCT ?s) AS ?n) (MIN(?s) AS ?example) WHERE {
  ?s a ?class FILTER(isIRI(?class))
} GROUP BY ?class"""

_TOTALS = """SELECT ?class ?property (COUNT(*) AS ?n) WHERE {
  ?s a ?class ; ?property ?o FILTER(isIRI(?class))
} GROUP BY ?class ?property"""

_STATED = """SELECT ?property ?range WHERE { ?property rdfs:range ?range FILTER(isIRI(?range)) }"""

_CHOICES = "SELECT ?x WHERE { ?x a <%s> FILTER(isIRI(?x)) } ORDER BY ?x LIMIT %d"

_BELOW = """SELECT (COUNT(DISTINCT ?x) AS ?n) (MIN(?x) AS ?example) WHERE {
  ?x rdfs:subClassOf+ <%s> FILTER(isIRI(?x) && ?x != <%s>) }"""

_LABELS_BELOW = """SELECT DISTINCT (STR(?word) AS ?label) WHERE {
  ?x rdfs:subClassOf+ <%s> ; rdfs:label ?word FILTER(isIRI(?x) && ?x != <%s> && LANG(?word) IN ("", "en"))
} ORDER BY ?label"""


@dataclass(frozen=True, slots=True)
class PropertyUse:
    """How the members of one class use one property."""

    iri: str
    definition: str  #: empty where the data have none
    range: str  #: class or datatype: the stated one, else the most frequent; empty for IRIs of no class
    triples: int
    example: str  #: a value, as text


@dataclass(frozen=True, slots=True)
class ClassCard:
    """One class that has members."""

    iri: str
    label: str
    definition: str
    members: int
    example: str  #: the IRI of one
    choices: tuple[str, ...]  #: all members, where they are few and have nothing but names
    properties: tuple[PropertyUse, ...]


@dataclass(frozen=True, slots=True)
class TermHierarchy:
    """A class of terms that values are taken from."""

    iri: str
    label: str
    terms: int  #: below it
    example: str
    labels: tuple[str, ...]  #: of all terms, where they are few


@dataclass(frozen=True, slots=True)
class SchemaCard:
    """What somebody has to know who writes a query."""

    classes: tuple[ClassCard, ...]  #: the most frequent first
    hierarchies: tuple[TermHierarchy, ...]


def schema_card(engine: Engine) -> SchemaCard:
    """The schema of the data in *engine*, from the data and what they say of their vocabulary."""
    words = _words(engine)
    stated = {row["property"]: row["range"] for row in engine.select(_STATED)}
    totals = {(r["class"], r["property"]): int(r["n"]) for r in engine.select(_TOTALS)}
    uses: dict[str, dict[str, PropertyUse]] = {}
    for row in engine.select(_USES):
        name, of_class = row["property"], uses.setdefault(row["class"], {})
        found = row.get("range", "")
        if name not in of_class:
            of_class[name] = PropertyUse(
                name, words.get(name, ("", ""))[1], stated.get(name, found),
                totals[(row["class"], name)], row.get("example", ""),
            )  # fmt: skip
    counted = sorted(engine.select(_COUNTS), key=lambda row: (-int(row["n"]), row["class"]))
    classes = tuple(
        _card(engine, row, words.get(row["class"], ("", "")), uses[row["class"]].values())
        for row in counted
        if _of_interest(row["class"])
    )
    return SchemaCard(classes, tuple(_hierarchies(engine, classes, words)))


def _of_interest(iri: str) -> bool:
    return iri == TERM or not iri.startswith(_META)


def _card(
    engine: Engine, row: dict[str, str], words: tuple[str, str], uses: Iterable[PropertyUse]
) -> ClassCard:
    iri, members = row["class"], int(row["n"])
    used = tuple(use for use in uses if use.iri != f"{PREFIXES['rdf']}type")
    plain = members <= _MOST_CHOICES and all(use.iri.startswith(_NAMING) for use in used)
    choices = [r["x"] for r in engine.select(_CHOICES % (iri, _MOST_CHOICES))] if plain else []
    return ClassCard(iri, *words, members, row.get("example", ""), tuple(choices), () if plain else used)


def _words(engine: Engine) -> dict[str, tuple[str, str]]:
    """Label and definition of classes and properties, in English where there is a choice."""
    found: dict[str, tuple[str, str]] = {}
    for place, path in enumerate(("rdfs:label", _DEFINITIONS)):
        rows = engine.select(
            f"""SELECT ?x (MIN(STR(?word)) AS ?text) WHERE {{ ?x {path} ?word
            FILTER(isIRI(?x) && LANG(?word) IN ("", "en")) }} GROUP BY ?x"""
        )
        for row in rows:
            label, definition = found.get(row["x"], ("", ""))
            found[row["x"]] = (row["text"], definition) if place == 0 else (label, row["text"])
    return found


def _hierarchies(
    engine: Engine, classes: tuple[ClassCard, ...], words: dict[str, tuple[str, str]]
) -> Iterator[TermHierarchy]:
    """The ranges that have subclasses and no members: values are the terms below them."""
    with_members = {card.iri for card in classes}
    ranges = {use.range for card in classes for use in card.properties}
    for iri in sorted(ranges - with_members - {""}):
        if iri.startswith(_META):
            continue
        row = engine.select(_BELOW % (iri, iri))[0]
        if int(row["n"]):
            few = int(row["n"]) <= _MOST_LABELS
            labels = [r["label"] for r in engine.select(_LABELS_BELOW % (iri, iri))] if few else []
            label = words.get(iri, ("", ""))[0]
            yield TermHierarchy(iri, label, int(row["n"]), row["example"], tuple(labels))


@dataclass(frozen=True, slots=True)
class _Detail:
    """What a text shows."""

    definition: int  #: characters of each
    examples: bool
    share: float  #: of the members that have a property which is shown
    values: int = _MOST_LABELS  #: labels and choices of each list of values


#: In the order in which a text tries to fit its bound.
_DETAILS = (
    _Detail(160, True, 0),
    _Detail(90, True, 0),
    _Detail(90, False, 0),
    _Detail(0, False, 0),
    _Detail(0, False, 0.1),
    _Detail(0, False, 0.3, 3),
)


def schema_text(card: SchemaCard, *, most: int = 6800) -> str:
    """*card* as Markdown, at most *most* bytes: with fewer details where it would be longer.

    First come classes with many members, and more so those to which others lead. Where names alone are too
    many, the last are named without their properties.
    """
    ends = [{use.range for use in one.properties} - {one.iri} for one in card.classes]
    described = [one for one in card.classes if not one.choices]
    described.sort(key=lambda one: -one.members * (1 + sum(one.iri in reached for reached in ends)))
    for detail in _DETAILS:
        for kept in range(len(described), -1 if detail is _DETAILS[-1] else len(described) - 1, -1):
            text = "\n".join([*_blocks(card, described[:kept], detail), *_rest(described[kept:])])
            if len(text.encode()) <= most:
                return text
    return text.encode()[:most].decode(errors="ignore")


def _blocks(card: SchemaCard, described: list[ClassCard], detail: _Detail) -> Iterator[str]:
    if card.hierarchies:
        yield "\n## Values that are terms: owl:Class, found by label or with rdfs:subClassOf\n"
        for root in card.hierarchies:
            few = "; ".join(root.labels) if len(root.labels) <= detail.values else ""
            told = few or f"{root.terms}, such as {in_query(root.example)}"
            yield f"- {in_query(root.iri)} {root.label}: {told}"
    chosen = [one for one in card.classes if one.choices]
    if chosen:
        yield "\n## Values that are one of a list, with the prefix of the class where none is shown\n"
        for one in chosen:
            prefix = in_query(one.iri).partition(":")[0] + ":"
            names = [in_query(c).removeprefix(prefix) for c in one.choices[: detail.values]]
            left = len(one.choices) - len(names)
            yield f"- {in_query(one.iri)}: {', '.join(names)}{f' and {left} more' if left else ''}"
    rare = f" and properties of fewer than {detail.share:.0%} of the members" if detail.share else ""
    yield (
        "\n## Classes: members; properties with range, and number of triples where it is not one each\n\n"
        f"Names, notes and sources (rdfs:label, skos:, dcterms:){rare} are left out."
    )
    for one in described:
        yield _described(one, detail)


def _described(one: ClassCard, detail: _Detail) -> str:
    shown = f" Such as <{one.example}>." if detail.examples and one.example.startswith("http") else ""
    uses = [
        _use(use, one.members)
        for use in one.properties
        if not use.iri.startswith(_NAMING) and use.triples >= detail.share * one.members
    ]
    words = _cut(one.definition, detail.definition)
    return f"\n**{in_query(one.iri)}** {one.members}{f': {words}' if words else ''}{shown}\n{', '.join(uses)}"


def _rest(left: list[ClassCard]) -> Iterator[str]:
    if left:
        names = ", ".join(f"{in_query(one.iri)} {one.members}" for one in left)
        yield f"\nOther classes, described in /schema.json: {names}"


def _use(use: PropertyUse, members: int) -> str:
    to = f" {_range(use.range)}" if use.range else ""
    return f"{in_query(use.iri)}{to}{f' {use.triples}' if use.triples != members else ''}"


def _range(iri: str) -> str:
    """*iri* as a text has it: datatypes by their names, those of integers by one."""
    if iri.startswith(PREFIXES["xsd"]):
        name = iri.removeprefix(PREFIXES["xsd"])
        return "integer" if name.lower().endswith("integer") else name
    return "term" if iri == TERM else in_query(iri)


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    return text[:most].rpartition(" ")[0] + " …" if most else ""
