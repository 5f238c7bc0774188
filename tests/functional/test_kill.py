"""kill -9 of anything at any moment: the lesson becomes ready, its objects are whole, nothing runs on."""

import pytest

from tests.functional import worker_fixtures
from tests.functional.chaos import VICTIMS, first_victims, journey, make_film
from tests.functional.servers import seaweed, short_directory
from tests.functional.worker_fixtures import run_works

pytestmark = pytest.mark.functional
clips = worker_fixtures.clips

SEEDS = (1, 2, 3)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return make_film(tmp_path_factory.mktemp("film") / "film.mp4")


def test_the_seeds_together_kill_everybody():
    assert {victim for seed in SEEDS for victim in first_victims(seed)} == set(VICTIMS)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_lesson_survives_killed_processes(seed, tmp_path, film):
    found = journey(tmp_path, film, seed=seed, kills=8)

    print(found)  # noqa: T201 - the seed and what it killed, for whoever reads the log
    assert set(first_victims(seed)) <= set(found.kills)


def test_a_dead_store_holds_a_lesson_up_and_costs_no_attempt(tmp_path, clips):
    with (
        short_directory("sabaq-store") as place,
        seaweed(place) as store,
        run_works(tmp_path / "var", SABAQ_STORAGE_URL=store.url(), SABAQ_MAX_ATTEMPTS="1") as works,
    ):
        asset_id = works.submit(clips(8))
        store.kill()
        works.start_worker()
        with works.reconciling():
            works.wait_for(lambda: works.tasks(asset_id, "probe")[0].postponed > 1, "the probe was put off twice")
            assert (works.status(asset_id).state, works.status(asset_id).error) == ("waiting", None)
            store.start()
            works.wait_ready(asset_id)
        assert works.damaged(asset_id) == []
