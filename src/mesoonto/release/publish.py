"""Builds the files of a release, byte for byte the same from the same sources."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyoxigraph as ox

from mesoonto.dataset import shipped
from mesoonto.errors import MesoontoError, OutputError, Place
from mesoonto.namespaces import PREFIXES
from mesoonto.ontology.files import DATA
from mesoonto.ontology.model import Ontology
from mesoonto.owl.turtle_writer import turtle
from mesoonto.release import changes, crate, folder, metadata, obo, site, skos, snapshot, tables, variants
from mesoonto.release.terms import terms_of
from mesoonto.views.facts import Facts
from mesoonto.views.trial import overview

_VERSION = re.compile(r"\d+\.\d+\.\d+")


def release(
    version: str,
    output: Path,
    previous: Path | None = None,
    on_step: Callable[[str], None] = lambda _: None,
    issued: str = "",
) -> list[Path]:
    """Write release *version* into the new folder *output*, compared with the release in *previous*.

    It says that it was *issued* on that day (YYYY-MM-DD), by default today.

    Whether it may be published is not asked here; `gate.failures` tells.

    *on_step* is called with a line of text before each longer step. Raises MesoontoError when *version* is no
    version, OutputError when *output* exists or cannot be written, and InputError for a broken source. The
    folder appears whole or not at all.
    """
    checked(version)
    if output.exists():
        raise OutputError(
            "exists already; remove it or choose another folder with --output", Place(str(output))
        )
    files = build(version, previous, on_step, issued)
    partial = output.with_name(f"{output.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for name, body in files.items():
            (partial / name).write_bytes(body)
        partial.replace(output)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise OutputError(error.strerror or str(error), Place(str(output))) from error
    return [output / name for name in sorted(files)]


def checked(version: str) -> str:
    """*version* when it is one, else a MesoontoError."""
    if not _VERSION.fullmatch(version):
        raise MesoontoError(f"{version}: a version is three numbers, such as 0.2.0")
    return version


def build(
    version: str,
    previous: Path | None = None,
    on_step: Callable[[str], None] = lambda _: None,
    issued: str = "",
) -> dict[str, bytes]:
    """The files of release *version* by name."""
    before = None if previous is None else snapshot.read_release(previous)
    prior = "" if previous is None else folder.version_of(previous)
    edition = variants.Edition(version, issued or today(), prior)
    files: dict[str, bytes] = {}
    ontology = Ontology.shipped()
    for name in variants.VARIANTS:
        on_step(f"writing the {name} variant")
        files |= _variant(ontology, name, edition)
    on_step("writing records, tables and metadata")
    store = shipped.build(ontology)
    full = variants.variant(ontology, "full", edition)
    plain = variants.variant(ontology, "", edition)
    header, terms = variants.header_of(plain), terms_of(plain)
    records = list(ontology.triples(DATA))
    files["mesoonto-data.trig"] = tables.trig(records)
    files |= {f"{name}.csv": tables.table(store, name) for name in tables.TABLES}
    files["mesoonto.sssom.tsv"] = tables.sssom(version).encode()
    files["mesoonto-skos.ttl"] = skos.scheme(terms, header, edition).encode()
    files["context.jsonld"] = tables.context(full).encode()
    found = None if before is None else changes.compare(before, snapshot.snapshot(full, records))
    files["CHANGES.md"] = changes.in_words(found, version).encode()
    files["changes.ttl"] = changes.in_rdf(found, version)
    files["index.html"] = site.page(terms, version, sorted(files)).encode()
    sizes = {
        graph.value: sum(1 for _ in store.quads_for_pattern(None, None, None, graph))
        for graph in sorted(store.named_graphs(), key=str)
        if isinstance(graph, ox.NamedNode)
    }
    files["catalog.ttl"] = metadata.describe(files, header, edition, sizes).encode()
    files[crate.NAME] = crate.describe(files, header, edition, overview(Facts(store))).encode()
    files["SHA256SUMS"] = metadata.checksums(files).encode()
    return files


def _variant(ontology: Ontology, name: str, edition: variants.Edition) -> dict[str, bytes]:
    triples = variants.variant(ontology, name, edition)
    text = turtle(triples, {})
    terms = terms_of(triples)
    header = variants.header_of(triples)
    xml = ox.serialize(variants.in_order(text), format=ox.RdfFormat.RDF_XML, prefixes=PREFIXES) or b""
    stem = variants.stem(name)
    return {
        f"{stem}.ttl": text.encode(),
        f"{stem}.owl": xml,
        f"{stem}.obo": obo.obo(terms, header).encode(),
        f"{stem}.json": obo.obo_graph(terms, header).encode(),
    }


def today() -> str:
    """The day in UTC, or that of SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/)."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH", "")
    moment = datetime.fromtimestamp(int(seconds), UTC) if seconds.isdigit() else datetime.now(UTC)
    return moment.date().isoformat()
