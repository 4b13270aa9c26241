"""What changed between two states: for people in Markdown, for programs in KGCL."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesoonto.errors import InputError
from mesoonto.namespaces import PREFIXES
from mesoonto.release import changes, snapshot
from mesoonto.release.snapshot import Snapshot

HEADS = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items())
TERM = 'meso:MESO_1 a owl:Class ; rdfs:label "a"@en ; rdfs:subClassOf meso:MESO_2 '
OTHERS = 'meso:MESO_2 a owl:Class ; rdfs:label "b"@en . meso:MESO_3 a owl:Class ; rdfs:label "c"@en . '
OTHERS += 'meso:has a owl:ObjectProperty ; rdfs:label "has"@en . '
SOME = "rdfs:subClassOf [ a owl:Restriction ; owl:onProperty meso:has ; owl:someValuesFrom meso:MESO_3 ] "
DISJOINT = "; owl:disjointWith meso:MESO_3 ."
RESULT = 'mesod:result_1 a meso:Result ; rdfs:label "median"@en ; meso:value {} ; meso:upperBound {} .'

#: The commands of KGCL 0.7 that are written, as its grammar has them; a text holds no apostrophe.
NODE, TEXT, VALUE = r"(?:\w+:[^\s>]+|<\S+>)", r"'[^'\n]*'", r'"[^"\n]*"'
COMMANDS = [
    f"create node {NODE} {TEXT}",
    f"delete {NODE}",
    f"obsolete {NODE}(?: with replacement {NODE})?",
    f"unobsolete {NODE}",
    f"rename {NODE} from {TEXT} to {TEXT}",
    f"add definition {TEXT} to {NODE}",
    f"change definition of {NODE} from {TEXT} to {TEXT}",
    f"remove definition for {NODE}",
    f"create (?:exact|narrow|broad|related) synonym {TEXT} for {NODE}",
    f"remove synonym {TEXT} for {NODE}",
    f"(?:create|delete) edge {NODE} {NODE} {NODE}",
    f"change annotation of {NODE} with {NODE} from {VALUE} to {VALUE}",
]


def state(ontology: str, records: str = "") -> Snapshot:
    def triples(text: str) -> list[ox.Triple]:
        return [q.triple for q in ox.parse(HEADS + text, format=ox.RdfFormat.TURTLE)]

    return snapshot.snapshot(triples(OTHERS + ontology), triples(records))


@pytest.mark.parametrize(
    ("before", "after", "words", "kgcl"),
    [
        (TERM + ".", TERM + ".", [], []),
        ("", TERM + ".", ["adds class 'a'"],
         ["create node MESO:1 'a'", "create edge MESO:1 rdfs:subClassOf MESO:2"]),
        (TERM + ".", "", ["removes class 'a'"], ["delete MESO:1"]),
        (TERM + ".", TERM.replace('"a"', '"A\'s"') + ".", ["renames 'a' to 'A's'"],
         ["rename MESO:1 from 'a' to 'A’s'"]),
        (TERM + ".", TERM.replace("MESO_2", "MESO_3") + ".", ["moves 'a' under 'c' (before: 'b')"],
         ["delete edge MESO:1 rdfs:subClassOf MESO:2", "create edge MESO:1 rdfs:subClassOf MESO:3"]),
        (TERM + ".", TERM + "; " + SOME + ".", ["says that 'a' 'has' 'c'"],
         ["create edge MESO:1 meso:has MESO:3"]),
        (TERM + "; " + SOME + ".", TERM + ".", ["no longer says that 'a' 'has' 'c'"],
         ["delete edge MESO:1 meso:has MESO:3"]),
        (TERM + ".", TERM + '; obo:IAO_0000115 "A b." .', ["rewords the definition of 'a'"],
         ["add definition 'A b.' to MESO:1"]),
        (TERM + '; obo:IAO_0000115 "A b." .', TERM + ".", ["rewords the definition of 'a'"],
         ["remove definition for MESO:1"]),
        (TERM + ".", 'meso:MESO_1 a owl:Class ; rdfs:label "obsolete a"@en ; owl:deprecated true ; '
         "obo:IAO_0100001 meso:MESO_3 .", ["retires 'a', replaced by 'c'"],
         ["obsolete MESO:1 with replacement MESO:3"]),
        (TERM + ".", TERM + '; oboInOwl:hasExactSynonym "x" ; skos:altLabel "y" .',
         ["gives an exact synonym to 'a': 'x'", "gives a related synonym to 'a': 'y'"],
         ["create exact synonym 'x' for MESO:1", "create related synonym 'y' for MESO:1"]),
        (TERM + '; oboInOwl:hasBroadSynonym "x" .', TERM + ".", ["drops a broad synonym of 'a': 'x'"],
         ["remove synonym 'x' for MESO:1"]),
        (TERM + ".", TERM + DISJOINT, ["states: nothing is both 'a' and 'c'"], []),
        (TERM + DISJOINT, TERM + ".", ["no longer states: nothing is both 'a' and 'c'"], []),
    ],
)  # fmt: skip
def test_changes_of_a_term(before: str, after: str, words: list[str], kgcl: list[str]) -> None:
    found = changes.compare(state(before), state(after))
    assert [change.words for change in found] == words
    assert changes.in_kgcl(found).splitlines() == kgcl


def test_new_label_is_no_new_axiom() -> None:
    before = TERM + "; owl:disjointWith meso:MESO_3 ."
    found = changes.compare(state(before), state(before.replace('"a"', '"x"')))
    assert [change.words for change in found] == ["renames 'a' to 'x'"]


def test_figures_of_a_record_are_told_before_and_after() -> None:
    (found,) = changes.compare(state("", RESULT.format(0.71, 0.9)), state("", RESULT.format(0.74, 0.9)))
    assert found.words == "changes result 'median': value"
    assert found.details == ("value: 0.71 → 0.74",)
    assert found.kgcl == ('change annotation of mesod:result_1 with meso:value from "0.71" to "0.74"',)
    (added,) = changes.compare(state(""), state("", RESULT.format(0.71, 0.9)))
    assert added.details == ("upperBound: 0.9", "value: 0.71")


def test_what_hangs_on_a_record_without_a_name_is_compared() -> None:
    text = 'mesod:study_1 a meso:Study ; rdfs:label "s"@en ; '
    text += "meso:has [ meso:value {} ; meso:has [ meso:value 2 ] ] ."
    (found,) = changes.compare(state("", text.format(1)), state("", text.format(3)))
    assert found.details == ("has: [has [value 2]; value 1] → [has [value 2]; value 3]",)


names = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=12)
statements = st.lists(
    st.tuples(
        st.sampled_from(["MESO_1", "MESO_2", "MESO_3"]),
        st.one_of(
            st.tuples(st.sampled_from(["rdfs:label", "obo:IAO_0000115", "skos:altLabel"]), names.map(repr)),
            st.tuples(st.just("rdfs:subClassOf"), st.sampled_from(["meso:MESO_2", "meso:MESO_3"])),
        ),
    ),
    max_size=6,
)


def built(said: list[tuple[str, tuple[str, str]]]) -> Snapshot:
    a = ox.NamedNode(PREFIXES["rdf"] + "type")
    triples = [
        ox.Triple(ox.NamedNode(PREFIXES["meso"] + n), a, ox.NamedNode(PREFIXES["owl"] + "Class"))
        for n in {name for name, _ in said}
    ]
    for name, (predicate, value) in said:
        prefix, _, local = predicate.partition(":")
        term = value.removeprefix("meso:")
        other = ox.NamedNode(PREFIXES["meso"] + term) if value.startswith("meso:") else ox.Literal(term)
        triples.append(
            ox.Triple(ox.NamedNode(PREFIXES["meso"] + name), ox.NamedNode(PREFIXES[prefix] + local), other)
        )
    return snapshot.snapshot(triples, [])


@given(statements, statements)
def test_every_change_is_kgcl_and_nothing_is_the_same_as_itself(
    before: list[tuple[str, tuple[str, str]]], after: list[tuple[str, tuple[str, str]]]
) -> None:
    old, new = built(before), built(after)
    assert changes.compare(old, old) == []
    assert bool(changes.compare(old, new)) == bool(changes.compare(new, old))
    for command in changes.in_kgcl(changes.compare(old, new)).splitlines():
        assert any(re.fullmatch(form, command) for form in COMMANDS), command


def test_markdown_is_escaped_and_bounded() -> None:
    evil = "".join(
        f'meso:MESO_{n} a owl:Class ; rdfs:label "@x <b>`{n}`|[y](z)"@en . ' for n in range(10, 15)
    )
    text = changes.in_markdown(changes.compare(state(""), state(evil)), "a", "b", 2)
    assert text.startswith(
        "# Changes from a to b\n\n## Added (5)\n\n- adds class '\\@x \\<b\\>\\`10\\`\\|\\[y\\](z)'"
    )
    assert text.count("- adds") == 2
    assert text.endswith("- and 3 more\n")


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "onto.ttl").write_text(HEADS + OTHERS + TERM + ".")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "x")
    return tmp_path


def test_command_compares_files_folders_and_revisions(
    repository: Path, mesoonto: Callable[..., CompletedProcess[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    assert changes.compare(snapshot.read("HEAD:onto.ttl"), snapshot.read("onto.ttl")) == []
    path = repository / "onto.ttl"
    path.write_text(path.read_text().replace('"a"', '"x"'))
    for name in ("HEAD:onto.ttl", "HEAD:."):
        found = changes.compare(snapshot.read(name), snapshot.read(str(repository)))
        assert [change.words for change in found] == ["renames 'a' to 'x'"], name
    for name in ("HEAD", "HEAD:nowhere", "nonsense", "--output=x", "0.1.0"):
        with pytest.raises(InputError, match=r"there is no|no file, folder or release"):
            snapshot.read(name)
    copy = repository / "copy.ttl"
    copy.write_text(path.read_text().replace('"x"', '"y"'))
    done = mesoonto("diff", str(path), str(copy), "--format", "kgcl")
    assert (done.returncode, done.stdout) == (1, "rename MESO:1 from 'x' to 'y'\n")


def test_exit_codes_are_those_of_diff(mesoonto: Callable[..., CompletedProcess[str]], tmp_path: Path) -> None:
    path = tmp_path / "o.ttl"
    path.write_text(HEADS + OTHERS)
    same = mesoonto("diff", str(path), str(path))
    assert (same.returncode, same.stdout.splitlines()[-1]) == (0, "Nothing changed.")
    path.with_name("bad.ttl").write_text("x")
    bad = mesoonto("diff", str(path), str(tmp_path / "bad.ttl"))
    assert bad.returncode == 2
    assert bad.stderr.startswith(f"mesoonto: {tmp_path}/bad.ttl:1")
