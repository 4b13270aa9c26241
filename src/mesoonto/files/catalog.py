"""Says in which file the document of an IRI is at hand: XML Catalogs 1.1 (OASIS), as Protégé has them.

A document that no catalog names is fetched only where that is allowed.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from xml.parsers import expat

from mesoonto.errors import InputError, Place

_SPACE = "urn:oasis:names:tc:entity:xmlns:xml:catalog"
_BASE = "http://www.w3.org/XML/1998/namespace base"
_NESTED = 20

#: Contexts that packages carry, which are used where somebody has installed them.
_PACKAGED = {"https://w3id.org/ro/crate/1.3/context": "rocrate/data/ro-crate.jsonld"}


@dataclass(frozen=True, slots=True)
class FetchedDocument:
    """A document that came from the network."""

    content: bytes
    media_type: str


#: Brings the document of an IRI from the network.
Fetch = Callable[[str], FetchedDocument]


@dataclass(frozen=True, slots=True)
class Catalog:
    """Files by the IRIs of the documents that they hold."""

    names: dict[str, str] = field(default_factory=dict)  #: URLs of files by IRI
    beginnings: tuple[tuple[str, str], ...] = ()  #: beginnings of IRIs, and what stands for them
    endings: tuple[tuple[str, str], ...] = ()  #: ends of IRIs, and URLs of files
    fetch: Fetch | None = None  #: None where nothing may be fetched

    def path(self, iri: str) -> Path | None:
        """The file that the catalog names for *iri*, None where it names none.

        A document is the same with and without a fragment that is empty.
        """
        for name in dict.fromkeys((iri, iri.rstrip("#"), f"{iri}#")):
            if name in self.names:
                return file_at(self.names[name])
        beginning = max(
            (b for b in self.beginnings if iri.startswith(b[0])), key=lambda b: len(b[0]), default=None
        )
        if beginning is not None:
            return file_at(beginning[1] + iri.removeprefix(beginning[0]))
        ending = max((e for e in self.endings if iri.endswith(e[0])), key=lambda e: len(e[0]), default=None)
        return file_at(ending[1]) if ending is not None else None

    def context(self, iri: str) -> object:
        """The JSON-LD context of *iri*, None where it is not at hand.

        Raises InputError when it cannot be read, or is no JSON.
        """
        path = self.path(iri) or _packaged(iri)
        if path is None and self.fetch is None:
            return None
        try:
            content = path.read_bytes() if path is not None else self.fetch(iri).content  # type: ignore[misc]
            return json.loads(content)
        except OSError as error:
            raise InputError(
                f"the context {iri} cannot be read: {error.strerror}", Place(str(path))
            ) from error
        except ValueError as error:
            raise InputError(f"the context {iri} is not JSON", Place(str(path or iri))) from error


def _packaged(iri: str) -> Path | None:
    """A context that an installed package carries."""
    if iri not in _PACKAGED:
        return None
    package, *parts = _PACKAGED[iri].split("/")
    found = importlib.util.find_spec(package)
    path = Path(found.origin).parent.joinpath(*parts) if found is not None and found.origin else None
    # Another version of the package has another context.
    return path if path and path.is_file() and iri.encode() in path.read_bytes()[:200] else None


def read(files: Sequence[Path], fetch: Fetch | None = None) -> Catalog:
    """The catalogs in *files* taken together, the first before the second.

    Raises InputError for one that is broken.
    """
    reader = _CatalogReader()
    for file in files:
        reader.read(file, 0)
    return Catalog(reader.names, tuple(reader.beginnings), tuple(reader.endings), fetch)


class _CatalogReader:
    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.beginnings: list[tuple[str, str]] = []
        self.endings: list[tuple[str, str]] = []
        self._seen: set[Path] = set()

    def read(self, file: Path, depth: int) -> None:
        path = file.resolve()
        if path in self._seen:
            return
        if depth > _NESTED:
            raise InputError("catalogs lead to catalogs without end", Place(str(file)))
        self._seen.add(path)
        bases = [path.as_uri()]
        following: list[str] = []

        def start(name: str, attributes: dict[str, str]) -> None:
            base = urljoin(bases[-1], attributes.get(_BASE, ""))
            bases.append(base)
            space, _, local = name.rpartition(" ")
            if space == _SPACE:
                self._entry(local, attributes, base, following)

        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = start
        parser.EndElementHandler = lambda _: bases.pop()
        parser.EntityDeclHandler = _refuse
        try:
            parser.Parse(path.read_bytes(), True)
        except OSError as error:
            raise InputError((error.strerror or str(error)).lower(), Place(str(file))) from error
        except expat.ExpatError as error:
            place = Place(str(file), error.lineno, error.offset + 1)
            raise InputError(f"not an XML catalog: {expat.errors.messages[error.code]}", place) from error
        for url in following:
            if (found := file_at(url)) is not None:
                self.read(found, depth + 1)

    def _entry(self, kind: str, given: dict[str, str], base: str, following: list[str]) -> None:
        match kind:
            case "uri" | "system" if "uri" in given:
                name = given.get("name") or given.get("systemId")
                if name:
                    self.names.setdefault(name, urljoin(base, given["uri"]))
            case "rewriteURI" | "rewriteSystem" if "rewritePrefix" in given:
                start = given.get("uriStartString") or given.get("systemIdStartString")
                if start:
                    self.beginnings.append((start, urljoin(base, given["rewritePrefix"])))
            case "uriSuffix" | "systemSuffix" if "uri" in given:
                end = given.get("uriSuffix") or given.get("systemIdSuffix")
                if end:
                    self.endings.append((end, urljoin(base, given["uri"])))
            case "nextCatalog" if "catalog" in given:
                following.append(urljoin(base, given["catalog"]))


def _refuse(*_: object) -> None:
    raise InputError("a catalog with entity declarations is not read")


def file_at(url: str) -> Path | None:
    """The file at *url*; None for one that is elsewhere."""
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" and parts.netloc in ("", "localhost") else None
