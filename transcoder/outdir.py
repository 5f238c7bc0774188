"""The folder that a tree goes to: it gets the whole tree, or is left as it was."""

import errno
import os
import shutil
from pathlib import Path
from uuid import uuid4

from transcoder.errors import OutputNotEmpty, OutputUnwritable

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def require_empty(outdir: Path) -> None:
    """Raises OutputNotEmpty unless the folder is absent or empty, OutputUnwritable when it may not be looked into."""
    try:
        if outdir.is_dir() and not any(outdir.iterdir()):
            return
        taken = outdir.exists() or outdir.is_symlink()
    except OSError as error:
        raise _unwritable(outdir, error) from error
    if taken:
        raise OutputNotEmpty(f"{outdir} is not an empty folder", path=str(outdir))


class Hidden:
    """
    A folder that takes the place of `outdir` when all went well, and vanishes otherwise.

    It lies beside `outdir`, so that not even kill -9 leaves half a tree there; or in it, where that folder must stay:
    a mounted one, the one that the person is in, one whose neighbourhood is not ours to write.
    """

    def __init__(self, outdir: Path) -> None:
        self._outdir = outdir.absolute()
        self._inside = _must_stay(self._outdir)
        name = f".{self._outdir.name}.{uuid4().hex[:8]}.part"
        self._hidden = self._outdir / name if self._inside else self._outdir.with_name(name)
        self._parents = [parent for parent in self._outdir.parents if not parent.exists()]

    def __enter__(self) -> Path:
        """Raises OutputUnwritable."""
        try:
            self._hidden.mkdir(parents=True)
        except OSError as error:
            self._forget()
            if error.errno in NO_ROOM:
                raise
            raise _unwritable(self._outdir, error) from error
        return self._hidden

    def __exit__(self, kind: object, _error: object, _traceback: object) -> None:
        if kind is not None:
            self._forget()
        elif self._inside:
            for path in list(self._hidden.iterdir()):
                path.rename(self._outdir / path.name)
            self._hidden.rmdir()
        else:
            self._hidden.rename(self._outdir)

    def _forget(self) -> None:
        shutil.rmtree(self._hidden, ignore_errors=True)
        for parent in self._parents:
            if parent.exists():
                parent.rmdir()


def _must_stay(outdir: Path) -> bool:
    if not outdir.is_dir():
        return False
    return outdir.is_mount() or outdir.samefile(Path.cwd()) or not os.access(outdir.parent, os.W_OK)


def _unwritable(outdir: Path, error: OSError) -> OutputUnwritable:
    reason = error.strerror or str(error)
    return OutputUnwritable(f"{outdir}: {reason}", path=str(outdir), reason=reason)
