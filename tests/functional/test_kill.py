"""kill -9 of anything at any moment: the lesson becomes ready, its objects are whole, nothing runs on."""


import pytest

from tests.functional import worker_fixtures
from tests.functional.chaos import journey, make_film

pytestmark = pytest.mark.functional
works, clips = worker_fixtures.works, worker_fixtures.clips


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return make_film(tmp_path_factory.mktemp("film") / "film.mp4")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_lesson_survives_killed_processes(seed, tmp_path, film):
    found = journey(tmp_path, film, seed=seed, kills=8)

    print(found)  # noqa: T201 - the seed and what it killed, for whoever reads the log
    assert found.kills.total() >= 3
