"""Errors that the service raises on purpose."""

from typing import ClassVar


class StreamsvcError(Exception):
    """Base of every error this package raises on purpose."""

    code: ClassVar[str] = "streamsvc_error"

    def __init__(self, message: str = "", **params: object) -> None:
        super().__init__(message or self.code)
        self.params = params


class BadRequest(StreamsvcError):
    """The request cannot be understood; param `reason` says what is wrong."""

    code = "bad_request"


class BadSetting(StreamsvcError):
    """A setting cannot be used; params `name` and `reason`."""

    code = "bad_setting"


class SchemaOutdated(StreamsvcError):
    """The database was not migrated: run `sabaq migrate`."""

    code = "schema_outdated"


class CrossOrigin(StreamsvcError):
    """A page of another origin tried to use a signed-in person's cookie."""

    code = "cross_origin"


class PlaybackSessionMissing(StreamsvcError):
    """No such playback session, or it is somebody else's."""

    code = "playback_session_missing"


class DatabaseUnavailable(StreamsvcError):
    """The database does not answer, or has no room. Try again later."""

    code = "database_unavailable"


class DemoLinkRefused(StreamsvcError):
    """The demo's sign-in link is not offered here, or its key is wrong."""

    code = "demo_link_refused"


class AlreadyRunning(StreamsvcError):
    """Another supervisor holds this VAR; param `pid`."""

    code = "already_running"


class PortTaken(StreamsvcError):
    """Another program listens on our port; params `port` and `other`, a port that is free."""

    code = "port_taken"


class PartNotStarted(StreamsvcError):
    """A part of the embedded system does not come up; params `name` and `log`, the place to look."""

    code = "part_not_started"


class LessonFileUnusable(StreamsvcError):
    """The file named by LESSON cannot become a lesson; params `path` and `reason`."""

    code = "lesson_file_unusable"


class ServiceUnreachable(StreamsvcError):
    """The service does not answer its own client; params `url` and `reason`."""

    code = "service_unreachable"


class AnswerUnexpected(StreamsvcError):
    """The service refused what a client asked; params `status` and `reason`, its own words."""

    code = "answer_unexpected"


class NothingToCancel(StreamsvcError):
    """Only an encoding that waits or runs can be cancelled."""

    code = "nothing_to_cancel"


class BackupUnusable(StreamsvcError):
    """The directory is no backup, an unfinished or a damaged one; params `path` and `reason`."""

    code = "backup_unusable"


class TargetNotEmpty(StreamsvcError):
    """A backup or restore would mix with what is there already; params `path` and `reason`."""

    code = "target_not_empty"
