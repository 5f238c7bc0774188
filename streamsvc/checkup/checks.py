"""The checks themselves: each looks at one thing and always answers, also when that thing is broken."""

import os
import re
import shutil
import socket
import stat
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from cdn.errors import CdnError, ObjectExists
from cdn.stores import open_store
from streamsvc import queueing
from streamsvc.checkup import findings
from streamsvc.checkup.findings import Finding
from streamsvc.children import answers
from streamsvc.database import translated
from streamsvc.errors import DatabaseUnavailable, SchemaOutdated
from streamsvc.migrating import require_current_schema
from streamsvc.settings import Settings
from transcoder.database import open_sessions
from transcoder.errors import ToolMissing, TranscoderError
from transcoder.runner import Limits, run
from transcoder.tools import find_tools

TOOL_LIMITS = Limits(wall_s=20.0, cpu_s=20, file_bytes=0)


def check_python(_settings: Settings) -> Finding:
    return findings.python_finding((sys.version_info.major, sys.version_info.minor, sys.version_info.micro))


def check_tools(_settings: Settings) -> Finding:
    """Both media tools are there and run on this machine."""
    mend = "install Sabaq's packages again: make clean, then make demo"
    try:
        tools = find_tools()
        versions = [f"{path.name.split('-')[0]} {_version(path)}" for path in (tools.ffmpeg, tools.ffprobe)]
    except (ToolMissing, TranscoderError, OSError) as error:
        return Finding("tools", "problem", str(error), mend)
    return Finding("tools", "ok", ", ".join(versions))


def _version(path: Path) -> str:
    lines: list[str] = []
    finished = run([str(path), "-version"], limits=TOOL_LIMITS, on_line=lines.append)
    if not finished.ok or not lines:
        raise ToolMissing(
            f"{path.name} does not run here: {finished.complaint or finished.returncode}", package=path.name
        )
    return lines[0].split(" ")[2] if len(lines[0].split(" ")) > 2 else lines[0]


def check_disk(settings: Settings) -> Finding:
    """Room where uploads wait and where workers work; the tighter one counts."""
    tightest: Finding | None = None
    places = (
        (settings.uploads.spool, settings.uploads.reserve_bytes),
        (settings.transcoder.workspace, settings.transcoder.reserve_bytes),
    )
    for place, reserve_bytes in places:
        there = _existing(place)
        if not os.access(there, os.W_OK):
            return Finding("disk", "problem", f"{there} cannot be written", f"chown it to this user, or move {place}")
        free_bytes = shutil.disk_usage(there).free
        found = findings.disk_finding(str(place), free_bytes=free_bytes, reserve_bytes=reserve_bytes)
        if tightest is None or (tightest.verdict == "ok" and found.verdict != "ok"):
            tightest = found
    assert tightest is not None  # there are two places
    return tightest


def _existing(path: Path) -> Path:
    """The path, or its nearest ancestor that is there already."""
    return next(place for place in (path, *path.parents) if place.exists())


def check_storage(settings: Settings) -> Finding:
    """The store answers, stores, and keeps the promise that our fencing needs: `if_absent` never overwrites."""
    shown = _without_password(settings.storage_url)
    mend = "see that the store runs and that SABAQ_STORAGE_URL names it; docs/operations.md has examples"
    key = f"doctor/{uuid4()}"
    try:
        store = open_store(settings.storage_url)
        store.check()
        store.put(key, b"one", content_type="text/plain", if_absent=True)
        try:
            store.put(key, b"two", content_type="text/plain", if_absent=True)
        except ObjectExists:
            return Finding("storage", "ok", f"{shown} stores, and never overwrites when asked not to")
        finally:
            store.delete([key])
    except CdnError as error:
        return Finding("storage", "problem", f"{shown}: {error}", mend)
    return Finding(
        "storage", "problem", f"{shown} ignores If-None-Match, so two workers could overwrite each other",
        "use a store that honours conditional writes (SeaweedFS, Ceph, AWS S3)",
    )  # fmt: skip


