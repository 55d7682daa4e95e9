import numpy as np
import pytest

from potstill.evaluation.subgroups import areas


def test_false_alarms_on_a_group_lower_its_bpsn_alone() -> None:
    rng = np.random.default_rng(0)
    positive, group = rng.random(4000) < 0.3, rng.random(4000) < 0.2
    scores = positive + rng.normal(scale=0.5, size=4000)
    fair = areas(scores, positive, np.ones(4000), group)
    assert fair.subgroup == pytest.approx(fair.bpsn, abs=0.03)
    # Harmless rows of the group are scored like toxic ones.
    hit = areas(scores + 0.8 * (group & ~positive), positive, np.ones(4000), group)
    assert hit.bpsn is not None
    assert fair.bpsn is not None
    assert hit.bpsn < fair.bpsn - 0.2
    assert hit.bnsp == fair.bnsp


def test_an_area_of_a_handful_of_rows_is_not_given() -> None:
    positive, group = np.arange(100) % 2 == 0, np.arange(100) < 15
    around = areas(np.random.default_rng(0).random(100), positive, np.ones(100), group)
    assert around.subgroup is None  # seven harmless rows mention the group
    assert around.bpsn is None
    assert around.bnsp is None
