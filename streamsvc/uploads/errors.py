"""Errors that uploads raise on purpose."""

from streamsvc.errors import StreamsvcError


class TusVersionRefused(StreamsvcError):
    """The client speaks another version of tus, or did not say which (tus core, Tus-Resumable)."""

    code = "tus_version_refused"


class UploadMissing(StreamsvcError):
    """No such upload, or it belongs to somebody else."""

    code = "upload_missing"


class UploadGone(StreamsvcError):
    """The upload was there and has expired or was ended."""

    code = "upload_gone"


class OffsetConflict(StreamsvcError):
    """The client wants to go on at another place than we do; param `offset` is ours. Nothing was changed."""

    code = "upload_offset_conflict"


class BodyRefused(StreamsvcError):
    """The body is not announced as plain `application/offset+octet-stream`, or is encoded."""

    code = "upload_body_refused"


class UploadTypeRefused(StreamsvcError):
    """The file's name or type says that it is neither video nor sound; param `name`."""

    code = "upload_type_refused"


class UploadTooLarge(StreamsvcError):
    """More bytes than one upload may have (Tus-Max-Size); params `size_mb`, `limit_mb`."""

    code = "upload_too_large"


class UploadOverflow(StreamsvcError):
    """More bytes were sent than Upload-Length had announced."""

    code = "upload_overflow"


class QuotaPersonExceeded(StreamsvcError):
    """The person's uploads would take more room than is theirs; params `size_mb`, `left_mb`."""

    code = "quota_person_exceeded"


class QuotaSchoolExceeded(StreamsvcError):
    """The school's uploads would take more room than is theirs; params `size_mb`, `left_mb`."""

    code = "quota_school_exceeded"


class StorageFull(StreamsvcError):
    """Too little free disk. What was received is kept; param `retry_after_s`."""

    code = "storage_full"


class ChecksumMismatch(StreamsvcError):
    """The bytes of one request are not those that its checksum was made of; none of them was stored."""

    code = "upload_checksum_mismatch"


class UploadIsFinal(StreamsvcError):
    """A final upload is made of partial ones and takes no bytes of its own (tus concatenation)."""

    code = "upload_is_final"


class PartialsRefused(StreamsvcError):
    """A final upload names partial ones that are missing, unfinished, foreign or used already; param `reason`."""

    code = "upload_partials_refused"


class UploadBusy(StreamsvcError):
    """Another node of the service holds the upload; param `retry_after_s`."""

    code = "upload_busy"


class UploadInterrupted(StreamsvcError):
    """A newer request for the same upload ended this one. What was received is kept."""

    code = "upload_interrupted"


class UploadTakenOver(StreamsvcError):
    """Another node holds the upload now, because our lease ran out; what we have of it counts no more."""

    code = "upload_taken_over"


class UploadStalled(StreamsvcError):
    """No byte came for too long. What was received is kept."""

    code = "upload_stalled"


class UploadCut(StreamsvcError):
    """The line broke, or the request's body was malformed, before its end. What was received is kept."""

    code = "upload_cut"
