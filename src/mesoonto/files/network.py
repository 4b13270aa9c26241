"""Brings a document from the network, within bounds; used only where somebody asked for it."""

from __future__ import annotations

from urllib.parse import urlsplit

from mesoonto import __version__
from mesoonto.errors import InputError
from mesoonto.files.catalog import FetchedDocument

#: What one document may cost: bytes, and seconds without an answer.
MOST_BYTES = 50_000_000
TIMEOUT = 30

_ACCEPT = (
    "text/turtle, application/trig;q=0.9, application/n-triples;q=0.9, application/ld+json;q=0.8, "
    "application/rdf+xml;q=0.8, application/json;q=0.5, */*;q=0.1"
)


def is_url(text: str) -> bool:
    """Whether *text* names a document on the web."""
    return urlsplit(text).scheme in ("http", "https")


def fetch(url: str) -> FetchedDocument:
    """The document at *url*; raises InputError when it does not come, or is too large."""
    if not is_url(url):
        raise InputError(f"{url}: only http and https are fetched")
    # Here, because they cost half as much time as the rest of the program's start, and are seldom needed.
    import http.client
    import urllib.error
    import urllib.request

    # Not the usual opener, which would follow a redirection to ftp.
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler, urllib.request.HTTPHandler, urllib.request.HTTPSHandler,
        urllib.request.HTTPRedirectHandler, urllib.request.HTTPErrorProcessor,
        urllib.request.HTTPDefaultErrorHandler, urllib.request.UnknownHandler,
    ):  # fmt: skip
        opener.add_handler(handler())
    headers = {"Accept": _ACCEPT, "User-Agent": f"mesoonto/{__version__}"}
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=TIMEOUT) as answer:  # noqa: S310
            content = answer.read(MOST_BYTES + 1)
            media_type = answer.headers.get_content_type()
    except urllib.error.HTTPError as error:
        raise InputError(f"{url}: the server answers {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise InputError(f"{url}: cannot be fetched: {reason}") from error
    if len(content) > MOST_BYTES:
        raise InputError(f"{url}: longer than {MOST_BYTES:,} bytes; save it to a file")
    return FetchedDocument(content, media_type)
