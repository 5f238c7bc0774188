"""What a report's page shows. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from transcoder.explain import Passage
from transcoder.loudness import SoundReport
from transcoder.media import AudioRendition, Made, Plan, VideoRendition
from transcoder.playlists import variant_rate
from transcoder.reporting.charts import Curve, Dot, Span
from transcoder.reporting.material import Material, Score
from transcoder.reporting.peers import PEERS, TYPICAL, Peer
from transcoder.reporting.scoring import PeerPoint
from transcoder.reporting.snapshots import Moment

LESSON_S = 45 * 60
MEGABYTE = 1_000_000
FAMILY_NAMES = {"avc": "Sabaq, H.264 + AAC", "av1": "Sabaq, AV1 + Opus"}


@dataclass(frozen=True, slots=True)
class Row:
    """A rung as a pupil gets it: with its sound."""

    rung: VideoRendition
    average_kbps: float
    peak_kbps: float
    bytes: int
    score: Score | None

    @property
    def vmaf(self) -> float | None:
        """Measured, else what the analysis expects."""
        if self.score:
            return self.score.mean
        return self.rung.why.vmaf if self.rung.why else None

    @property
    def megabytes_per_lesson(self) -> float:
        """Of 45 minutes."""
        return self.average_kbps * LESSON_S / 8 / 1000


@dataclass(frozen=True, slots=True)
class Report:
    """Everything on the page, in one language only what people say."""

    title: str
    plan: Plan
    passages: Sequence[Passage]
    rows: Sequence[Row]
    curves: Sequence[Curve]
    peers_measured: bool
    strips: Sequence[tuple[VideoRendition | AudioRendition, Sequence[Span]]]
    moments: Sequence[Moment]
    sounds: Sequence[SoundReport]


def rows_of(material: Material, scores: dict[str, Score]) -> list[Row]:
    return [_row(material, rung, scores.get(rung.name)) for rung in material.plan.video]


def _row(material: Material, rung: VideoRendition, score: Score | None) -> Row:
    rate = variant_rate(material.plan, rung, material.made)
    size = sum(item.bytes for name in (rung.name, rung.sound) if name for item in material.made[name])
    return Row(rung, rate.average_bps / 1000, rate.peak_bps / 1000, size, score)


def our_curves(rows: Sequence[Row]) -> list[Curve]:
    curves = []
    for family, name in FAMILY_NAMES.items():
        dots = tuple(
            Dot(row.rung.name, row.average_kbps, row.vmaf)
            for row in rows
            if row.rung.family == family and row.vmaf is not None
        )
        if dots:
            curves.append(Curve(name, family, dots))
    return curves


def measured_peers(plan: Plan, points: Sequence[PeerPoint]) -> list[Curve]:
    figures = {peer: [(one.height, one.video_kbps, one.vmaf) for one in points if one.peer == peer] for peer in PEERS}
    return [_peer(plan, peer, found) for peer, found in figures.items() if found]


def typical_peers(plan: Plan) -> list[Curve]:
    """Of the kind that most of the lesson is; none where nothing is known of that kind."""
    kinds = plan.analysis.kinds if plan.analysis else ()
    figures = TYPICAL.get(kinds[0][0], {}) if kinds else {}
    height = plan.source.video.height if plan.source.video else 0
    return [
        _peer(plan, peer, [figure for figure in figures[peer.name] if figure[0] <= height])
        for peer in PEERS
        if peer.name in figures
    ]


def _peer(plan: Plan, peer: Peer, figures: Sequence[tuple[int, float, float]]) -> Curve:
    """With the sound that the peer adds, as ours are with theirs."""
    sound_kbps = peer.audio_kbps if plan.source.audio else 0
    dots = tuple(Dot(f"{height}p", kbps + sound_kbps, vmaf) for height, kbps, vmaf in figures)
    return Curve(peer.name, peer.name.lower(), dots)


def spans_of(segments: Sequence[Made]) -> list[Span]:
    return [
        Span(float(item.start_s), float(item.duration_s), float(item.bytes * 8 / 1000 / item.duration_s))
        for item in segments
        if item.duration_s > 0
    ]
