"""`sabaq serve`: the web service."""

import argparse
import asyncio
import logging
import signal
from collections.abc import Mapping

import uvloop

from streamsvc.app import build_app, start
from streamsvc.cli.opened import opened_sessions
from streamsvc.errors import BadSetting
from streamsvc.settings import LOOPBACK, Settings, settings_from
from streamsvc.telemetry import configure_logging

log = logging.getLogger(__name__)

NAME = "serve"
HELP = "Run the web service: uploads, playback, pages and the API. Stops gracefully on SIGTERM and SIGINT."
EXAMPLES = """examples:
  sabaq migrate && sabaq serve
  SABAQ_PORT=9000 SABAQ_VAR=/srv/sabaq sabaq serve
  SABAQ_DATABASE_URL=postgresql+psycopg://sabaq@db/sabaq SABAQ_HOST=0.0.0.0 \\
    SABAQ_PUBLIC_URL=https://sabaq.example.kz sabaq serve"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address to listen on (default: SABAQ_HOST or 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (default: SABAQ_PORT or 8080)")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    given = {"SABAQ_HOST": args.host, "SABAQ_PORT": str(args.port) if args.port is not None else None}
    values = {**environ, **{name: value for name, value in given.items() if value}}
    settings = settings_from(values)
    if settings.host not in LOOPBACK and not values.get("SABAQ_PUBLIC_URL"):
        # Playback addresses are absolute: with 0.0.0.0 in them no pupil could watch.
        raise BadSetting("no public address", name="SABAQ_PUBLIC_URL", reason="it must say how people reach SABAQ_HOST")
    with opened_sessions(values):
        # The service refuses an old schema here, with the command to run, instead of failing request by request.
        pass
    configure_logging()
    uvloop.run(serve(settings))
    return 0


async def serve(settings: Settings) -> None:
    """Serve until a signal asks to stop; running requests end first."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    app = build_app(settings)
    try:
        runner = await start(app, host=settings.host, port=settings.port)
    except OSError as exc:
        raise BadSetting(
            str(exc), name="SABAQ_PORT", reason=f"{settings.host}:{settings.port}: {exc.strerror}"
        ) from exc
    log.info("listening", extra={"fields": {"url": settings.public_url}})
    try:
        await stop.wait()
        log.info("stopping")
    finally:
        await runner.cleanup()
