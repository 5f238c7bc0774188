"""What an operator may set about encoding."""

from dataclasses import dataclass
from pathlib import Path

from transcoder.policy import DEFAULT_POLICY, Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscoderSettings:
    """Built once, in an entry point."""

    workspace: Path
    """Local copies of sources and half-made segments; safe to delete while no worker runs."""
    max_duration_s: float = 12 * 3600
    max_source_bytes: int = 64 * 1024**3
    lease_s: float = 60.0
    """How long a claimed task stays with a silent worker; renewed every third of it."""
    max_attempts: int = 3
    """Attempts of one task before it is quarantined."""
    threads: int = 1
    """x264 threads of one encode; workers in parallel use the cores."""
    task_limit_s: float = 1800.0
    """Wall clock of one task."""
    policy: Policy = DEFAULT_POLICY
    """Which rungs a lesson gets."""
    measured_segments: int = 4
    """Segments of every rung that are scored against the source after the publication; 0: none."""
    reserve_bytes: int = 512 * 1024**2
    """Free disk that a worker leaves alone."""
