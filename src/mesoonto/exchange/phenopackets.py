"""GA4GH Phenopackets, version 2 (https://phenopacket-schema.readthedocs.io/): recognised, and parsed.

What is parsed is hostile: its size and depth are bounded. A field that the schema does not have is refused,
since a misspelt ``excluded`` would turn a trait into its opposite.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mesoonto import extras
from mesoonto.errors import InputError, Place
from mesoonto.files import json_text

if TYPE_CHECKING:
    from phenopackets import Phenopacket

#: Bytes of the largest packet that is read, and how deep messages may lie in each other.
LARGEST = 1 << 20
DEEPEST = 40
#: Keys of JSON-LD, by which RDF in JSON is told from a packet.
_RDF_KEYS = {"@context", "@graph", "@id"}
#: Fields that no packet has, and the messages that have them.
_OTHER_MESSAGES = {"proband": "a family", "members": "a cohort"}
#: Where in the message the library says that its error is.
_WHERE = re.compile(r' at "?Phenopacket\.?(?P<path>[\w.\[\]]*?)"?\.*$', re.DOTALL)
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


@dataclass(frozen=True)
class Packet:
    """A packet and the text that it was read from."""

    message: Phenopacket
    source: str  #: the file
    text: str

    def line(self, path: str) -> int | None:
        """The line on which the value at *path* begins, ``diseases[0].term``, or what is around it."""
        return None if self._places is None else _line(self.text, self._places, path)

    @cached_property
    def _places(self) -> json_text.Json | None:
        return _places(self.text)


def is_packet(path: Path) -> bool:
    """Whether the file *path* holds a JSON object that is no JSON-LD; what cannot be read is none."""
    try:
        with path.open("rb") as file:
            beginning = file.read(LARGEST + 1).lstrip(b"\xef\xbb\xbf \t\r\n")
    except OSError:
        return False
    if not beginning.startswith(b"{"):
        return False
    try:
        found = json.loads(beginning)
    except (ValueError, RecursionError):
        return True  # its error is told as one of JSON
    return not _RDF_KEYS & set(found)


def read(path: Path) -> Packet:
    """The packet in the file *path*; an InputError names line and path of what is wrong with it."""
    source = str(path)
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise InputError(error.strerror or str(error), Place(source)) from error
    if len(raw) > LARGEST:
        raise InputError(f"larger than {LARGEST} bytes; a Phenopacket is refused beyond that", Place(source))
    try:
        return parse(raw.decode("utf-8-sig"), source)
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8", Place(source)) from error


def parse(text: str, source: str = "packet") -> Packet:
    """The packet that *text* holds; an InputError names line and path of what is wrong with it.

    Raises NotInstalledError where the library phenopackets is missing.
    """
    extras.need("exchange", "reading a Phenopacket")
    from google.protobuf import json_format
    from phenopackets import Phenopacket

    found = _loaded(text, source)
    _refuse_others(found, source)
    message = Phenopacket()
    try:
        json_format.ParseDict(found, message, max_recursion_depth=DEEPEST)
    except json_format.ParseError as error:
        raise _refused(str(error), text, source) from error
    return Packet(message, source, text)


def _loaded(text: str, source: str) -> dict[str, Any]:
    try:
        found = json.loads(text, object_pairs_hook=_once)
        text.encode()  # lone surrogates
        json.dumps(found, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise InputError(f"not JSON: {error.msg}", Place(source, error.lineno, error.colno)) from error
    except RecursionError as error:
        raise InputError("nested too deep", Place(source)) from error
    except ValueError as error:  # a key twice, a number too long, half a character
        raise InputError(f"not JSON: {error}", Place(source)) from error
    if not isinstance(found, dict):
        raise InputError("no Phenopacket: not a JSON object", Place(source, 1))
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {json.dumps(twice[:80])} stands twice in one object")
    return found


def _refuse_others(found: dict[str, Any], source: str) -> None:
    """Raise an InputError for messages near a packet, and for packets of version 1."""
    for key, other in _OTHER_MESSAGES.items():
        if key in found:
            raise InputError(f"{key}: {other}, not the Phenopacket of one tumour; give one", Place(source))
    about = found.get("metaData", found.get("meta_data"))
    version = about.get("phenopacketSchemaVersion", "") if isinstance(about, dict) else ""
    if str(version).startswith("1"):
        raise InputError(
            "metaData.phenopacketSchemaVersion: version 1 of the schema; version 2 is read", Place(source)
        )


def _refused(said: str, text: str, source: str) -> InputError:
    """The error of the library in one line, with line and path."""
    first = said.split("\n")[0].rpartition(" field: ")[2] if "field: " in said else said.split("\n")[0]
    where = _WHERE.search(first)
    path = where["path"] if where else ""
    message = first[: where.start()] if where else first
    message = message.replace("org.phenopackets.schema.v2.", "")[:300]
    places = _places(text)
    line = None if places is None else _line(text, places, path)
    return InputError(f"{path}: {message}" if path else f"no Phenopacket: {message}", Place(source, line))


def _places(text: str) -> json_text.Json | None:
    try:
        return json_text.parse(text)
    except ValueError:
        return None


def _line(text: str, places: json_text.Json, path: str) -> int:
    at = places
    for number, key in _STEP.findall(path):
        inner = at.get(key) or at.get(_snake(key)) if key else _element(at, int(number))
        if inner is None:
            break
        at = inner
    return text.count("\n", 0, at.at) + 1


def _element(at: json_text.Json, number: int) -> json_text.Json | None:
    return at.value[number] if isinstance(at.value, list) and number < len(at.value) else None


def _snake(key: str) -> str:
    """The other spelling of *key* that the JSON of protocol buffers may have."""
    return re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", key)
