"""Small datasets to publish, and what a publication holds, read without the code that wrote it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import zstandard


def dataset(text: str) -> ox.Store:
    """A store with the N-Quads *text*."""
    store = ox.Store()
    store.load(text.encode(), format=ox.RdfFormat.N_QUADS)
    return store


def numbered(number: int, graphs: int = 2, each: int = 5) -> ox.Store:
    """Data that tell their *number*, in the first of some graphs."""
    lines = [f'<urn:s> <urn:number> "{number}" <urn:g0> .']
    lines += [f'<urn:s{i}> <urn:p> "{g} {i}" <urn:g{g}> .' for g in range(1, graphs) for i in range(each)]
    return dataset("\n".join(lines))


def latest(folder: Path) -> dict[str, Any]:
    """The manifest of the latest version in *folder*, when all that it names is whole."""
    pointer = json.loads((folder / "latest.json").read_text())
    content = (folder / "versions" / f"{pointer['version']}.json").read_bytes()
    assert hashlib.sha256(content).hexdigest() == pointer["sha256"]
    assert len(content) == pointer["bytes"]
    manifest: dict[str, Any] = json.loads(content)
    for graph in manifest["graphs"]:
        packed = (folder / graph["file"]).read_bytes()
        assert (len(packed), hashlib.sha256(packed).hexdigest()) == (graph["bytes"], graph["sha256"])
        text = unpacked(packed)
        assert (len(text), hashlib.sha256(text).hexdigest()) == (graph["size"], graph["digest"])
        assert text.count(b"\n") == graph["triples"]
    return manifest


def unpacked(packed: bytes) -> bytes:
    """What *packed* holds, in Zstandard."""
    with zstandard.ZstdDecompressor().stream_reader(packed) as stream:
        return stream.read()


def lines(folder: Path) -> list[str]:
    """The N-Quads of the latest version in *folder*."""
    graphs = latest(folder)["graphs"]
    return [
        line for g in graphs for line in unpacked((folder / g["file"]).read_bytes()).decode().splitlines()
    ]
