"""Equal datasets are written down alike, whatever blank nodes are called and in whatever order they came."""

from __future__ import annotations

import hashlib
import random

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesoonto.replicas import canonical
from mesoonto.replicas.canonical import CanonicalDataset, name_of
from tests.replicas.data import dataset

_IRIS = ["<urn:a>", "<urn:b>", "<urn:c>"]
_BLANK = [f"_:b{number}" for number in range(4)]
_QUADS = st.lists(
    st.tuples(
        st.sampled_from(_IRIS + _BLANK),
        st.sampled_from(_IRIS),
        st.sampled_from([*_IRIS, *_BLANK, '"_:b0"', '"two\\nlines"', '"x"@en', '"1.50"']),
        st.sampled_from(["", *_IRIS]),
    ),
    max_size=12,
)


def written(store: ox.Store) -> dict[str | None, bytes]:
    found = CanonicalDataset(store)
    return {name_of(graph): b"".join(found.lines(graph)) for graph in found.graphs()}


@given(quads=_QUADS, seed=st.integers(0, 1000))
def test_other_labels_and_another_order_change_nothing(
    quads: list[tuple[str, str, str, str]], seed: int
) -> None:
    lines = [f"{s} {p} {o} {g} ." for s, p, o, g in quads]
    shuffled = random.Random(seed)
    names = shuffled.sample(_BLANK, len(_BLANK))
    renamed = {old: f"_:other{new[2:]}x" for old, new in zip(_BLANK, names, strict=True)}
    others = [" ".join(renamed.get(term, term) for term in (s, p, o, g)) + " ." for s, p, o, g in quads]
    shuffled.shuffle(others)
    assert written(dataset("\n".join(lines))) == written(dataset("\n".join(others)))


@given(quads=_QUADS)
def test_what_is_written_is_the_dataset(quads: list[tuple[str, str, str, str]]) -> None:
    store = dataset("\n".join(f"{s} {p} {o} {g} ." for s, p, o, g in quads))
    parts = written(store)
    assert sum(part.count(b"\n") for part in parts.values()) == len(store)
    again = dataset(b"".join(parts.values()).decode())
    both = [ox.Dataset(store), ox.Dataset(again)]
    for one in both:
        one.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    assert both[0] == both[1]


def test_graphs_come_by_name_and_empty_ones_too() -> None:
    store = dataset("<urn:s> <urn:p> <urn:o> <urn:z> .\n<urn:s> <urn:p> <urn:o> .\n_:g <urn:p> <urn:o> _:g .")
    store.add_graph(ox.NamedNode("urn:empty"))
    assert list(written(store)) == [None, "urn:empty", "urn:z", "_:c14n0"]


@pytest.mark.parametrize("run", [1, 3, 7, 100])
def test_runs_on_disk_change_nothing(run: int, monkeypatch: pytest.MonkeyPatch) -> None:
    store = dataset(
        "\n".join(f'<urn:s{n * 7 % 50}> <urn:p> "{n}" .' for n in range(50)) + "\n_:b <urn:p> _:b ."
    )
    (whole,) = written(store).values()
    monkeypatch.setattr(canonical, "_RUN", run)
    told: list[int] = []
    found = CanonicalDataset(store)
    assert b"".join(found.lines(found.graphs()[0], told.append)) == whole
    assert sum(told) == 51
    assert found.digest(found.graphs()[0]) == hashlib.sha256(whole).hexdigest()
