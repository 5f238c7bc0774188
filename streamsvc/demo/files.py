"""Files that only their owner may read."""

import os
from pathlib import Path


def write_private(path: Path, body: bytes) -> None:
    """Whole or not at all, 0600 from its first byte."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(body)
    fresh.replace(path)
