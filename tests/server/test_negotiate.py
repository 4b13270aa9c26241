"""Content negotiation after RFC 9110, section 12.5.1."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesoonto.dataset.formats import Kind, formats_for
from mesoonto_server.http import negotiate

OFFERS = ["application/sparql-results+json", "application/sparql-results+xml", "text/csv"]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, OFFERS[0]),
        ("", OFFERS[0]),
        ("*/*", OFFERS[0]),
        ("text/csv", "text/csv"),
        ("text/*", "text/csv"),
        ("TEXT/CSV", "text/csv"),
        ("text/csv; charset=utf-8", "text/csv"),
        ("text/csv;q=0.5, application/sparql-results+xml;q=0.9", OFFERS[1]),
        ("text/csv;q=0.5, */*;q=0.1", "text/csv"),
        ("*/*;q=0.9, application/sparql-results+json;q=0.1", OFFERS[1]),
        # the most specific range counts, not the first
        ("application/*;q=0.2, application/sparql-results+xml;q=0.8, text/csv;q=0.5", OFFERS[1]),
        ("text/csv;q=0", None),
        ("image/png", None),
        ("*/*, text/csv;q=0", OFFERS[0]),
        ("nonsense, text/csv", "text/csv"),
        ("text/csv;q=high", None),
    ],
)
def test_choice(accept: str | None, expected: str | None) -> None:
    assert negotiate.choose(OFFERS, accept) == expected


@pytest.mark.parametrize(
    ("kind", "accept", "form", "label"),
    [
        (Kind.SOLUTIONS, "application/json", "json", "application/json"),
        (Kind.BOOLEAN, "text/csv, */*;q=0.1", "csv", "text/csv"),
        (Kind.TRIPLES, "application/json", "jsonld", "application/ld+json"),
        (Kind.TRIPLES, "application/trig", "trig", "application/trig"),
        (Kind.TRIPLES, "application/n-quads;q=0.9, text/csv", "nquads", "application/n-quads"),
        (Kind.TRIPLES, "application/*", "ntriples", "application/n-triples"),
        (Kind.DATASET, None, "trig", "application/trig"),
        (Kind.DATASET, "text/turtle, */*;q=0.1", "trig", "application/trig"),
        (Kind.DATASET, "application/json", "jsonld", "application/ld+json"),
        (Kind.DATASET, "application/trig;q=0.5, application/n-quads", "nquads", "application/n-quads"),
        (
            Kind.TRIPLES,
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "rdfxml",
            "application/xml",
        ),
        (Kind.SOLUTIONS, None, "json", "application/sparql-results+json"),
        (Kind.SOLUTIONS, "*/*", "json", "application/sparql-results+json"),
        (Kind.SOLUTIONS, "text/*", "csv", "text/csv"),
        (Kind.SOLUTIONS, "text/*, text/csv;q=0", "tsv", "text/tab-separated-values"),
        (Kind.SOLUTIONS, "text/*;q=0.5, text/xml;q=0.4", "csv", "text/csv"),
        (Kind.SOLUTIONS, "text/*, */*;q=0.1", "csv", "text/csv"),
        (Kind.SOLUTIONS, "text/*;q=0.1, */*;q=0.5", "json", "application/sparql-results+json"),
        (Kind.SOLUTIONS, "text/xml", "xml", "text/xml"),
        (Kind.SOLUTIONS, "application/*", "json", "application/sparql-results+json"),
        (Kind.BOOLEAN, "text/*", "csv", "text/csv"),
        (Kind.BOOLEAN, "text/tab-separated-values", "tsv", "text/tab-separated-values"),
        (Kind.TRIPLES, "text/*", "turtle", "text/turtle"),
        (Kind.TRIPLES, None, "turtle", "text/turtle"),
    ],
)
def test_format_fits_the_kind_of_result(kind: Kind, accept: str | None, form: str, label: str) -> None:
    chosen = negotiate.choose_format(kind, accept)
    assert chosen is not None
    assert (chosen[0].name, chosen[1]) == (form, label)


@given(st.text())
def test_any_header_gives_an_offer_or_none(accept: str) -> None:
    assert negotiate.choose(OFFERS, accept) in {*OFFERS, None}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, ""),
        ("", ""),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("zstd", "zstd"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("zstd;q=0.5, gzip;q=0.8", "gzip"),
        ("zstd; q=0, gzip", "gzip"),
        ("*", "zstd"),
        ("*;q=0", ""),
        ("gzip;q=0, *;q=0.5", "zstd"),
        ("zstd;q=0, *", "gzip"),
        ("identity", ""),
        ("br, deflate", ""),
        ("gzip;q=0", ""),
        ("gzip;q=high", ""),
    ],
)
def test_content_coding(header: str | None, expected: str) -> None:
    # RFC 9110, section 12.5.3; no coding is always acceptable
    assert negotiate.choose_coding(header) == expected


@given(st.text())
def test_any_header_gives_a_coding_or_none(header: str) -> None:
    assert negotiate.choose_coding(header) in {"", *negotiate.CODINGS}


@given(
    st.sampled_from(list(Kind)),
    st.lists(
        st.tuples(st.sampled_from(["text", "application", "*", "image"]), st.sampled_from([0, 0.1, 0.5, 1])),
        max_size=4,
    ),
)
def test_wildcards_choose_among_registered_types_alone(kind: Kind, ranges: list[tuple[str, float]]) -> None:
    header = ", ".join(f"{type_}/*;q={q}" for type_, q in ranges)
    chosen = negotiate.choose_format(kind, header)
    registered = [form.media_types[0] for form in formats_for(kind)]
    assert (chosen and chosen[1]) == negotiate.choose(registered, header)
