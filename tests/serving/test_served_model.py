import json

import numpy as np
import pytest
from bundles import TinyBundle
from live_app import HeldEngine, ask, play
from tiny import comments

from potstill.domain.measures import Calibration, Threshold
from potstill.serving.limits import Limits
from potstill.serving.request_guard import RequestGuard


def test_the_bundle_s_own_decision_is_served(tiny_bundle: TinyBundle) -> None:
    async def scene(app: RequestGuard, held: HeldEngine) -> None:
        bundle, asked = next(iter(app.state.models.values())).bundle, {"texts": [comments(1)[0][0]]}
        before = json.loads((await ask(app, "/score", asked))[2])["results"][0]
        cold = Calibration(temperature=4.0, threshold=Threshold(value=1.0, rule="", precision=1, recall=1))
        bundle.info = bundle.info.model_copy(update={"calibration": cold})
        after = json.loads((await ask(app, "/score", asked))[2])["results"][0]
        assert (before["label"], after["label"], after["flagged"]) == ("toxic", "fine", False)
        odds = [np.log(result["score"] / (1 - result["score"])) for result in (before, after)]
        assert odds[1] == pytest.approx(odds[0] / 4, rel=1e-2)

    play(tiny_bundle, Limits(), scene)
