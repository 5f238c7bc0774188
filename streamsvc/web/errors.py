"""The one table from our errors to HTTP, answered as `application/problem+json` (RFC 9457) in the person's language."""

import logging
from http import HTTPStatus
from uuid import uuid4

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

import catalog.errors as catalog_errors
import cdn.errors as cdn_errors
import streamsvc.errors as service_errors
import streamsvc.uploads.errors as upload_errors
import transcoder.errors as transcoder_errors
from streamsvc.web.access_log import CLIENT_LEFT, REQUEST_ID
from streamsvc.web.requests import language, services

log = logging.getLogger(__name__)

STATUS: dict[type[Exception], HTTPStatus] = {
    catalog_errors.LessonMissing: HTTPStatus.NOT_FOUND,
    catalog_errors.BadTitle: HTTPStatus.UNPROCESSABLE_ENTITY,
    catalog_errors.BadCursor: HTTPStatus.BAD_REQUEST,
    catalog_errors.PersonMissing: HTTPStatus.NOT_FOUND,
    catalog_errors.BadPerson: HTTPStatus.UNPROCESSABLE_ENTITY,
    catalog_errors.UnitMissing: HTTPStatus.NOT_FOUND,
    catalog_errors.BadUnit: HTTPStatus.UNPROCESSABLE_ENTITY,
    catalog_errors.SignInRefused: HTTPStatus.UNAUTHORIZED,
    catalog_errors.TooManySignIns: HTTPStatus.TOO_MANY_REQUESTS,
    catalog_errors.TokenRefused: HTTPStatus.UNAUTHORIZED,
    catalog_errors.NotAllowed: HTTPStatus.FORBIDDEN,
    catalog_errors.PersonExists: HTTPStatus.CONFLICT,
    catalog_errors.AuditBroken: HTTPStatus.INTERNAL_SERVER_ERROR,
    catalog_errors.AuditHeadLost: HTTPStatus.INTERNAL_SERVER_ERROR,
    catalog_errors.BadAuditHead: HTTPStatus.BAD_REQUEST,
    transcoder_errors.BadSource: HTTPStatus.UNPROCESSABLE_ENTITY,
    transcoder_errors.SourceMissing: HTTPStatus.UNPROCESSABLE_ENTITY,
    transcoder_errors.SourceEmpty: HTTPStatus.UNPROCESSABLE_ENTITY,
    transcoder_errors.SourceNotMedia: HTTPStatus.UNPROCESSABLE_ENTITY,
    transcoder_errors.SourceIsPicture: HTTPStatus.UNPROCESSABLE_ENTITY,
    transcoder_errors.SourceIsPlaylist: HTTPStatus.UNPROCESSABLE_ENTITY,
    transcoder_errors.SourceTruncated: HTTPStatus.UNPROCESSABLE_ENTITY,
    transcoder_errors.SourceTooShort: HTTPStatus.UNPROCESSABLE_ENTITY,
    transcoder_errors.SourceTooLong: HTTPStatus.UNPROCESSABLE_ENTITY,
    transcoder_errors.SourceTooLarge: HTTPStatus.UNPROCESSABLE_ENTITY,
    transcoder_errors.SourceUnsupported: HTTPStatus.UNPROCESSABLE_ENTITY,
    transcoder_errors.SourceLost: HTTPStatus.UNPROCESSABLE_ENTITY,
    transcoder_errors.EncodeFailed: HTTPStatus.INTERNAL_SERVER_ERROR,
    transcoder_errors.EncodeCancelled: HTTPStatus.CONFLICT,
    transcoder_errors.OutputInvalid: HTTPStatus.INTERNAL_SERVER_ERROR,
    transcoder_errors.ObjectsLost: HTTPStatus.INTERNAL_SERVER_ERROR,
    transcoder_errors.OutputNotEmpty: HTTPStatus.CONFLICT,
    transcoder_errors.OutputUnwritable: HTTPStatus.INTERNAL_SERVER_ERROR,
    transcoder_errors.TreeUnreadable: HTTPStatus.UNPROCESSABLE_ENTITY,
    transcoder_errors.WorkspaceFull: HTTPStatus.INSUFFICIENT_STORAGE,
    transcoder_errors.DatabaseAway: HTTPStatus.SERVICE_UNAVAILABLE,
    transcoder_errors.StillSwept: HTTPStatus.CONFLICT,
    transcoder_errors.ToolMissing: HTTPStatus.INTERNAL_SERVER_ERROR,
    transcoder_errors.NothingToRetry: HTTPStatus.CONFLICT,
    transcoder_errors.NothingToRenew: HTTPStatus.CONFLICT,
    transcoder_errors.MediaNotReady: HTTPStatus.CONFLICT,
    transcoder_errors.MediaFailed: HTTPStatus.CONFLICT,
    transcoder_errors.PolicyInvalid: HTTPStatus.INTERNAL_SERVER_ERROR,
    cdn_errors.ObjectMissing: HTTPStatus.NOT_FOUND,
    cdn_errors.ObjectExists: HTTPStatus.CONFLICT,
    cdn_errors.BadKey: HTTPStatus.NOT_FOUND,
    cdn_errors.RangeUnsatisfiable: HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    cdn_errors.StoreUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    cdn_errors.StoreFull: HTTPStatus.INSUFFICIENT_STORAGE,
    cdn_errors.BadStorageUrl: HTTPStatus.INTERNAL_SERVER_ERROR,
    cdn_errors.LinkRefused: HTTPStatus.FORBIDDEN,
    cdn_errors.LinkExpired: HTTPStatus.GONE,
    cdn_errors.AssetWithdrawn: HTTPStatus.GONE,
    upload_errors.TusVersionRefused: HTTPStatus.PRECONDITION_FAILED,
    upload_errors.UploadMissing: HTTPStatus.NOT_FOUND,
    upload_errors.UploadGone: HTTPStatus.GONE,
    upload_errors.OffsetConflict: HTTPStatus.CONFLICT,
    upload_errors.BodyRefused: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    upload_errors.UploadTypeRefused: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    upload_errors.UploadTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    upload_errors.UploadOverflow: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    # Not 403: the person may upload, only nothing as large; not 507, which clients take for a passing trouble.
    upload_errors.QuotaPersonExceeded: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    upload_errors.QuotaSchoolExceeded: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    upload_errors.StorageFull: HTTPStatus.INSUFFICIENT_STORAGE,
    # The handler of uploads answers 460, which HTTPStatus does not know.
    upload_errors.ChecksumMismatch: HTTPStatus.BAD_REQUEST,
    upload_errors.UploadIsFinal: HTTPStatus.FORBIDDEN,
    upload_errors.PartialsRefused: HTTPStatus.BAD_REQUEST,
    upload_errors.UploadBusy: HTTPStatus.LOCKED,
    upload_errors.UploadInterrupted: HTTPStatus.CONFLICT,
    upload_errors.UploadTakenOver: HTTPStatus.CONFLICT,
    upload_errors.UploadStalled: HTTPStatus.REQUEST_TIMEOUT,
    upload_errors.UploadCut: HTTPStatus.BAD_REQUEST,
    service_errors.BadRequest: HTTPStatus.BAD_REQUEST,
    service_errors.BadSetting: HTTPStatus.INTERNAL_SERVER_ERROR,
    service_errors.SchemaOutdated: HTTPStatus.SERVICE_UNAVAILABLE,
    service_errors.CrossOrigin: HTTPStatus.FORBIDDEN,
    service_errors.PlaybackSessionMissing: HTTPStatus.NOT_FOUND,
    service_errors.DatabaseUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    service_errors.DemoLinkRefused: HTTPStatus.NOT_FOUND,
    service_errors.NothingToCancel: HTTPStatus.CONFLICT,
    service_errors.AlreadyRunning: HTTPStatus.CONFLICT,
    service_errors.BackupUnusable: HTTPStatus.UNPROCESSABLE_ENTITY,
    service_errors.TargetNotEmpty: HTTPStatus.CONFLICT,
    service_errors.PortTaken: HTTPStatus.CONFLICT,
    service_errors.PartNotStarted: HTTPStatus.SERVICE_UNAVAILABLE,
    service_errors.LessonFileUnusable: HTTPStatus.UNPROCESSABLE_ENTITY,
    service_errors.ServiceUnreachable: HTTPStatus.SERVICE_UNAVAILABLE,
    service_errors.AnswerUnexpected: HTTPStatus.BAD_GATEWAY,
}

