"""Errors that the transcoder raises on purpose, each with a `code` that never changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar


class TranscoderError(Exception):
    """Base of every error this package raises on purpose."""

    code: ClassVar[str] = "transcoder_error"

    def __init__(self, message: str = "", **params: object) -> None:
        super().__init__(message or self.code)
        self.params = params


class BadSource(TranscoderError):
    """The source itself is at fault: running again would end the same way."""

    code = "source_unreadable"


class SourceMissing(BadSource):
    """There is no such file, or it may not be read."""

    code = "source_missing"


class SourceEmpty(BadSource):
    """The source has no bytes."""

    code = "source_empty"


class SourceNotMedia(BadSource):
    """The bytes are no video or sound that we know (a text file named .mp4, say)."""

    code = "source_not_media"


class SourceIsPicture(BadSource):
    """A single picture is no lesson."""

    code = "source_is_picture"


class SourceIsPlaylist(BadSource):
    """A playlist in disguise, which would make ffmpeg open other files."""

    code = "source_is_playlist"


class SourceTruncated(BadSource):
    """The file ends before its own index says it should."""

    code = "source_truncated"


class SourceTooShort(BadSource):
    """Nothing to show: a duration of zero."""

    code = "source_too_short"


class SourceTooLong(BadSource):
    """Longer than the limit in the settings; params `duration_s`, `limit_s`."""

    code = "source_too_long"


class SourceTooLarge(BadSource):
    """More pixels, tracks or bytes than the limits allow."""

    code = "source_too_large"


class SourceUnsupported(BadSource):
    """A codec or container outside the list; param `codec`."""

    code = "source_unsupported"


class SourceLost(BadSource):
    """The store no longer gives back what was uploaded: upload again."""

    code = "source_lost"


class EncodeFailed(TranscoderError):
    """ffmpeg ended badly on a source that had been probed well; another attempt may succeed."""

    code = "encode_failed"


class EncodeCancelled(TranscoderError):
    """The job was cancelled or the lease lost: stop, write nothing more."""

    code = "encode_cancelled"


class OutputInvalid(TranscoderError):
    """What was made breaks a rule of our own (a damaged box, a missing segment); param `rule` says which."""

    code = "output_invalid"


class ObjectsLost(TranscoderError):
    """What was made disappears from the store, or comes back as other bytes, again and again."""

    code = "objects_lost"


class OutputNotEmpty(TranscoderError):
    """The folder for the result holds something already; param `path`."""

    code = "output_not_empty"


class OutputUnwritable(TranscoderError):
    """The folder for the result cannot be made or written to; params `path`, `reason`."""

    code = "output_unwritable"


class TreeUnreadable(TranscoderError):
    """The folder is no whole tree of `sabaq transcode`; params `path`, `reason`."""

    code = "tree_unreadable"


class WorkspaceFull(TranscoderError):
    """The worker's disk has too little room."""

    code = "workspace_full"


class DatabaseAway(TranscoderError):
    """The database did not answer, or broke the connection, while a worker had something to write down."""

    code = "database_away"


class StillSwept(TranscoderError):
    """A sweep of an earlier job of the asset still deletes: what is put now might vanish."""

    code = "still_swept"


class ToolMissing(TranscoderError):
    """ffmpeg or ffprobe is not installed where we expect it."""

    code = "tool_missing"


class NothingToRetry(TranscoderError):
    """Only a failed or cancelled encoding can be started again."""

    code = "nothing_to_retry"


class NothingToRenew(TranscoderError):
    """Only a published lesson is encoded anew, and only where that would change something."""

    code = "nothing_to_renew"


class MediaNotReady(TranscoderError):
    """Nothing can be played yet."""

    code = "media_not_ready"


class MediaFailed(TranscoderError):
    """The encoding failed for good; the lesson's `media.error` says why."""

    code = "media_failed"


FINDINGS_SHOWN = 3
"""In one sentence about a file."""


@dataclass(frozen=True, slots=True)
class PolicyFinding:
    """One mistake in a ladder's file. `code` names the sentence that explains it, `params` what stands in it."""

    line: int
    """From 1; 0 where no line can be named, as for what is missing."""
    key: str
    """`cpu`, `targets[2].grades`; empty for the file as a whole."""
    code: str
    params: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return ", ".join(word for word in (f"line {self.line}" if self.line else "", self.key, self.code) if word)


class PolicyInvalid(TranscoderError):
    """The ladder's file has mistakes, all of them in `findings`; param `reason` names their places."""

    code = "policy_invalid"

    def __init__(self, findings: Sequence[PolicyFinding]) -> None:
        shown = [str(finding) for finding in findings[:FINDINGS_SHOWN]]
        reason = "; ".join([*shown, "…"] if len(findings) > FINDINGS_SHOWN else shown)
        super().__init__(reason, reason=reason)
        self.findings = tuple(findings)