def check_database(settings: Settings) -> Finding:
    """It answers and has this version's schema."""
    shown = _without_password(settings.database_url)
    sessions = open_sessions(settings.database_url)
    try:
        if settings.database_url.startswith("sqlite") and not Path(sessions.engine.url.database or "").exists():
            return Finding("database", "warning", f"{shown} is not there yet", "sabaq migrate makes it")
        with translated():
            require_current_schema(sessions.engine)
    except DatabaseUnavailable as error:
        mend = "see that it runs and that SABAQ_DATABASE_URL names it with the right password"
        return Finding("database", "problem", f"{shown} does not answer: {error.__cause__ or error}", mend)
    except SchemaOutdated as error:
        return Finding("database", "problem", f"{shown}: {error}", "sabaq migrate")
    finally:
        sessions.engine.dispose()
    return Finding("database", "ok", f"{shown} answers, its schema is current")


def check_broker(settings: Settings) -> Finding:
    shown = _without_password(settings.broker_url)
    if queueing.broker_answers(queueing.celery_app(settings.broker_url, lease_s=settings.transcoder.lease_s)):
        return Finding("broker", "ok", f"{shown} answers")
    return Finding(
        "broker", "problem", f"{shown} does not answer; uploads are accepted and wait",
        "see that the broker runs and that SABAQ_BROKER_URL names it",
    )  # fmt: skip


def check_secrets(settings: Settings) -> Finding:
    folder = settings.secrets
    if not folder.is_dir():
        return findings.secrets_finding(str(folder), modes={})
    places = {".": folder, **{path.name: path for path in folder.iterdir() if path.is_file()}}
    modes = {name: stat.S_IMODE(path.stat().st_mode) for name, path in places.items()}
    return findings.secrets_finding(str(folder), modes=modes)


def check_service(settings: Settings) -> Finding:
    """The service itself answers: what a container's health check asks."""
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104  # not listening
    if answers(f"http://{host}:{settings.port}/healthz", statuses=range(200, 201)):
        return Finding("service", "ok", f"answers on port {settings.port}")
    return Finding("service", "problem", f"no answer on port {settings.port}", "start it: sabaq serve, or make demo")


def check_port(settings: Settings) -> Finding:
    """The port is free for us, or we have it already."""
    address = f"{settings.host}:{settings.port}"
    is_ours = check_service(settings).verdict == "ok"
    return findings.port_finding(address, is_ours=is_ours, is_free=not is_ours and _is_free(settings))


def check_ladder(settings: Settings) -> Finding:
    """Which policy decides how lessons are encoded; a bad file has stopped us before."""
    return findings.ladder_finding(settings.transcoder.policy, file=str(settings.ladder or ""))


def _is_free(settings: Settings) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            return False
        return True


def check_clock(settings: Settings) -> Finding:
    """Against the store's clock, which in a cluster is another machine's."""
    key = f"doctor/{uuid4()}"
    try:
        store = open_store(settings.storage_url)
        before = datetime.now(UTC)
        store.put(key, b"clock", content_type="text/plain")
        difference = before - store.head(key).modified_at
        store.delete([key])
    except CdnError:
        return Finding("clock", "ok", "not compared, because the store does not answer")
    return findings.clock_finding(difference / timedelta(seconds=1), other="store's clock")


def _without_password(url: str) -> str:
    """Fit to be shown: an address without its user and password, and without its query."""
    return re.sub(r"//[^/@]*@", "//", url).split("?")[0]


CHECKS: Mapping[str, Callable[[Settings], Finding]] = {
    "python": check_python,
    "tools": check_tools,
    "disk": check_disk,
    "secrets": check_secrets,
    "database": check_database,
    "broker": check_broker,
    "storage": check_storage,
    "clock": check_clock,
    "port": check_port,
    "service": check_service,
    "ladder": check_ladder,
}
EVERYDAY = tuple(name for name in CHECKS if name != "service")
"""`service` is asked for by name: before the first start it must not answer yet."""
