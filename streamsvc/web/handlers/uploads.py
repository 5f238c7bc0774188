"""Resumable uploads over tus 1.0.0 at `/api/v1/uploads`: header fields in, header fields out."""

from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from urllib.parse import urlsplit

import msgspec
from aiohttp import StreamReader, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from catalog.errors import NotAllowed
from catalog.permissions import may_create_lessons
from cdn.errors import CdnError
from streamsvc.errors import BadRequest, StreamsvcError
from streamsvc.upkeep import Round, run_once, running
from streamsvc.uploads import joining, keeping, naming, transfers, tus
from streamsvc.uploads.errors import BodyRefused, ChecksumMismatch, UploadCut, UploadOverflow
from streamsvc.uploads.holding import Holding
from streamsvc.uploads.lines import Body
from streamsvc.uploads.receiving import Incoming, Receiver
from streamsvc.uploads.tables import Kind, Upload
from streamsvc.web.access_log import UNTIMED
from streamsvc.web.authentication import public
from streamsvc.web.errors import problem
from streamsvc.web.handlers.uploads_described import described
from streamsvc.web.requests import SERVICES, Viewer, path_uuid, services, viewer

PATH = "/api/v1/uploads"
RECEIVER = web.AppKey("uploads", Receiver)
MORE_HEADERS = web.RequestKey("upload_headers", dict[str, str])
"""What an error's answer tells beside the error, such as how far we are."""

CHECKSUM_MISMATCH = 460
"""tus' own status code; the standard library's HTTPStatus does not have it."""
STOP_WITHIN_S = 5.0


def prepare(app: web.Application) -> None:
    """Open the spool and look after uploads while the application runs; let no request wait when it stops."""
    app[RECEIVER] = Receiver(Holding(app[SERVICES]))
    app.cleanup_ctx.append(_receiving)
    app.on_shutdown.append(_end_lines)
    app.on_response_prepare.append(add_protocol_headers)


async def _receiving(app: web.Application) -> AsyncIterator[None]:
    receiver = app[RECEIVER]
    every_s = keeping.every_s(receiver)
    renew = Round("upload_leases", every_s, lambda _: keeping.renew(receiver))
    keep = Round("uploads", every_s, lambda _: keeping.keep(receiver))
    receiver.holding.open()
    await run_once(app[SERVICES], Round("inherit", 0.0, lambda _: keeping.inherit(receiver)))
    try:
        async with running(app[SERVICES], (renew, keep)):
            yield
        await keeping.stop(receiver, within_s=STOP_WITHIN_S)
    finally:
        receiver.holding.close()


async def _end_lines(app: web.Application) -> None:
    app[RECEIVER].lines.end_all()


