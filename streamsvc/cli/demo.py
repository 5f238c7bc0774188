"""`sabaq demo`: the whole system on this machine, with a lesson that plays."""

import argparse
import json
import time
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from streamsvc.cli import terminal_language
from streamsvc.demo import starting
from streamsvc.demo.client import Client
from streamsvc.demo.display import Display
from streamsvc.demo.run import Demo, Wishes, bring_up, media_of, show_encoding
from streamsvc.errors import PartNotStarted
from streamsvc.instance import stop

NAME = "demo"
HELP = "Set up and run everything on this machine, with a sample lesson or your own file."
EXAMPLES = """examples:
  sabaq demo                          until Ctrl-C
  sabaq demo --lesson algebra.mp4     with a lesson of your own
  sabaq demo --detach                 prints one JSON object and leaves the system running
  sabaq demo --stop                   ends it"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lesson", type=Path, metavar="FILE", help="video or sound to upload instead of the sample")
    parser.add_argument("--port", type=int, help="port of the service (default: SABAQ_PORT or 8080)")
    parser.add_argument("--var", type=Path, help="where everything lives (default: SABAQ_VAR or ./var)")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--detach", action="store_true", help="return once the lesson plays; JSON on stdout")
    choice.add_argument("--stop", action="store_true", help="end the system that runs, and all its processes")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    settings = _settings(args, environ)
    console = Console(stderr=True)
    var = Path(settings["SABAQ_VAR"])
    if args.stop:
        console.print("Stopped." if stop(var) else "Nothing was running.")
        return 0
    wishes = Wishes(
        settings=settings,
        environment={name: value for name, value in environ.items() if not name.startswith("SABAQ_")},
        lesson=args.lesson,
        attached=not args.detach,
        language=terminal_language(environ),
    )
    with Display(console) as shown:
        try:
            demo = bring_up(wishes, shown)
        except PartNotStarted as error:
            shown.say(str(error))  # the end of its log, so that nobody has to look for it
            raise
        if args.detach:
            print(json.dumps(demo.as_json(), ensure_ascii=False))
            return 0
        try:
            return _stay(demo, shown, var, wishes.language)
        except KeyboardInterrupt:
            if demo.started_here:
                shown.say("Stopping …")
                stop(var)
                shown.say("Stopped.")
            return 0


def _settings(args: argparse.Namespace, environ: Mapping[str, str]) -> dict[str, str]:
    settings = {name: value for name, value in environ.items() if name.startswith("SABAQ_")}
    given = {"SABAQ_VAR": args.var, "SABAQ_PORT": args.port}
    settings |= {name: str(value) for name, value in given.items() if value is not None}
    # The sign-in link would be an open door on any other address.
    settings |= {"SABAQ_DEMO": "1", "SABAQ_HOST": "127.0.0.1"}
    settings["SABAQ_VAR"] = str(Path(settings.get("SABAQ_VAR", "var")).expanduser().absolute())
    return settings


def _introduce(demo: Demo, shown: Display, var: Path) -> None:
    """The address first: that is what a person is waiting for."""
    shown.say(f"\nOpen this and watch the lesson as a pupil:\n\n    {demo.url}\n")
    shown.say(f"Sign in as somebody else at {demo.run.url}/ :\n")
    for account in demo.state.accounts:
        shown.say(f"    {account.role:<8} login {account.login:<13} password {account.password}")
    shown.say(f"\nEverything lives in {var}; logs are in {var / 'log'}.\n")


def _stay(demo: Demo, shown: Display, var: Path, language: str) -> int:
    """Show the rest of the encoding, then wait for Ctrl-C. Raises PartNotStarted when the system ends by itself."""
    _introduce(demo, shown, var)
    if not demo.started_here:
        shown.say("It runs on in the background; `make demo-stop` ends it.")
        return 0
    client = Client(demo.api, demo.state.account("teacher").token, language)
    watching = True
    while starting.running(var) is not None:
        media = media_of(client, demo.lesson_id) if watching else None
        if media is not None:
            show_encoding(shown, media)
            watching = media["state"] in {"waiting", "encoding"}
            if not watching:
                shown.say(media["error"]["message"] if media["error"] else "The lesson is complete.")
                shown.say("Press Ctrl-C to stop.")
        time.sleep(0.5)
    raise PartNotStarted("the supervisor ended", name="supervisor", log=var / "log" / "supervisor.log")