ROOTS = (
    catalog_errors.CatalogError,
    transcoder_errors.TranscoderError,
    cdn_errors.CdnError,
    service_errors.StreamsvcError,
)

_HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}


def problem(
    request: web.Request, status: HTTPStatus, code: str, params: dict[str, object] | None = None
) -> web.Response:
    """One error, said to one person."""
    chosen = language(request)
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": services(request).texts.error(code, chosen, params or {}),
        "code": code,
    }
    headers = {"Content-Language": chosen, "Cache-Control": "no-store"}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"  # RFC 9110 section 11.6.1
    if params and isinstance(params.get("retry_after_s"), int | float):
        headers["Retry-After"] = str(int(params["retry_after_s"]))  # type: ignore[call-overload]  # checked above
    return web.Response(
        body=msgspec.json.encode(body),
        status=status,
        content_type="application/problem+json",
        headers=headers,
    )


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error into a problem; what we did not expect shows an id, never its text."""
    try:
        return await handler(request)
    except ROOTS as error:
        return problem(request, STATUS[type(error)], error.code, error.params)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        code = _HTTP_CODES.get(error.status, "bad_request")
        response = problem(request, HTTPStatus(error.status), code, {"reason": error.reason})
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response
    except ConnectionResetError:
        # The client left in the middle of its own request: nobody is there to read, and nothing of ours is broken.
        log.info("a client left in the middle of its request")
        return web.Response(status=CLIENT_LEFT)
    except Exception:  # the last resort of the web: it logs and answers, it does not go on
        error_id = request.get(REQUEST_ID) or str(uuid4())
        log.exception("unexpected error %s", error_id)
        return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", {"error_id": error_id})
