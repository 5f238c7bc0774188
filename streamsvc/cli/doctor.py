"""`sabaq doctor`: what is missing or misconfigured, and how to mend it."""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from streamsvc.checkup.checks import CHECKS, EVERYDAY
from streamsvc.checkup.findings import Finding, good
from streamsvc.demo.tree import settings_of_running
from streamsvc.errors import BadSetting
from streamsvc.settings import settings_from

NAME = "doctor"
HELP = "Say what is missing or misconfigured here, and how to mend it. Exit 0 when Sabaq can run, 1 when not."
EXAMPLES = """examples:
  sabaq doctor
  sabaq doctor --only storage --only database
  sabaq doctor --json | jq '.checks[] | select(.verdict != "ok")'"""

COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--only", action="append", choices=list(CHECKS), metavar="CHECK", help=", ".join(CHECKS))


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    found = examine(environ, args.only or EVERYDAY)
    if args.json:
        print(json.dumps({"ok": good(found), "checks": [asdict(finding) for finding in found]}, ensure_ascii=False))
    else:
        Console().print(_table(found))
    return 0 if good(found) else 1


def examine(environ: Mapping[str, str], names: Sequence[str]) -> list[Finding]:
    """Every named check's answer. A running demo is examined with its own settings."""
    var = Path(environ.get("SABAQ_VAR") or "var")
    try:
        settings = settings_from({**settings_of_running(var), **environ})
    except BadSetting as error:
        mend = "docs/operations.md lists every setting; unset or correct this one"
        return [Finding("settings", "problem", str(error), mend)]
    return [CHECKS[name](settings) for name in names]


def _table(found: Sequence[Finding]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for finding in found:
        says = escape(finding.says) + (f"\n[bold]→ {escape(finding.mend)}[/bold]" if finding.mend else "")
        table.add_row(f"[{COLOURS[finding.verdict]}]{finding.verdict}[/]", finding.name, says)
    return table
