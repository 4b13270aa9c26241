"""The libraries of the site, as server/frontend/bundle.py bundled them; without them the pages work too."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Response, request
from flask.blueprints import BlueprintSetupState

from mesoonto_server.http.problems import RequestError

BUILT = Path(__file__).parent / "built"

#: A bundle under the address of its own contents never changes.
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Bundle:
    """One bundle: its text, the same compressed, and the address that it is offered at."""

    text: bytes
    compressed: bytes
    address: str


def load(folder: Path = BUILT) -> dict[str, Bundle]:
    """The bundles in *folder*, by name; none where none were made."""
    found = {}
    for path in sorted(folder.glob("*.js")):
        text = path.read_bytes()
        version = hashlib.sha256(text).hexdigest()[:12]
        address = f"/bundles/{path.name}?v={version}"
        found[path.stem] = Bundle(text, gzip.compress(text, mtime=0), address)
    return found


def blueprint(folder: Path = BUILT) -> Blueprint:
    """The route of bundles; every template finds their addresses in ``bundles``, by name."""
    bp = Blueprint("bundles", __name__)
    bundles = load(folder)

    @bp.record_once
    def prepare(state: BlueprintSetupState) -> None:
        @state.app.context_processor
        def addresses() -> dict[str, object]:
            return {"bundles": {name: bundle.address for name, bundle in bundles.items()}}

    @bp.get("/bundles/<name>.js")
    def bundle(name: str) -> Response:
        found = bundles.get(name)
        if found is None:
            raise RequestError(404, f"there is no bundle {name}; server/README.md tells how they are made")
        response = Response(found.text, mimetype="text/javascript")
        if request.accept_encodings["gzip"]:
            response.set_data(found.compressed)
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "accept-encoding"
        named = request.full_path == found.address
        response.headers["Cache-Control"] = _FOR_EVER if named else "no-cache"
        return response

    @bp.get("/bundles/THIRD-PARTY-NOTICES.txt")
    def notices() -> Response:
        path = folder / "THIRD-PARTY-NOTICES.txt"
        if not path.is_file():
            raise RequestError(404, "nothing of others is bundled here")
        return Response(path.read_bytes(), mimetype="text/plain")

    return bp
