"""All figures on a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.ladders.judging import Measured, Verdict, deltas, ours_name
from transcoder.policy import CpuClass

COLUMNS = 132


def show(
    rows: Sequence[Mapping[str, Any]],
    found: Sequence[Measured],
    verdicts: Sequence[Verdict],
    *,
    cpus: Sequence[CpuClass],
    peers: Sequence[str],
) -> None:
    console = Console()
    console.width = max(console.width, COLUMNS)
    console.print(_rungs(rows))
    if cpus:
        console.print(_deltas(rows, found, cpus, peers))
        console.print(_verdicts(verdicts))


def _rungs(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table("clip", "ladder", "rung", "size", title="Every rung")
    for heading in ("CRF", "video kbit/s", "total kbit/s", "BANDWIDTH", "VMAF", "5 %", "expected"):
        table.add_column(heading, justify="right")
    for row in rows:
        for peer, rungs in row["peers"].items():
            for rung in rungs:
                table.add_row(row["clip"], peer, rung["name"], "", "", *_rates(rung), "", *_quality(rung), "")
        for cpu, ladder in row["ours"].items():
            for rung in ladder["rungs"]:
                expected = "" if rung["expected_vmaf"] is None else f"{rung['expected_vmaf']:.1f}"
                size = f"{rung['width']}x{rung['height']}" + (" still" if rung["frame_step"] > 1 else "")
                ours = [row["clip"], cpu, rung["name"], size, str(rung["crf"]), *_rates(rung)]
                table.add_row(*ours, f"{rung['bandwidth']:,}", *_quality(rung), expected)
        table.add_section()
    return table


def _rates(rung: Mapping[str, Any]) -> tuple[str, str]:
    return f"{rung['score']['kbps']:.1f}", f"{rung['total_kbps']:.1f}"


def _quality(rung: Mapping[str, Any]) -> tuple[str, str]:
    return f"{rung['score']['vmaf']:.1f}", f"{rung['score']['low']:.1f}"


def _deltas(
    rows: Sequence[Mapping[str, Any]], found: Sequence[Measured], cpus: Sequence[CpuClass], peers: Sequence[str]
) -> Table:
    """One line for each clip and class; CPU of the whole `sabaq transcode`, both families."""
    table = Table("clip", "kind", "class", title="BD-rate of the video, %")
    pairs = [(family, peer) for family in ("avc", "av1") for peer in peers]
    for family, peer in pairs:
        table.add_column(f"{family} / {peer}", justify="right")
    table.add_column("CPU s per s", justify="right")
    for row, measured in zip(rows, found, strict=True):
        for cpu in cpus:
            figures = [deltas(measured, ladder=ours_name(cpu, family), peer=peer) for family, peer in pairs]
            spent = row["ours"][cpu]["cpu_s"] / row["duration_s"]
            table.add_row(measured.clip, measured.kind, cpu, *map(_per_cent, figures), f"{spent:.2f}")
    return table


def _per_cent(value: float | None) -> str:
    return "–" if value is None else f"{value:+.1f}"


def _verdicts(verdicts: Sequence[Verdict]) -> Table:
    table = Table("item", "what", title="Limits and goals")
    for heading in ("figure", "limit", ""):
        table.add_column(heading, justify="right")
    table.add_column("note")
    for verdict in verdicts:
        sign = "≤" if verdict.at_most else "≥"
        value = "–" if verdict.value is None else f"{verdict.value:,.6g}"
        state = "kept" if verdict.kept else "BROKEN" if verdict.binding else "missed"
        what = verdict.what if verdict.binding else f"({verdict.what})"
        table.add_row(verdict.item, what, value, f"{sign} {verdict.limit:,.6g}", state, verdict.note)
    return table
