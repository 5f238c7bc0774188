"""What a ministry decides about ladders: which lines to serve, with which codecs, at what cost. Pure."""

from dataclasses import dataclass, fields, replace
from typing import Any, Literal

Family = Literal["avc", "av1"]
"""Codecs that go together: H.264 with AAC-LC, which every device plays; AV1 with Opus, which needs half the bits."""
CpuClass = Literal["fast", "balanced", "small"]
"""How much CPU a lesson may cost, from little CPU and more bytes to much CPU and the fewest bytes."""

LINES_KBPS = (50, 64, 96, 128, 192, 300, 500, 900, 1800, 3000)
LOWEST_AVC_KBPS = 96
"""H.264 and AAC need this much for a picture in which a lesson can be followed; slower lines are left to AV1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is decided otherwise for some lessons. None leaves a value as it is for all."""

    subject: str = ""
    """As the catalogue names it; empty for every subject."""
    grades: tuple[int, ...] = ()
    """Empty for every grade."""
    lines_kbps: tuple[int, ...] | None = None
    families: tuple[Family, ...] | None = None
    cpu: CpuClass | None = None
    least_gain_vmaf: float | None = None
    ceiling_vmaf: float | None = None
    lowest_height: int | None = None
    highest_height: int | None = None

    def fits(self, subject: str | None, grade: int | None) -> bool:
        """A lesson that does not say its subject or grade is not meant by a target that names one."""
        of_subject = not self.subject or self.subject.casefold() == (subject or "").casefold()
        return of_subject and (not self.grades or grade in self.grades)


@dataclass(frozen=True, slots=True)
class Policy:
    """The defaults are the policy that ships."""

    lines_kbps: tuple[int, ...] = LINES_KBPS
    """Total peaks of the lines to serve, sound included, from low to high."""
    families: tuple[Family, ...] = ("avc", "av1")
    """`avc` is always among them: every device plays it."""
    cpu: CpuClass = "balanced"
    least_gain_vmaf: float = 2.0
    """A rung that adds less to the one below it is left out."""
    ceiling_vmaf: float = 95.5
    """The top rung stops here: more cannot be seen."""
    lowest_height: int = 240
    """Of the shorter side; no rung is smaller unless the source is."""
    highest_height: int = 1080
    """Of the shorter side; no rung is larger."""
    targets: tuple[Target, ...] = ()
    """Exceptions for some subjects and grades, in the order in which they were written."""


DEFAULT_POLICY = Policy()

DECIDED = tuple(field.name for field in fields(Policy) if field.name != "targets")
"""What a policy decides for all lessons, and a target for some."""


def policy_for(policy: Policy, subject: str | None = None, grade: int | None = None) -> Policy:
    """
    What holds for one lesson: every target that fits it changes what it names, a later one over an earlier one.

    The answer has no targets, so that a plan changes only with what was decided for its own lesson.
    """
    changes: dict[str, Any] = {}
    for target in policy.targets:
        if target.fits(subject, grade):
            named = {name: getattr(target, name) for name in DECIDED}
            changes.update({name: value for name, value in named.items() if value is not None})
    return replace(policy, **changes, targets=())
