from pathlib import Path

import pytest
from tiny import tiny_classifier

from potstill.domain.errors import ModelError
from potstill.domain.measures import Calibration
from potstill.domain.read_as import ReadAs
from potstill.models.classifier import save_classifier
from potstill.models.predictor import DEFAULT_LENGTH, decision_of, open_model_folder, open_predictor

POSITIONS = 64


def test_a_model_without_a_saved_decision_cuts_texts_where_its_positions_end(tmp_path: Path) -> None:
    save_classifier(tiny_classifier(), tmp_path / "model", max_length=32, card="")
    predictor = open_predictor(str(tmp_path / "model"))
    assert predictor.decision.calibration == Calibration()
    assert predictor(["fool " * (2 * DEFAULT_LENGTH)]).shape == (1, 2)
    assert [bool(each) for each in predictor.predict(["", "\u200b", "👍", "a fool"])] == [False, False, False, True]
    folder, classifier = open_model_folder(str(tmp_path / "model"))
    assert decision_of(folder, classifier).max_length == POSITIONS < DEFAULT_LENGTH
    assert decision_of(folder, classifier, ReadAs(max_length=32)).max_length == 32
    with pytest.raises(ModelError, match=f"max_length {POSITIONS + 1} is more than the {POSITIONS} tokens"):
        decision_of(folder, classifier, ReadAs(max_length=POSITIONS + 1))
