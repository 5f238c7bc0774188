"""What the supervisor decides, and how it keeps logs and its one place, without starting anything."""

import os

import pytest

from streamsvc import children, instance
from streamsvc.childlogs import RotatingLog, tail
from streamsvc.errors import AlreadyRunning
from streamsvc.instance import ChildState, RunState


def test_the_first_restart_is_prompt_and_later_ones_wait_twice_as_long():
    assert [children.delay_before_restart(failures) for failures in (1, 2, 3, 4)] == [0.25, 0.5, 1.0, 2.0]


def test_the_wait_is_capped():
    assert children.delay_before_restart(500) == children.LONGEST_DELAY_S


def test_a_short_run_counts_as_one_more_failure():
    assert children.failures_after(3, lived_s=2.0) == 4


def test_a_good_minute_forgives_earlier_failures():
    assert children.failures_after(9, lived_s=60.0) == 1


def test_a_second_supervisor_is_refused_and_told_who_runs(tmp_path):
    held = instance.claim(tmp_path)
    instance.write_state(tmp_path, RunState(pid=4711, state="running", url="http://127.0.0.1:1"))

    with pytest.raises(AlreadyRunning) as refused:
        instance.claim(tmp_path)

    assert refused.value.params == {"pid": 4711}
    held.close()
    assert not instance.is_claimed(tmp_path)


def test_what_is_made_is_for_its_owner_alone(tmp_path):
    """The database below it holds who watched what."""
    instance.claim(tmp_path / "var").close()

    assert (tmp_path / "var").stat().st_mode & 0o077 == 0


def test_the_state_comes_back_as_it_was_written(tmp_path):
    state = RunState(
        pid=1,
        state="starting",
        url="http://127.0.0.1:1",
        children={"store": ChildState(pid=2, state="ready", restarts=3)},
    )

    instance.write_state(tmp_path, state)

    assert instance.read_state(tmp_path) == state


def test_without_a_state_file_nothing_is_known(tmp_path):
    assert instance.read_state(tmp_path) is None
    assert not instance.stop(tmp_path)


def test_our_own_process_is_never_taken_for_a_leftover(tmp_path):
    assert os.getpid() not in instance.processes_of(tmp_path)


def test_a_full_log_is_put_aside_and_the_oldest_is_dropped(tmp_path):
    log = RotatingLog(tmp_path / "service.log", max_bytes=10, kept=2)

    for word in (b"first\n\n\n\n", b"second\n\n\n", b"third\n\n\n\n", b"fourth\n\n\n"):
        log.write(word)
    log.close()

    kept = {path.name: path.read_text().strip() for path in tmp_path.iterdir()}
    assert kept == {"service.log": "fourth", "service.log.1": "third", "service.log.2": "second"}


def test_a_log_goes_on_where_an_earlier_supervisor_stopped(tmp_path):
    (tmp_path / "service.log").write_bytes(b"12345678")

    log = RotatingLog(tmp_path / "service.log", max_bytes=10, kept=1)
    log.write(b"9012")
    log.close()

    assert (tmp_path / "service.log").read_bytes() == b"9012"
    assert (tmp_path / "service.log.1").read_bytes() == b"12345678"


def test_one_line_longer_than_a_log_is_still_written(tmp_path):
    log = RotatingLog(tmp_path / "service.log", max_bytes=3, kept=1)

    log.write(b"longer than three bytes")
    log.close()

    assert (tmp_path / "service.log").read_bytes() == b"longer than three bytes"


def test_the_end_of_a_log_explains_a_failure(tmp_path):
    (tmp_path / "worker.log").write_text("\n".join(str(number) for number in range(100)))

    assert tail(tmp_path / "worker.log", lines=3) == "97\n98\n99"
    assert tail(tmp_path / "missing.log") == ""