async def add_protocol_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Every answer speaks its version (U1), also those that tell of an error."""
    if request.path != PATH and not request.path.startswith(f"{PATH}/"):
        return
    response.headers["Tus-Resumable"] = tus.VERSION
    if response.status == HTTPStatus.PRECONDITION_FAILED:
        response.headers["Tus-Version"] = tus.VERSION
    if response.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        response.headers["Tus-Max-Size"] = str(services(request).settings.uploads.max_bytes)
    response.headers.update(request.get(MORE_HEADERS, {}))


@public
async def options(request: web.Request) -> web.Response:
    """What we can (U2); asks for neither version nor token."""
    return web.Response(headers=tus.options(services(request).settings.uploads.max_bytes))


def telling_mismatches(handler: Handler) -> Handler:
    """Answer a wrong checksum with tus' own status, which the common table of errors cannot hold."""

    async def told(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except ChecksumMismatch as error:
            return _checksum_mismatch(request, error)

    return told


@telling_mismatches
async def create(request: web.Request) -> web.Response:
    """Creation, with or without bytes, whole, partial or final (U6, U8, U12)."""
    _check_protocol(request, expected="POST")
    person = _teaching(request)
    incoming = _incoming(request, offset=0) if request.body_exists else None
    upload = await _created(request, person, incoming)
    headers = {hdrs.LOCATION: _address(request, upload), **_common(upload)}
    if incoming is not None and upload.kind != "final":
        headers["Upload-Offset"] = str(await _first_bytes(request, upload, incoming))
    return web.Response(status=201, headers=headers)


async def _created(request: web.Request, person: Viewer, incoming: Incoming | None) -> Upload:
    fields = request.headers
    metadata_field = fields.get("Upload-Metadata", "")
    names = naming.named(tus.metadata(metadata_field))
    naming.check_type(names)
    if "Upload-Defer-Length" in fields:
        raise BadRequest("the length must be known", reason="Upload-Defer-Length")
    concat = tus.concatenation(fields.get("Upload-Concat"), base_path=PATH)
    if isinstance(concat, tus.Final):
        if "Upload-Length" in fields or incoming is not None:
            raise BadRequest("a final upload has no length or bytes of its own", reason="Upload-Concat")
        joined = joining.Joined(concat.partials, names.title, metadata_field, fields["Upload-Concat"])
        return await _write(request, joining.join, joined, person)
    length = tus.number(fields.get("Upload-Length"), name="Upload-Length")
    if incoming is not None and (incoming.announced or 0) > length:
        raise UploadOverflow("the request is longer than the upload")
    kind: Kind = "whole" if concat is None else "partial"
    wanted = transfers.Wanted(kind, length, names.title, metadata_field, "" if concat is None else "partial")
    request.app[RECEIVER].holding.check_room_for(wanted)
    return await _write(request, transfers.create, wanted, person)


async def _write(request: web.Request, function: Callable[..., Upload], wanted: object, person: Viewer) -> Upload:
    holding = request.app[RECEIVER].holding
    return await holding.write(function, wanted, owner=person, limits=holding.limits, now=services(request).now())


async def _first_bytes(request: web.Request, upload: Upload, incoming: Incoming) -> int:
    """
    Bytes that come with the creation. The upload exists now, so whatever stops them the answer names it and tells how
    far we are; only bytes that are wrong end it, because the client would never learn of it.
    """
    receiver = request.app[RECEIVER]
    try:
        standing = await receiver.receive(upload.id, upload.owner_id, incoming)
    except (ChecksumMismatch, UploadOverflow):
        await receiver.terminate(upload.id, upload.owner_id)
        raise
    except (StreamsvcError, CdnError) as error:
        return _offset_in(error)
    _count(request, standing.offset)
    return standing.offset


def _offset_in(error: StreamsvcError | CdnError) -> int:
    offset = error.params.get("offset", 0)
    return offset if isinstance(offset, int) else 0


@telling_mismatches
async def one(request: web.Request) -> web.Response:
    """HEAD, PATCH and DELETE of one upload, also as a POST that says so (U5)."""
    method = _check_protocol(request)
    if method == "HEAD":
        return await _head(request)
    if method == "PATCH":
        return await _patch(request)
    if method == "DELETE":
        return await _delete(request)
    raise web.HTTPMethodNotAllowed(request.method, ["DELETE", "HEAD", "OPTIONS", "PATCH"])


def _teaching(request: web.Request) -> Viewer:
    """Who uploads. Asked with each request, because a role may be taken away while a file is on its way."""
    person = viewer(request)
    if not may_create_lessons(person.role):
        raise NotAllowed("pupils watch lessons")
    return person


async def _head(request: web.Request) -> web.Response:
    standing = await request.app[RECEIVER].standing(path_uuid(request, "upload_id"), viewer(request).person_id)
    upload = standing.upload
    headers = {
        "Upload-Offset": str(standing.offset),
        "Upload-Length": str(upload.length),
        "Upload-Metadata": upload.metadata_field,
        "Upload-Concat": upload.concat_field,
        hdrs.CACHE_CONTROL: "no-store",
        **_common(upload),
    }
    return web.Response(headers={name: value for name, value in headers.items() if value})


async def _patch(request: web.Request) -> web.Response:
    person, upload_id = _teaching(request), path_uuid(request, "upload_id")
    offset = tus.number(request.headers.get("Upload-Offset"), name="Upload-Offset")
    incoming = _incoming(request, offset=offset)
    try:
        standing = await request.app[RECEIVER].receive(upload_id, person.person_id, incoming)
    except (StreamsvcError, CdnError) as error:
        if "offset" in error.params:
            request[MORE_HEADERS] = {"Upload-Offset": str(_offset_in(error))}
        raise
    _count(request, standing.offset - offset)
    return web.Response(status=204, headers={"Upload-Offset": str(standing.offset), **_common(standing.upload)})


async def _delete(request: web.Request) -> web.Response:
    await request.app[RECEIVER].terminate(path_uuid(request, "upload_id"), viewer(request).person_id)
    return web.Response(status=204)


def _check_protocol(request: web.Request, *, expected: str | None = None) -> str:
    """The version (U1) before anything else, then the method that is meant (U5)."""
    tus.check_version(request.headers.get("Tus-Resumable"))
    method = tus.method(request.method, request.headers.get("X-HTTP-Method-Override"))
    if expected is not None and method != expected:
        raise web.HTTPMethodNotAllowed(method, [expected, "OPTIONS"])
    return method


def _incoming(request: web.Request, *, offset: int) -> Incoming:
    """The bytes of a request. Raises BodyRefused: a few encoded bytes could otherwise become gigabytes."""
    encoding = request.headers.get(hdrs.CONTENT_ENCODING, "identity")
    if request.content_type != tus.BODY_TYPE or encoding.strip().lower() != "identity":
        raise BodyRefused(f"{request.content_type}, {encoding}")
    checksum = tus.checksum(request.headers.get("Upload-Checksum"))
    request[UNTIMED] = True
    return Incoming(offset, request.content_length, checksum, _body(request))


def _body(request: web.Request) -> Body:
    """The body as it comes, and when the line breaks first what had come before."""
    broken: Exception | None = None

    async def read(most: int) -> bytes:
        nonlocal broken
        if broken is None:
            try:
                return await request.content.read(most)
            except (OSError, web.RequestPayloadError, HttpProcessingError) as exc:
                broken = exc
                if rest := _left_over(request.content):
                    return rest
        raise UploadCut(type(broken).__name__) from broken

    return read


def _left_over(content: StreamReader) -> bytes:
    """Bytes that were received and not read yet. aiohttp hides them behind the line's error, which is taken back."""
    content.set_exception(None)  # type: ignore[arg-type]  # undocumented, and tested with real cuts
    return content.read_nowait()


def _common(upload: Upload) -> dict[str, str]:
    headers = {"Upload-Expires": tus.http_date(upload.expires_at)}
    if upload.lesson_id is not None:
        headers["Content-Location"] = f"/api/v1/lessons/{upload.lesson_id}"
    return headers


def _address(request: web.Request, upload: Upload) -> str:
    """
    An absolute URL at the host that the client used itself, because simple clients do not resolve a path and browsers
    refuse another origin. A proxy that ends TLS is known by our public address.
    """
    known = urlsplit(services(request).settings.public_url)
    scheme = known.scheme if request.host == known.netloc else request.scheme
    return f"{scheme}://{request.host}{PATH}/{upload.id}"


def _count(request: web.Request, received_bytes: int) -> None:
    services(request).telemetry.upload_bytes.inc(received_bytes)


def _checksum_mismatch(request: web.Request, error: ChecksumMismatch) -> web.Response:
    response = problem(request, HTTPStatus.BAD_REQUEST, error.code, error.params)
    body = msgspec.json.decode(response.text or "{}")
    body.update(status=CHECKSUM_MISMATCH, title="Checksum Mismatch")
    response.body = msgspec.json.encode(body)
    response.set_status(CHECKSUM_MISMATCH, "Checksum Mismatch")
    return response


_ONE = PATH + "/{upload_id}"

routes = [
    web.options(PATH, options),
    web.post(PATH, create),
    web.options(_ONE, options),
    web.head(_ONE, one),
    web.patch(_ONE, one),
    web.delete(_ONE, one),
    web.post(_ONE, one),
]


OPENAPI = described(PATH, _ONE)
