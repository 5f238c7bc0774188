"""What operators see: JSON logs without secrets or line breaks, and Prometheus metrics."""

import json
import logging
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

LONGEST_VALUE = 300
"""Characters of one value in a log line: what people send us must not fill the disk."""


class JsonFormatter(logging.Formatter):
    """
    One JSON object in one line of ASCII.

    Line breaks, escape sequences and everything else that a client may send are escaped by JSON itself, so nobody
    can forge a line or colour a terminal.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": shorten(record.getMessage()),
        }
        fields = getattr(record, "fields", None)
        if isinstance(fields, dict):
            line.update({name: shorten(value) for name, value in fields.items()})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True, default=str)


def shorten(value: object) -> object:
    if isinstance(value, str) and len(value) > LONGEST_VALUE:
        return value[:LONGEST_VALUE] + "…"
    return value


def configure_logging(level: int = logging.INFO) -> None:
    """Send everything that this process logs to stderr, as JSON lines. For entry points."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("aiohttp.server").addFilter(without_raw_requests)
    # It would tell at each readiness check that it looked at the schema.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # A broker in a folder has no host, and kombu says so at each connection.
    logging.getLogger("kombu.connection").setLevel(logging.ERROR)
    # aiohttp's own access log would show whole paths, with the signed prefix in them.
    logging.getLogger("aiohttp.access").propagate = False


def without_raw_requests(record: logging.LogRecord) -> bool:
    """Keep a malformed request out of the log: aiohttp would quote it, with whatever token it holds."""
    kind = record.exc_info[0] if record.exc_info else None
    if kind is not None and kind.__module__ == "aiohttp.http_exceptions":
        record.exc_info, record.exc_text, record.levelno, record.levelname = None, None, logging.INFO, "INFO"
        record.msg, record.args = f"refused a malformed request: {kind.__name__}", ()
    return True


class Telemetry:
    """The metrics of one process. A registry of its own, so that two applications in one process do not clash."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        build = Gauge("sabaq_build_info", "Version of Sabaq", ["version"], registry=self.registry)
        build.labels(version("sabaq")).set(1)
        self.requests = Counter(
            "sabaq_http_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.request_durations = Histogram(
            "sabaq_http_request_duration_seconds",
            "Time until a request was answered; without live progress and bytes of uploads",
            ["method", "route", "status"],
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
            registry=self.registry,
        )
        self.upload_bytes = Counter("sabaq_upload_bytes", "Bytes taken in by uploads", registry=self.registry)
        self.playback_sessions = Counter("sabaq_playback_sessions", "Playback sessions started", registry=self.registry)
        self.viewing_events = Counter(
            "sabaq_viewing_events", "Viewing events received", ["outcome"], registry=self.registry
        )
        self.sign_ins = Counter("sabaq_sign_ins", "Sign-ins", ["outcome"], registry=self.registry)
        self.jobs = Gauge("sabaq_transcode_jobs", "Encoding jobs", ["state"], registry=self.registry)
        self.queue_age_s = Gauge(
            "sabaq_queue_age_seconds",
            "How long ago the oldest lesson began to wait that has work nobody does",
            registry=self.registry,
        )
        self.free_bytes = Gauge(
            "sabaq_free_bytes", "Free disk of this service, NaN if unknown", ["place"], registry=self.registry
        )
        self.upkeep_failures = Counter(
            "sabaq_upkeep_failures", "Background rounds that failed", ["task"], registry=self.registry
        )

    def page(self) -> tuple[bytes, str]:
        """The exposition and its media type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST
