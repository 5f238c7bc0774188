"""Tells a full disk from a mistake: ffmpeg ends well, without a word, when the disk took only half of a segment."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transcoder.errors import EncodeFailed, OutputInvalid, WorkspaceFull

FULL_BYTES = 1024**2
"""Who finds less room than this on the disk has met its end."""


@contextmanager
def full_disk_told(folder: Path) -> Iterator[None]:
    """Raise WorkspaceFull for what was spoiled because the disk of `folder` is full; other errors pass."""
    try:
        yield
    except (OutputInvalid, EncodeFailed) as error:
        if shutil.disk_usage(folder).free < FULL_BYTES:
            raise WorkspaceFull(f"the disk is full: {error}") from error
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise WorkspaceFull(str(error)) from error
        raise
