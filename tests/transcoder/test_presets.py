from typing import get_args

import pytest

from transcoder.policy import CpuClass, Family
from transcoder.presets import cost_of, cost_per_megapixel, preset_for


@pytest.mark.parametrize("family", get_args(Family))
def test_less_cpu_is_less_cpu(family):
    """
    From `fast` to `small`, an encoder costs more and looks farther ahead.
    """
    costs = [cost_of(family, preset_for(family, cpu)) for cpu in get_args(CpuClass)]

    assert get_args(CpuClass) == ("fast", "balanced", "small")
    assert costs == sorted(costs, key=lambda cost: cost.cpu_s_per_megapixel)
    assert costs == sorted(costs, key=lambda cost: cost.mib_per_megapixel)


def test_av1_at_balanced_costs_what_the_smallest_avc_does():
    assert preset_for("avc", "fast") == "veryfast"
    assert cost_per_megapixel("av1", preset_for("av1", "balanced")) <= cost_per_megapixel("avc", "slow")
