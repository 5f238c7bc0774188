"""One writer at a time, and who has to give way."""

import asyncio
from uuid import UUID

import pytest

from streamsvc.uploads import lines
from streamsvc.uploads.errors import UploadInterrupted, UploadStalled
from streamsvc.uploads.lines import Line, Lines

UPLOAD = UUID(int=1)


def body_of(*pieces: bytes):
    """Gives its pieces, then never anything."""
    left = list(pieces)

    async def read(_: int) -> bytes:
        if left:
            return left.pop(0)
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    return read


async def reading(all_lines: Lines, taken: list[bytes], *pieces: bytes) -> None:
    body = body_of(*pieces)
    async with all_lines.alone(UPLOAD) as line:
        while True:
            taken.append(await line.read(body))


async def begun(task: "asyncio.Task[None]") -> None:
    for _ in range(5):
        await asyncio.sleep(0)
    assert not task.done()


async def test_newer_request_ends_one_that_waits_for_bytes():
    all_lines, taken = Lines(), []
    older = asyncio.create_task(reading(all_lines, taken, b"abc"))
    await begun(older)

    async with all_lines.alone(UPLOAD):
        assert older.done()

    assert isinstance(older.exception(), UploadInterrupted)
    assert taken == [b"abc"]
    assert not all_lines.busy(UPLOAD)


async def test_request_with_a_newer_one_behind_it_takes_what_has_come_and_no_more():
    all_lines, taken = Lines(), []
    async with all_lines.alone(UPLOAD):
        older = asyncio.create_task(reading(all_lines, taken, b"abc", b"def"))
        await begun(older)
        newer = asyncio.create_task(reading(all_lines, [], b"x"))
        await begun(newer)

    with pytest.raises(UploadInterrupted):
        await older
    assert taken == [b"abc"]
    newer.cancel()


async def test_requests_are_served_in_the_order_of_their_coming():
    all_lines, order = Lines(), []

    async def serve(number: int) -> None:
        async with all_lines.alone(UPLOAD):
            order.append(number)

    await asyncio.gather(*(serve(number) for number in range(10)))

    assert order == list(range(10))


async def test_other_uploads_are_left_alone():
    all_lines, taken = Lines(), []
    older = asyncio.create_task(reading(all_lines, taken, b"abc"))
    await begun(older)

    async with all_lines.alone(UUID(int=2)):
        assert not older.done()
    older.cancel()


async def test_silent_line_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lines, "SILENCE_S", 0.0)

    with pytest.raises(UploadStalled):
        await Line().read(body_of())


async def test_service_that_stops_ends_all_and_lets_none_begin():
    all_lines, taken = Lines(), []
    older = asyncio.create_task(reading(all_lines, taken))
    await begun(older)

    all_lines.end_all()

    with pytest.raises(UploadInterrupted):
        await older
    with pytest.raises(UploadInterrupted):
        await reading(all_lines, taken)


async def test_stopped_request_reads_no_more_and_the_next_may():
    all_lines = Lines()
    async with all_lines.alone(UPLOAD) as line:
        line.stop()
        with pytest.raises(UploadInterrupted):
            await line.read(body_of(b"abc"))
    async with all_lines.alone(UPLOAD) as line:
        assert await line.read(body_of(b"abc")) == b"abc"
