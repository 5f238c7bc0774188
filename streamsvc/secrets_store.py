"""Key files: made at first start with mode 0600, or put there by whoever runs the cluster."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from streamsvc.errors import BadSetting

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Secrets:
    """Every secret that the service itself makes. `repr` shows none of them."""

    media_key: bytes
    """Ed25519 private key that signs media addresses."""
    pseudonym_key: bytes
    """Turns persons into the trace's pseudonyms; with another key everybody is somebody else there."""

    def __repr__(self) -> str:
        return "Secrets(…)"


def open_secrets(folder: Path) -> Secrets:
    """Read the keys below `folder`; what is missing is made once, also when several processes start together."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Secrets(media_key=_key(folder / "media_signing.key"), pseudonym_key=_key(folder / "trace_pseudonym.key"))


def _key(path: Path) -> bytes:
    if not path.exists():
        _make(path, secrets.token_bytes(KEY_BYTES).hex() + "\n")
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as exc:
        raise BadSetting(f"{path} cannot be read: {exc}", name=str(path), reason=type(exc).__name__) from exc
    if len(key) != KEY_BYTES:
        raise BadSetting(f"{path} holds no {KEY_BYTES} bytes in hex", name=str(path), reason="wrong length")
    return key


def _make(path: Path, text: str) -> None:
    """Whole or not at all: link(2) fails when another process was first, and its key is then ours too."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
