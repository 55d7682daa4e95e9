"""What would run, as data."""

from pathlib import Path

import pytest

from potstill import PotstillError, plan
from potstill.study.pilot import pilot_study


def test_a_plan_is_data(finished: Path) -> None:
    planned = plan(finished / "study.toml")
    assert (planned.name, planned.seeds) == ("tiny", [0, 1])
    assert [arm.arm for arm in planned.arms] == ["teacher", "even", "lora", "finetune-even", "untrained-even"]
    assert [arm.seeds for arm in planned.arms] == [1, 2, 2, 2, 1]
    assert planned.account[0].endswith("240 rows = 240 used")
    assert planned.expected.startswith("Expected 95 % interval of an arm's difference: about ± ")
    assert "threads of" in planned.machine


def test_without_a_file_the_plan_is_that_of_the_pilot_study(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PotstillError("the encoder is not there")

    monkeypatch.setattr("potstill.study.estimate.find_encoder", refuse)
    assert pilot_study().teacher.encoder == "minilm"
    with pytest.raises(PotstillError, match="the encoder is not there"):
        plan()
