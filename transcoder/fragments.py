"""One moof box, read sample by sample (ISO/IEC 14496-12 section 8.8). Pure, over bytes."""

from collections.abc import Iterator
from dataclasses import dataclass

from transcoder.box_tree import Box, boxes, child, malformed, sint, uint

BASE_DATA_OFFSET, DESCRIPTION_INDEX = 0x000001, 0x000002
DEFAULT_DURATION, DEFAULT_SIZE, DEFAULT_FLAGS = 0x000008, 0x000010, 0x000020
DATA_OFFSET, FIRST_SAMPLE_FLAGS = 0x000001, 0x000004
SAMPLE_DURATION, SAMPLE_SIZE, SAMPLE_FLAGS, SAMPLE_OFFSET = 0x000100, 0x000200, 0x000400, 0x000800
NON_SYNC = 0x00010000
"""sample_is_non_sync_sample among a sample's flags (section 8.8.3.1)."""
MAX_SAMPLES = 100_000
"""More in one segment is the lie of a damaged count, not media."""


@dataclass(frozen=True, slots=True)
class SampleDefaults:
    """What trex or tfhd say for samples that do not say it themselves."""

    duration: int
    size: int
    flags: int


@dataclass(frozen=True, slots=True)
class Sample:
    duration: int
    size: int
    flags: int
    composition_offset: int


@dataclass(frozen=True, slots=True)
class MovieFragment:
    """A moof's samples, which lie one after the other from `data_start`. Times are in units of the timescale."""

    sequence: int
    track_id: int
    decode_time: int
    samples: tuple[Sample, ...]
    data_start: int

    @property
    def duration(self) -> int:
        return sum(sample.duration for sample in self.samples)

    @property
    def first_sample_end(self) -> int:
        return self.data_start + self.samples[0].size

    @property
    def sync(self) -> bool:
        return not self.samples[0].flags & NON_SYNC

    @property
    def earliest(self) -> int:
        """Presentation time of the sample that is shown first."""
        time, shown = self.decode_time, []
        for sample in self.samples:
            shown.append(time + sample.composition_offset)
            time += sample.duration
        return min(shown)


def movie_fragment(data: bytes, moof: Box, defaults: SampleDefaults) -> MovieFragment:
    """Read a moof with one traf whose samples lie together in one mdat; OutputInvalid for any other."""
    traf = child(data, moof, "traf")
    header, decode = child(data, traf, "tfhd"), child(data, traf, "tfdt")
    defaults = _track_defaults(data, header, defaults)
    runs = [box for box in boxes(data, traf.payload, traf.end) if box.kind == "trun"]
    samples = tuple(sample for run in runs for sample in _samples(data, run, defaults))
    if not samples:
        raise malformed("a fragment without samples")
    start = moof.start + _data_offset(data, runs)
    _check_data(data, start, start + sum(sample.size for sample in samples))
    sequence = child(data, moof, "mfhd")
    return MovieFragment(
        sequence=uint(data, sequence.payload + 4, 4, sequence.end),
        track_id=uint(data, header.payload + 4, 4, header.end),
        decode_time=uint(data, decode.payload + 4, 8 if uint(data, decode.payload, 1, decode.end) else 4, decode.end),
        samples=samples,
        data_start=start,
    )


def _track_defaults(data: bytes, header: Box, defaults: SampleDefaults) -> SampleDefaults:
    flags, offset = uint(data, header.payload + 1, 3, header.end), header.payload + 8
    if flags & BASE_DATA_OFFSET:
        raise malformed("a base data offset, which means nothing in a file of its own")
    offset += 4 if flags & DESCRIPTION_INDEX else 0
    values = []
    for flag, default in (
        (DEFAULT_DURATION, defaults.duration),
        (DEFAULT_SIZE, defaults.size),
        (DEFAULT_FLAGS, defaults.flags),
    ):
        values.append(uint(data, offset, 4, header.end) if flags & flag else default)
        offset += 4 if flags & flag else 0
    return SampleDefaults(*values)


def _samples(data: bytes, run: Box, defaults: SampleDefaults) -> Iterator[Sample]:
    version, flags = uint(data, run.payload, 1, run.end), uint(data, run.payload + 1, 3, run.end)
    count, offset = uint(data, run.payload + 4, 4, run.end), run.payload + 8
    if count > MAX_SAMPLES:
        raise malformed(f"{count} samples in one run")
    offset += 4 if flags & DATA_OFFSET else 0
    first_flags = uint(data, offset, 4, run.end) if flags & FIRST_SAMPLE_FLAGS else None
    offset += 4 if flags & FIRST_SAMPLE_FLAGS else 0
    for index in range(count):
        # Field by field, in the standard's order: each is there only if the run's flags say so.
        duration, size, sample_flags, composition = defaults.duration, defaults.size, defaults.flags, 0
        if flags & SAMPLE_DURATION:
            duration, offset = uint(data, offset, 4, run.end), offset + 4
        if flags & SAMPLE_SIZE:
            size, offset = uint(data, offset, 4, run.end), offset + 4
        if flags & SAMPLE_FLAGS:
            sample_flags, offset = uint(data, offset, 4, run.end), offset + 4
        if flags & SAMPLE_OFFSET:
            # Version 1 has signed offsets: pictures then start at 0 without an edit list.
            composition, offset = (sint if version else uint)(data, offset, 4, run.end), offset + 4
        if index == 0 and first_flags is not None:
            sample_flags = first_flags
        yield Sample(duration, size, sample_flags, composition)


def _data_offset(data: bytes, runs: list[Box]) -> int:
    first, *later = (uint(data, run.payload + 1, 3, run.end) & DATA_OFFSET for run in runs)
    if not first or any(later):
        raise malformed("samples that do not lie together behind their moof")
    return sint(data, runs[0].payload + 8, 4, runs[0].end)


def _check_data(data: bytes, start: int, end: int) -> None:
    if not any(box.kind == "mdat" and box.payload <= start and end <= box.end for box in boxes(data, 0, len(data))):
        raise malformed(f"samples at {start} to {end} lie in no mdat")
