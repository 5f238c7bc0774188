"""Look into a source with ffprobe: what it is, how long it lasts, and whether we can make a lesson of it."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from transcoder.completeness import require_whole
from transcoder.errors import (
    BadSource,
    SourceNotMedia,
    SourceTooLarge,
    SourceTooLong,
    SourceTooShort,
    SourceTruncated,
    SourceUnsupported,
    WorkspaceFull,
)
from transcoder.listening import (
    Listener,
    Summary,
    Window,
    beginning,
    heard,
    listen_command,
    lone_channel,
    parse_summary,
    windows,
)
from transcoder.report import (
    WITHOUT_PICTURE_TIMES,
    Claim,
    Json,
    Packet,
    first_pictures_command,
    head_and_tail,
    packets_command,
    parse_first_picture,
    parse_packet,
    parse_streams,
    pick_streams,
    streams_command,
)
from transcoder.runner import Finished, Limits, nobody_cancels, run
from transcoder.settings import TranscoderSettings
from transcoder.sniff import HEAD_BYTES, demuxer_for
from transcoder.source import AudioTrack, Source, VideoTrack
from transcoder.tools import find_tools
from transcoder.tracks import assemble, audio_track, video_track

SHORTEST_S = 0.1
SEEN_WITHIN_S = 1.0
PROBE_LIMITS = Limits(wall_s=300.0, cpu_s=300, file_bytes=0)

NOT_LISTED = re.compile(r"Codec \(([\w-]+)\) not on whitelist")
PARTIAL_FILE = ": partial file"
TOO_MANY_PIXELS = "exceeds specified max pixel count"
# What the tools say, and what it means; their exit codes do not tell one cause from another.
COMPLAINTS: dict[str, type[BadSource]] = {
    "moov atom not found": SourceTruncated,
    "max_streams": SourceTooLarge,
    "Invalid data found": SourceNotMedia,
}


def probe(path: Path, *, settings: TranscoderSettings, cancelled: Callable[[], bool] = nobody_cancels) -> Source:
    """
    Find out what `path` holds.

    Raises the kinds of BadSource, each with its code; EncodeCancelled; ToolMissing.
    """
    size, demuxer = _recognise(path, settings)
    streams, claim = parse_streams(_ask(streams_command(find_tools().ffprobe, path, demuxer), cancelled))
    if not streams:
        raise SourceTooShort("a recording of nothing: the container has no tracks")
    video, audio = pick_streams(streams)
    if video is None and audio is None:
        raise SourceNotMedia("neither pictures nor sound")
    packets = _packets(path, demuxer, [stream for stream in (video, audio) if stream], claim, cancelled)
    if not packets:
        raise SourceTooShort("the tracks are empty")
    source = assemble(
        size,
        demuxer,
        _seen(path, demuxer, video, _of(packets, video), cancelled) if video and _of(packets, video) else None,
        _listened(path, demuxer, audio, _of(packets, audio), cancelled) if audio and _of(packets, audio) else None,
    )
    _require_length(source, settings)
    return source


def _recognise(path: Path, settings: TranscoderSettings) -> tuple[int, str]:
    size = path.stat().st_size
    if size > settings.max_source_bytes:
        raise SourceTooLarge("more bytes than the limit", bytes=size, limit_bytes=settings.max_source_bytes)
    with path.open("rb") as file:
        demuxer = demuxer_for(file.read(HEAD_BYTES))

        def read(offset: int, length: int) -> bytes:
            file.seek(offset)
            return file.read(length)

        require_whole(demuxer, size, read)
    return size, demuxer


def _ask(command: list[str], cancelled: Callable[[], bool], on_line: Callable[[str], None] | None = None) -> str:
    lines: list[str] = []
    _require_well(run(command, limits=PROBE_LIMITS, cancelled=cancelled, on_line=on_line or lines.append))
    return "\n".join(lines)


def _require_well(finished: Finished) -> None:
    if TOO_MANY_PIXELS in finished.complaint:
        # ffprobe goes on with a picture of size nought, and ends well.
        raise SourceTooLarge("a picture has too many pixels")
    if PARTIAL_FILE in finished.complaint:
        # The index names bytes behind the end, which the outermost boxes did not tell.
        raise SourceTruncated("the file ends before its index says")
    if finished.ok:
        return
    if "No space left" in finished.complaint:
        raise WorkspaceFull("no room to look into the source")
    refused = NOT_LISTED.search(finished.complaint)
    if refused:
        raise SourceUnsupported(f"no decoder for {refused[1]}", codec=refused[1][:32])
    cause = next((kind for words, kind in COMPLAINTS.items() if words in finished.complaint), BadSource)
    raise cause(finished.complaint[:300] or f"the probe ended with {finished.returncode}")


def _packets(
    path: Path, demuxer: str, streams: list[Json], claim: Claim | None, cancelled: Callable[[], bool]
) -> list[Packet]:
    """From both ends where that tells all; a file without a duration, or with odd ends, is read as a whole."""
    found = _scan(path, demuxer, head_and_tail(claim), cancelled)
    if claim and not all(_reaches_end(_of(found, stream), claim) for stream in streams):
        found = _scan(path, demuxer, "", cancelled)
    return found


def _scan(path: Path, demuxer: str, intervals: str, cancelled: Callable[[], bool]) -> list[Packet]:
    found: list[Packet] = []

    def on_line(line: str) -> None:
        packet = parse_packet(line)
        if packet:
            found.append(packet)

    _ask(packets_command(find_tools().ffprobe, path, demuxer, intervals=intervals), cancelled, on_line)
    return found


def _reaches_end(packets: list[Packet], claim: Claim) -> bool:
    """Whether the tail showed a stream: a track that ends early, or a lying header, was not seen to its end."""
    last_s = max((packet.end_s for packet in packets), default=claim.start_s)
    return last_s >= claim.start_s + claim.duration_s - SEEN_WITHIN_S


def _of(packets: list[Packet], stream: Json | None) -> list[Packet]:
    wanted = -1 if stream is None else int(stream["index"])
    return [packet for packet in packets if packet.stream == wanted]


def _seen(path: Path, demuxer: str, stream: Json, packets: list[Packet], cancelled: Callable[[], bool]) -> VideoTrack:
    if demuxer not in WITHOUT_PICTURE_TIMES:
        return video_track(stream, packets)
    command = first_pictures_command(find_tools().ffprobe, path, demuxer, int(stream["index"]))
    return video_track(stream, packets, first_picture_s=parse_first_picture(_ask(command, cancelled)))


def _listened(
    path: Path, demuxer: str, stream: Json, packets: list[Packet], cancelled: Callable[[], bool]
) -> AudioTrack:
    """The sound, and what it sounds like; heard again where only one channel of it is worth hearing."""
    track = audio_track(stream, packets)
    for places in (windows(track), beginning(track)):
        heard_so = _heard(path, demuxer, track, places, cancelled)
        if heard_so is None:
            continue
        alone = lone_channel(heard_so[1].channels_db)
        if alone is not None:
            track = replace(track, lone_channel=alone)
            heard_so = _heard(path, demuxer, track, places, cancelled) or heard_so
        return replace(track, heard=heard(*heard_so))
    return track


def _heard(
    path: Path, demuxer: str, track: AudioTrack, places: list[Window], cancelled: Callable[[], bool]
) -> tuple[Listener, Summary] | None:
    listener = Listener()
    command = listen_command(find_tools().ffmpeg, path, demuxer, track, places)
    finished = run(command, limits=PROBE_LIMITS, cancelled=cancelled, on_line=listener.on_line)
    summary = parse_summary(finished.complaint, channels=track.channels) if finished.ok else None
    return (listener, summary) if summary else None


def _require_length(source: Source, settings: TranscoderSettings) -> None:
    if source.duration_s < SHORTEST_S:
        raise SourceTooShort(f"{source.duration_s:.3f} s of media")
    if source.duration_s > settings.max_duration_s:
        raise SourceTooLong(
            f"{source.duration_s:.0f} s of media",
            duration_s=round(source.duration_s),
            limit_s=round(settings.max_duration_s),
            duration_h=f"{source.duration_s / 3600:.1f}",
            limit_h=f"{settings.max_duration_s / 3600:g}",
        )
