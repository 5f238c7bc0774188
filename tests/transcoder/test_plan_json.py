"""Plans survive the database."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transcoder.queue_fixtures import plan_of
from transcoder.plan_json import plan_from_json, plan_to_json


@settings(deadline=None)
@given(duration_s=st.floats(0.2, 50_000), video=st.booleans())
def test_a_plan_comes_back_as_it_was(duration_s, video):
    plan = plan_of(duration_s, video=video)

    written = json.loads(json.dumps(plan_to_json(plan)))

    assert plan_from_json(written) == plan
