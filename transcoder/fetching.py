"""The source of an asset, fetched part by part into this host's workspace."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from cdn.errors import ObjectMissing
from cdn.storage import ObjectStore
from transcoder.claims import Claim
from transcoder.errors import EncodeCancelled, SourceLost
from transcoder.planning import source_parts
from transcoder.pulse import Pulse
from transcoder.station import Station
from transcoder.tables import PartRow


@contextmanager
def local_source(station: Station, held: Claim, pulse: Pulse) -> Iterator[Path]:
    """The local copy. Raises SourceLost, WorkspaceFull, EncodeCancelled."""
    parts = station.read(source_parts, held.asset_id)

    def fill(file: IO[bytes]) -> None:
        assemble(station.store, parts, file, cancelled=pulse.cancelled)

    size = sum(part.bytes for part in parts)
    with station.workspace.source(held.asset_id, size=size, fill=fill, cancelled=pulse.cancelled) as path:
        yield path


def assemble(store: ObjectStore, parts: list[PartRow], file: IO[bytes], *, cancelled: Callable[[], bool]) -> None:
    """Join part objects, each compared with its recorded digest. Raises SourceLost, EncodeCancelled."""
    position = 0
    for part in parts:
        if cancelled():
            raise EncodeCancelled("cancelled while the source was fetched")
        try:
            body = store.read(part.key) if part.bytes else b""
        except ObjectMissing as exc:
            raise SourceLost(f"part {part.key} is gone", offset=part.offset) from exc
        if part.offset != position or hashlib.sha256(body).hexdigest() != part.sha256:
            raise SourceLost(f"part {part.key} holds other bytes than were uploaded", offset=part.offset)
        file.write(body)
        position += len(body)
