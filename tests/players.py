"""Players of others, for the tests: fetched once from npm's registry, pinned by the digest that npm publishes."""

import base64
import hashlib
import io
import sys
import tarfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path

REGISTRY = "https://registry.npmjs.org"
PATIENCE_S = 300


@dataclass(frozen=True)
class Player:
    """A package, and the one script in it that plays."""

    package: str
    version: str
    sha512: str
    """Of the archive, as npm writes it: base64."""
    script: str

    def read(self) -> bytes:
        """The script. It lies beside our own packages, where an update of the version finds no old one."""
        kept = Path(sys.prefix) / "judge" / f"{self.package}-{self.version}.js"
        if not kept.is_file():
            kept.parent.mkdir(parents=True, exist_ok=True)
            half = kept.with_suffix(".part")
            half.write_bytes(self._fetched())
            half.replace(kept)
        return kept.read_bytes()

    def _fetched(self) -> bytes:
        address = f"{REGISTRY}/{self.package}/-/{self.package}-{self.version}.tgz"
        with urllib.request.urlopen(address, timeout=PATIENCE_S) as answer:
            archive = answer.read()
        assert base64.b64encode(hashlib.sha512(archive).digest()).decode() == self.sha512, address
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            found = files.extractfile(f"package/{self.script}")
            assert found is not None, self.script
            return found.read()


SHAKA = Player(
    "shaka-player",
    "5.2.12",
    "vEsuVDI3+oLh+yqpjXexQZlg2XMUBI0VrqatDuKWacPaxAud6Uph5uCowUPLhUgNG5XKWCpoM4l1r8qYzWH+zg==",
    "dist/shaka-player.compiled.js",
)
VIDEO_JS = Player(
    "video.js",
    "8.24.1",
    "Qh2WxVyiw6BEvpS95KCoZM8wt10r2iDvembOjHPftVcxY4QR53WVTDQlJEuI1J46Yo9Zw+6rRDIe62C+J+edfQ==",
    "dist/video.min.js",
)
