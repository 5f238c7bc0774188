"""
`sabaq`: one command, each subcommand a module of this package, imported only when it is asked for.

A subcommand module exposes `NAME`, `HELP` (one line), `add_arguments(parser)` and `run(args, environ) -> int`.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import ModuleType

import catalog.errors as catalog_errors
import cdn.errors as cdn_errors
import streamsvc.errors as service_errors
import transcoder.errors as transcoder_errors
from streamsvc.texts import LANGUAGES, load_texts

OurError = (
    catalog_errors.CatalogError
    | cdn_errors.CdnError
    | service_errors.StreamsvcError
    | transcoder_errors.TranscoderError
)
ROOTS = (
    catalog_errors.CatalogError,
    cdn_errors.CdnError,
    service_errors.StreamsvcError,
    transcoder_errors.TranscoderError,
)
BAD_INPUT = (
    catalog_errors.CatalogError,
    cdn_errors.BadStorageUrl,
    service_errors.BadRequest,
    service_errors.BadSetting,
    service_errors.BackupUnusable,
    service_errors.TargetNotEmpty,
    service_errors.PortTaken,
    service_errors.LessonFileUnusable,
    transcoder_errors.BadSource,
    transcoder_errors.PolicyInvalid,
    transcoder_errors.TreeUnreadable,
    transcoder_errors.NothingToRenew,
)
"""What the caller can mend by calling differently: exit 2."""
FINDINGS = (catalog_errors.AuditBroken, catalog_errors.AuditHeadLost)
"""What a command was asked to look for, and found: exit 1."""

COMMANDS = {
    "serve": "run the web service",
    "worker": "run an encoding worker",
    "demo": "set up and run everything on this machine",
    "doctor": "say what is missing or misconfigured, and how to mend it",
    "user": "add people, set passwords, give tokens",
    "upload": "upload a file as a lesson",
    "transcode": "turn a file into an HLS tree, without a server",
    "plan": "say which rungs a file would get, and why",
    "report": "write a page about what was made of a lesson",
    "ladder": "explain a ladder's policy file",
    "reencode": "encode published lessons anew after today's plan",
    "migrate": "bring the database to this version's schema",
    "backup": "save the database and the store",
    "restore": "bring a backup back",
    "trace": "export viewing statements",
    "audit": "read and verify the log of who did what",
}

EPILOG = """examples:
  sabaq transcode lesson.mp4 ./out      a file and no server
  sabaq doctor                          what is missing here?
  sabaq migrate && sabaq serve          the service
  sabaq worker                          an encoding worker

Settings come from SABAQ_… variables; docs/operations.md lists them. `sabaq COMMAND --help` tells more."""


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """Entry point. Exit 0 done, 2 bad usage or input, 1 our fault."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    values = dict(os.environ) if environ is None else dict(environ)
    parser = _parser(given)
    args = parser.parse_args(given)
    module: ModuleType = args.module
    try:
        return int(module.run(args, values))
    except KeyboardInterrupt:
        return 130
    except ROOTS as error:
        print(f"sabaq: {explain(error, values)}", file=sys.stderr)
        return 2 if isinstance(error, BAD_INPUT) and not isinstance(error, FINDINGS) else 1
    except OSError as error:
        if error.filename is None:
            raise
        # A file or folder that cannot be used is the operator's to mend; a traceback would not say more.
        print(f"sabaq: {error}", file=sys.stderr)
        return 1


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """All names are listed; only the module of the named one is imported."""
    parser = argparse.ArgumentParser(
        prog="sabaq",
        description="Sabaq: lessons that reach every pupil.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    chosen = next((word for word in given if not word.startswith("-")), None)
    for name, summary in COMMANDS.items():
        sub = commands.add_parser(name, help=summary, formatter_class=argparse.RawDescriptionHelpFormatter)
        if name == chosen:
            module = import_module(f"{__name__}.{name}")
            sub.description = module.HELP
            sub.epilog = getattr(module, "EXAMPLES", None)
            sub.set_defaults(module=module)
            module.add_arguments(sub)
    return parser


def explain(error: OurError, environ: Mapping[str, str]) -> str:
    """One readable line in the person's language, with the code that never changes."""
    chosen = terminal_language(environ)
    texts = load_texts()
    sentence = texts.error(error.code, chosen, error.params) if error.code in texts.errors else str(error)
    return f"{sentence} [{error.code}]"


def terminal_language(environ: Mapping[str, str]) -> str:
    """The language of a terminal (POSIX: LC_ALL before LC_MESSAGES before LANG); English when none of ours is set."""
    locale = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    language = locale.split(".")[0].split("_")[0].lower()
    return language if language in LANGUAGES else "en"
