"""
A ministry's `ladder.toml`: every mistake in it is found at once, with its line and what to write instead. Pure.

Findings have codes, as errors do; the words for them are in the text catalogue (page `ladder`).
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from transcoder.errors import PolicyFinding, PolicyInvalid
from transcoder.policy import DECIDED, Policy, Target, policy_for
from transcoder.policy_values import Refused, reader_of

MATCHED = ("subject", "grades")

_HEADER = re.compile(r"\s*\[\[?\s*([\w-]+)\s*\]\]?")
_KEY = re.compile(r"""\s*["']?([\w-]+)["']?\s*=""")
_PLACE = re.compile(r"\(at line (\d+)")


def read_policy(text: str) -> Policy:
    """The policy that `text` (TOML) describes; what it does not name is as in the default. Raises PolicyInvalid."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise PolicyInvalid((_no_toml(str(exc), text),)) from exc
    reading = _Reading(_lines_of_keys(text))
    values = reading.decided("", {name: value for name, value in table.items() if name != "targets"}, ())
    targets = reading.targets(table.get("targets", []))
    if not reading.found:
        policy = Policy(**values, targets=targets)
        reading.together(policy)
        if not reading.found:
            return policy
    raise PolicyInvalid(tuple(sorted(reading.found, key=lambda one: (one.line, one.key))))


def _no_toml(complaint: str, text: str) -> PolicyFinding:
    place = _PLACE.search(complaint)
    line = int(place[1]) if place else len(text.splitlines())
    return PolicyFinding(line, "", "no_toml", {"detail": complaint.split(" (at ")[0]})


def _lines_of_keys(text: str) -> dict[str, int]:
    """Where each key stands, by the names that findings use; `tomllib` does not tell."""
    lines: dict[str, int] = {}
    prefix, targets = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header and not key:
            targets += header[1] == "targets"
            name = f"targets[{targets}]" if header[1] == "targets" else header[1]
            lines.setdefault(name, number)
            prefix = f"{name}."
        elif key:
            lines.setdefault(prefix + key[1], number)
    return lines


@dataclass(slots=True)
class _Reading:
    """Collects what is wrong, and goes on."""

    lines: Mapping[str, int]
    found: list[PolicyFinding] = field(default_factory=list)

    def wrong(self, key: str, code: str, **params: object) -> None:
        names = (key, key.split(".")[0], key.split("[")[0])
        line = next((self.lines[name] for name in names if name in self.lines), 0)
        self.found.append(PolicyFinding(line, key, code, params))

    def decided(self, prefix: str, table: Mapping[str, object], more: tuple[str, ...]) -> dict[str, Any]:
        """The values of a table whose keys are those of a policy and `more`."""
        values: dict[str, Any] = {}
        for name, value in table.items():
            try:
                values[name] = reader_of(name, (*DECIDED, *more))(value)
            except Refused as refused:
                self.wrong(prefix + name, refused.code, **refused.params)
        return values

    def targets(self, tables: object) -> tuple[Target, ...]:
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            self.wrong("targets", "targets_no_tables")
            return ()
        found = [self._target(f"targets[{number}]", table) for number, table in enumerate(tables, 1)]
        return tuple(target for target in found if target)

    def _target(self, name: str, table: Mapping[str, object]) -> Target | None:
        before = len(self.found)
        values = self.decided(f"{name}.", table, MATCHED)
        if len(self.found) > before:
            return None
        if not values.get("subject") and not values.get("grades"):
            self.wrong(name, "target_for_all")
        elif not set(values) - set(MATCHED):
            self.wrong(name, "target_without_change")
        return Target(**values)

    def together(self, policy: Policy) -> None:
        """What no value alone can tell."""
        written = next((name for name in ("lowest_height", "highest_height") if name in self.lines), "")
        self._heights(written, policy)
        for number, target in enumerate(policy.targets, 1):
            if target.lowest_height or target.highest_height:
                grade = target.grades[0] if target.grades else None
                alone = replace(policy, targets=(target,))
                self._heights(f"targets[{number}]", policy_for(alone, target.subject, grade))

    def _heights(self, key: str, policy: Policy) -> None:
        if policy.lowest_height > policy.highest_height:
            self.wrong(key, "heights_crossed", lowest=policy.lowest_height, highest=policy.highest_height)
