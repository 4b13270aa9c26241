"""Classifies the ontology with HermiT, through owlready2, and explains what cannot have instances."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyoxigraph as ox

from mesoonto import extras
from mesoonto.errors import NoJavaError, Place, ReasonerError, UnsupportedConstructError
from mesoonto.files import temporary
from mesoonto.ontology.axioms import Axiom
from mesoonto.ontology.model import Ontology
from mesoonto.ontology.wording import Wording

_OWL = "http://www.w3.org/2002/07/owl#"
_SUBCLASS = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#subClassOf")

#: What HermiT throws when it meets a construct that it refuses; the message runs on until the stack trace.
_UNSUPPORTED = re.compile(
    r"(?:UnsupportedDatatypeException|IllegalArgumentException|UnsupportedFacetException"
    r"|MalformedLiteralException)[^:\n]*:\s*(.+?)(?=\n\s+at |\Z)",
    re.DOTALL,
)


#: A question takes HermiT a second or two. Compiling for a long run, and collecting garbage in parallel, take
#: half of that: 2.5 s of processor time for the shipped ontology, 1.4 without them.
_SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
_OPTIONS_OF_JAVA = "JDK_JAVA_OPTIONS"


@dataclass(frozen=True, slots=True)
class Unsatisfiable:
    """A class that cannot have an instance, and a smallest set of axioms that makes it so."""

    iri: str
    because: tuple[Axiom, ...] = ()  #: empty where no reasons were asked for


@dataclass(frozen=True, slots=True)
class Classification:
    """What the reasoner found.

    When the ontology is inconsistent, ``because`` is a smallest set of axioms that contradict each other, if
    reasons were asked for; nothing else is filled in, because an inconsistent ontology entails everything.
    """

    consistent: bool
    classes: int  #: named classes
    wording: Wording  #: puts the axioms into words
    unsatisfiable: tuple[Unsatisfiable, ...] = ()
    subsumptions: tuple[tuple[str, str], ...] = ()  #: inferred and not asserted: (subclass, superclass)
    because: tuple[Axiom, ...] = ()

    @property
    def sound(self) -> bool:
        """True when the ontology is consistent and every class can have instances."""
        return self.consistent and not self.unsatisfiable


@dataclass(frozen=True, slots=True)
class _Verdict:
    consistent: bool
    unsatisfiable: frozenset[str]
    parents: frozenset[tuple[str, str]]


def classify(
    ontology: Ontology, on_step: Callable[[str], None] = lambda _: None, *, reasons: bool = True
) -> Classification:
    """Classify the modules and import slices of *ontology*.

    *on_step* is called with a line of text before each longer step. A reason costs twenty questions to HermiT
    and more; without *reasons* none is looked for.

    Raises NoJavaError, UnsupportedConstructError, and ReasonerError for any other end of the reasoner.
    """
    if shutil.which("java") is None:
        raise NoJavaError(
            "no Java runtime found; HermiT needs one. Install it (Debian: apt-get install "
            "default-jre-headless; macOS: brew install openjdk) and try again"
        )
    wording, axioms = ontology.wording, ontology.logical_axioms
    on_step(f"HermiT classifies {len(axioms)} axioms")
    _refuse_triple_terms(ontology)
    try:
        verdict = _ask_hermit(axioms)
    except UnsupportedConstructError as error:
        raise UnsupportedConstructError(error.message, _place_of(error.message, ontology)) from error
    classes = sum(1 for a in axioms if a.declares_class)
    if not verdict.consistent and not reasons:
        return Classification(consistent=False, classes=classes, wording=wording)
    if not verdict.consistent:
        on_step("looking for the axioms that contradict each other")
        core = _smallest(axioms, lambda part: not _ask_hermit(part).consistent)
        return Classification(consistent=False, classes=classes, wording=wording, because=core)
    unsatisfiable = []
    for iri in sorted(verdict.unsatisfiable):
        if not reasons:
            unsatisfiable.append(Unsatisfiable(iri))
            continue
        on_step(f"looking for the reason why {iri} cannot have an instance")
        core = _smallest(axioms, partial(_makes_unsatisfiable, iri))
        unsatisfiable.append(Unsatisfiable(iri, core))
    asserted = set(_asserted_subclasses(ontology.triples()))
    new = sorted(pair for pair in verdict.parents - asserted if pair[0] not in verdict.unsatisfiable)
    return Classification(True, classes, wording, tuple(unsatisfiable), tuple(new))


def _refuse_triple_terms(ontology: Ontology) -> None:
    """OWL 2 has no triples about triples, so a file with some cannot be judged."""
    for triple in ontology.triples():
        if isinstance(triple.subject, ox.Triple) or isinstance(triple.object, ox.Triple):
            raise UnsupportedConstructError(
                "triples about triples (RDF 1.2) are no OWL 2; use owl:Axiom", ontology.source(triple)
            )


def _place_of(message: str, ontology: Ontology) -> Place | None:
    """Where the first axiom that uses something which *message* names is stated."""
    for axiom in ontology.logical_axioms:
        for triple in axiom.triples:
            terms = [triple.predicate, triple.object]
            if isinstance(triple.object, ox.Literal):
                terms = [triple.object.datatype]
            if any(isinstance(t, ox.NamedNode) and _mentions(message, t.value) for t in terms):
                return ontology.source(triple)
    return None


def _mentions(message: str, iri: str) -> bool:
    return re.search(rf"{re.escape(iri)}(?![\w/-])", message) is not None and not iri.startswith(_OWL)


def _makes_unsatisfiable(iri: str, axioms: Sequence[Axiom]) -> bool:
    verdict = _ask_hermit(axioms)
    return not verdict.consistent or iri in verdict.unsatisfiable


def _asserted_subclasses(triples: Iterable[ox.Triple]) -> Iterator[tuple[str, str]]:
    for t in triples:
        if (
            t.predicate == _SUBCLASS
            and isinstance(t.subject, ox.NamedNode)
            and isinstance(t.object, ox.NamedNode)
        ):
            yield t.subject.value, t.object.value


@contextlib.contextmanager
def _short_lived_java() -> Iterator[None]:
    """Let Java's launcher take _SHORT_LIVED; those that the user has set come after them, and win."""
    before = os.environ.get(_OPTIONS_OF_JAVA)
    os.environ[_OPTIONS_OF_JAVA] = f"{_SHORT_LIVED} {before or ''}".strip()
    try:
        yield
    finally:
        if before is None:
            del os.environ[_OPTIONS_OF_JAVA]
        else:
            os.environ[_OPTIONS_OF_JAVA] = before


