"""Static files, read once and kept ready to send. An address holds the digest of its bytes and never changes."""

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
PREFIX = "/static/"

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}

_IMPORT = re.compile(r"^(?:import|export) [^;]*?\"(\./[a-z-]+\.js)\";", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent."""

    content_type: str
    body: bytes
    gzipped: bytes


@dataclass(frozen=True, slots=True)
class Assets:
    """All files by address, and the address of each name such as `js/watch.js`."""

    by_address: Mapping[str, Asset]
    addresses: Mapping[str, str]
    imports: Mapping[str, tuple[str, ...]]
    """Module → the modules it needs, itself last, each once."""

    def preload(self, module: str) -> list[str]:
        """Addresses of everything that `module` will import."""
        return [self.addresses[name] for name in self.imports[module]]


@cache
def load_assets(folder: Path = FOLDER) -> Assets:
    """
    Read `static/` and `vendor/`.

    Our own files share one digest, because modules import each other by relative names; a vendored file has its
    own, so that a new release of ours does not make a pupil fetch hls.js again.
    """
    own = _read(folder / "static")
    vendor = _read(folder / "vendor")
    together = _digest(b"".join(name.encode() + body for name, body in sorted(own.items())))
    addresses = {name: f"{PREFIX}{together}/{name}" for name in own}
    addresses |= {f"vendor/{name}": f"{PREFIX}{_digest(body)}/{name}" for name, body in vendor.items()}
    bodies = own | {f"vendor/{name}": body for name, body in vendor.items()}
    by_address = {address: _asset(name, bodies[name]) for name, address in addresses.items()}
    return Assets(by_address=by_address, addresses=addresses, imports=_imports(own))


def _read(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.suffix in TYPES)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:20]


def _asset(name: str, body: bytes) -> Asset:
    packed = gzip.compress(body, 9, mtime=0)
    return Asset(content_type=TYPES[Path(name).suffix], body=body, gzipped=packed)


def _imports(own: Mapping[str, bytes]) -> dict[str, tuple[str, ...]]:
    direct = {
        name: [f"js/{found.removeprefix('./')}" for found in _IMPORT.findall(body.decode())]
        for name, body in own.items()
        if name.endswith(".js")
    }
    return {name: tuple(_closure(name, direct)) for name in direct}


def _closure(name: str, direct: Mapping[str, list[str]]) -> list[str]:
    """Depth first, so that a module stands behind what it needs."""
    found: dict[str, None] = {}

    def visit(module: str) -> None:
        for needed in direct[module]:
            if needed not in found:
                visit(needed)
        found[module] = None

    visit(name)
    return list(found)
