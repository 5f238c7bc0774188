"""`sabaq ladder`: what a policy file means, and what is wrong with it."""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from streamsvc.cli import terminal_language
from streamsvc.settings import settings_from
from streamsvc.texts import load_texts
from transcoder.errors import PolicyFinding, PolicyInvalid
from transcoder.ladder import lines_of
from transcoder.policy import DECIDED, Family, Policy, Target
from transcoder.policy_file import read_policy
from transcoder.presets import preset_for
from transcoder.sound import VOICE, sound_for, sound_peak_kbps

NAME = "ladder"
HELP = "Say what a ladder's policy means: which lines lessons are made for, with which codecs, at what cost."
EXAMPLES = """examples:
  sabaq ladder show                  the policy in force here (SABAQ_LADDER)
  sabaq ladder check ladder.toml     every mistake with its line, or what the file means
  sabaq ladder check ladder.toml --json

Exit 0 when the file can be used, 2 when not. transcoder/ladder.toml, the file that ships, explains each value."""

DONE, BAD_INPUT = 0, 2
LESSON_S = 45 * 60
COLUMNS = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    checking = actions.add_parser("check", help="explain every mistake in a file, or what it means")
    checking.add_argument("file", type=Path, metavar="FILE", help="a ladder.toml")
    showing = actions.add_parser("show", help="the policy in force")
    for action in (checking, showing):
        action.add_argument("--json", action="store_true", help="one JSON object on standard output")


def run(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    words = load_texts().about("ladder", terminal_language(environ))
    if args.action == "show":
        settings = settings_from(environ)
        heading = words["in_force"].format(file=settings.ladder) if settings.ladder else words["shipped"]
        return _show(settings.transcoder.policy, heading, words, as_json=args.json)
    try:
        policy = read_policy(args.file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        return _refuse([words["unreadable"].format(file=args.file, reason=error)], as_json=args.json)
    except PolicyInvalid as error:
        sentences = [said(finding, words) for finding in error.findings]
        mistakes = words["mistakes"].format(file=args.file, count=len(sentences))
        return _refuse(sentences if args.json else [mistakes, *sentences], as_json=args.json)
    return _show(policy, words["good"].format(file=args.file), words, as_json=args.json)


def said(finding: PolicyFinding, words: Mapping[str, str]) -> str:
    """One mistake: where it is, what is wrong, what to write instead."""
    place = "place_line" if finding.line and finding.key else "place_line_only" if finding.line else "place_key"
    params = {name: value if name in AS_IT_IS else _toml(value) for name, value in finding.params.items()}
    return f"{words[place].format(line=finding.line, key=finding.key)}: {words[finding.code].format(**params)}"


AS_IT_IS = frozenset({"detail", "known", "near"})


def _toml(value: object) -> str:
    """As it is written in the file; JSON's lists, texts and numbers are TOML's too."""
    return json.dumps(value, ensure_ascii=False, default=str)


def _refuse(sentences: Sequence[str], *, as_json: bool) -> int:
    print(json.dumps({"ok": False, "findings": sentences}, ensure_ascii=False) if as_json else "\n".join(sentences))
    return BAD_INPUT


def _show(policy: Policy, heading: str, words: Mapping[str, str], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"ok": True, "policy": asdict(policy)}, ensure_ascii=False))
        return DONE
    console = Console(highlight=False)
    console.width = max(console.width, COLUMNS)
    console.print(escape(heading))
    console.print(_table(policy, words))
    console.print(escape("\n".join(_sentences(policy, words))), soft_wrap=True)
    return DONE


def _table(policy: Policy, words: Mapping[str, str]) -> Table:
    columns = ["column_line", *(f"column_{family}" for family in policy.families), "column_size"]
    table = Table()
    for column in columns:
        table.add_column(words[column], justify="right")
    for line in policy.lines_kbps:
        shares = [_share(policy, family, line) for family in policy.families]
        table.add_row(str(line), *shares, f"{line * LESSON_S / 8 / 1000:.0f}")
    return table


def _share(policy: Policy, family: Family, line_kbps: int) -> str:
    """What is left of a line for the pictures beside a voice."""
    sound = sound_for(line_kbps, family, VOICE)
    if line_kbps not in lines_of(family, policy) or sound is None:
        return "–"
    peak_kbps = sound_peak_kbps(sound)
    return f"{line_kbps - peak_kbps:.0f} + {peak_kbps:.0f}"


def _sentences(policy: Policy, words: Mapping[str, str]) -> list[str]:
    presets = {family: preset_for(family, policy.cpu) for family in policy.families}
    cpu = words["cpu_class" if "av1" in presets else "cpu_class_avc"]
    return [
        cpu.format(cpu=policy.cpu, **presets),
        words["bounds"].format(
            gain=f"{policy.least_gain_vmaf:g}",
            ceiling=f"{policy.ceiling_vmaf:g}",
            lowest=policy.lowest_height,
            highest=policy.highest_height,
        ),
        *(_exception(number, target, words) for number, target in enumerate(policy.targets, 1)),
        words["per_lesson"],
    ]


def _exception(number: int, target: Target, words: Mapping[str, str]) -> str:
    whom = [words["whom_subject"].format(subject=target.subject)] if target.subject else []
    if target.grades:
        whom.append(words["whom_grades"].format(grades=", ".join(map(str, target.grades))))
    changed = {name: getattr(target, name) for name in DECIDED if getattr(target, name) is not None}
    changes = ", ".join(f"{name} = {_toml(value)}" for name, value in changed.items())
    return words["target"].format(number=number, whom=", ".join(whom), changes=changes)
