"""`sabaq worker`: an encoding worker."""

import argparse
import os
from collections.abc import Mapping

from streamsvc.settings import settings_from
from streamsvc.telemetry import configure_logging
from streamsvc.worker import run_worker

NAME = "worker"
HELP = (
    "Run an encoding worker: takes what waits in the database, best first. "
    "On SIGTERM and SIGINT a running task is handed back at once."
)
EXAMPLES = """examples:
  sabaq worker
  sabaq worker --slots 4
  SABAQ_BROKER_URL=amqp://sabaq@broker// SABAQ_DATABASE_URL=postgresql+psycopg://sabaq@db/sabaq sabaq worker"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--slots", type=int, help="tasks at once (default: SABAQ_WORKER_CONCURRENCY, else one for each core)"
    )


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    given = {"SABAQ_WORKER_CONCURRENCY": str(args.slots)} if args.slots is not None else {}
    settings = settings_from({**environ, **given}, cores=os.cpu_count() or 1)
    configure_logging()
    return run_worker(settings, slots=max(1, settings.worker_concurrency))
