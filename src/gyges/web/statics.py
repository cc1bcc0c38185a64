# SPDX-License-Identifier: Apache-2.0
"""Our own style sheets, scripts and pictures, read once and served under addresses that name their content.

    /static/3f1c9a02b7de/app.css     the part in the middle is from the file's SHA-256

So a browser may keep them for ever, and a new version has a new address. Nothing is fetched from elsewhere.
"""

from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

from starlette.responses import Response

from gyges.errors import Fault, NotFound

TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "ico": "image/x-icon",
    "woff2": "font/woff2",
}
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class File:
    """One file in memory."""

    body: bytes
    mark: str
    type: str


class Statics:
    """Every file in `web/static`."""

    def __init__(self) -> None:
        """Read them; what has no known type is not served."""
        self._files: dict[str, File] = {}
        for found in files("gyges.web").joinpath("static").iterdir():
            kind = TYPES.get(found.name.rpartition(".")[2])
            if kind and found.is_file():
                body = found.read_bytes()
                self._files[found.name] = File(body, sha256(body).hexdigest()[:12], kind)

    def url(self, name: str) -> str:
        """Where a file is; a fault if there is none: a template that names it is wrong."""
        found = self._files.get(name)
        if found is None:
            raise Fault(f"there is no static file {name}")
        return f"/static/{found.mark}/{name}"

    def serve(self, mark: str, name: str) -> Response:
        """The file; raise `NotFound`, for an old mark as well."""
        found = self._files.get(name)
        if found is None or found.mark != mark:
            raise NotFound("there is no such file")
        return Response(found.body, headers={"cache-control": FOR_EVER}, media_type=found.type)
