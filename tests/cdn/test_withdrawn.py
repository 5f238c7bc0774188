"""The list of withdrawn assets."""

from uuid import UUID

import pytest

from cdn.errors import StoreUnavailable
from cdn.withdrawn import REFRESH_S, RETRY_S, Withdrawn

ASSET = UUID("11111111-1111-4111-8111-111111111111")


class Source:
    def __init__(self):
        self.now, self.asked, self.fails, self.assets = 1000.0, 0, False, set()

    def __call__(self):
        self.asked += 1
        if self.fails:
            raise StoreUnavailable("dead")
        return self.assets


@pytest.fixture
def source():
    return Source()


@pytest.fixture
def withdrawn(source):
    return Withdrawn(source, clock=lambda: source.now)


def test_a_withdrawal_is_known_within_thirty_seconds(source, withdrawn):
    assert ASSET not in withdrawn
    source.assets = {ASSET}

    source.now += REFRESH_S - 0.1
    assert ASSET not in withdrawn
    source.now += 0.1
    assert ASSET in withdrawn
    assert REFRESH_S <= 30


def test_the_list_is_asked_for_once_in_thirty_seconds(source, withdrawn):
    for _ in range(100):
        assert ASSET not in withdrawn

    assert source.asked == 1


def test_while_the_source_fails_the_last_list_serves(source, withdrawn):
    source.assets = {ASSET}
    assert ASSET in withdrawn
    source.fails = True
    source.now += 3600

    assert ASSET in withdrawn
    assert UUID(int=0) not in withdrawn
    assert source.asked == 2, "a source that hangs is not asked at every request"

    source.fails, source.assets = False, set()
    source.now += RETRY_S
    assert ASSET not in withdrawn


def test_without_any_list_nothing_is_given_out(source, withdrawn):
    source.fails = True

    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            _ = ASSET in withdrawn
