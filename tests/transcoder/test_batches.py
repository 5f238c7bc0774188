from dataclasses import replace

from tests.transcoder.rungs import rung
from tests.transcoder.sources import planned, video
from transcoder.batches import batches
from transcoder.runner import GIB, Limits

LARGE = tuple(rung(f"av1-{line}", 1920, 1080, family="av1", preset="5") for line in (3000, 1800, 900, 500, 300))
WHOLE_LADDER = tuple(rung(f"avc-{line}", 1920, 1080) for line in (3000, 1800, 900, 500, 300, 192, 128, 96))


def test_the_whole_ladder_of_the_default_classes_is_one_process():
    """
    Each further process would decode once more.
    """
    memory_bytes = Limits().memory_bytes

    assert batches(planned(), WHOLE_LADDER, memory_bytes=memory_bytes) == (WHOLE_LADDER,)


def test_what_memory_cannot_hold_is_encoded_in_turn():
    assert batches(planned(), LARGE, memory_bytes=4 * GIB) == (LARGE[:4], LARGE[4:])


def test_more_threads_and_a_larger_source_need_more():
    threads, source = replace(planned(), threads=4), planned(video(width=7680, height=4320))

    assert len(batches(threads, LARGE, memory_bytes=4 * GIB)) > 2
    assert len(batches(source, LARGE, memory_bytes=4 * GIB)) > 2


def test_a_rung_that_is_too_large_alone_is_tried():
    assert batches(planned(), LARGE[:2], memory_bytes=GIB // 2) == (LARGE[:1], LARGE[1:2])