def _ask_hermit(axioms: Iterable[Axiom]) -> _Verdict:
    """Let HermiT judge the ontology made of *axioms*, in a world of its own."""
    extras.need("reason", "HermiT")
    import owlready2

    # A file per question: owlready2 reads N-Triples, not Turtle.
    with temporary.told():
        made = tempfile.TemporaryDirectory(prefix="mesoonto-")
    with made as folder:
        path = Path(folder, "ontology.nt")
        with temporary.told():
            ox.serialize((t for a in axioms for t in a.triples), path, format=ox.RdfFormat.N_TRIPLES)
        world = owlready2.World()
        try:
            ontology = world.get_ontology(path.as_uri()).load()
            with ontology, _quiet(), _short_lived_java():
                owlready2.sync_reasoner_hermit(world, infer_property_values=False, debug=0)
        except owlready2.OwlReadyInconsistentOntologyError:
            return _Verdict(False, frozenset(), frozenset())
        except owlready2.OwlReadyJavaError as error:
            raise _reasoner_error(str(error)) from error
        nothing = frozenset(c.iri for c in world.inconsistent_classes() if c is not owlready2.Nothing)
        parents = frozenset(
            (c.iri, parent.iri)
            for c in world.classes()
            for parent in c.is_a
            if isinstance(parent, owlready2.ThingClass) and not parent.iri.startswith(_OWL)
        )
        world.close()
        return _Verdict(True, nothing, parents)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep owlready2's own remarks off the terminal."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def _reasoner_error(text: str) -> ReasonerError:
    known = _UNSUPPORTED.search(text)
    if known:
        return UnsupportedConstructError(f"unsupported construct: {known[1]}")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return ReasonerError(f"HermiT gave up: {lines[-1] if lines else 'no message'}")


def _smallest(axioms: Sequence[Axiom], fails: Callable[[Sequence[Axiom]], bool]) -> tuple[Axiom, ...]:
    """A subset of *axioms* for which *fails* still holds and from which no axiom can be left out.

    QuickXplain (Junker, AAAI 2004): about 2k + 2k log(n/k) questions for k axioms out of n. Declarations
    stay in every question, since they entail nothing.
    """
    declarations = [a for a in axioms if a.is_declaration]
    others = [a for a in axioms if not a.is_declaration]

    def search(background: list[Axiom], grown: bool, candidates: list[Axiom]) -> list[Axiom]:
        if grown and fails(background):
            return []
        if len(candidates) == 1:
            return candidates
        middle = len(candidates) // 2
        first, second = candidates[:middle], candidates[middle:]
        from_second = search([*background, *first], bool(first), second)
        from_first = search([*background, *from_second], bool(from_second), first)
        return from_first + from_second

    return tuple(search(declarations, False, others))
