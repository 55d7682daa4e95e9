import json
from pathlib import Path

import pytest

from potstill.domain.errors import ModelError
from potstill.domain.measures import Calibration, Threshold
from potstill.domain.normalise import NORMALISE_VERSION
from potstill.domain.task import Task
from potstill.models.saved import DECISION_FILE, SavedDecision, model_card, read_decision, write_decision

TASK = Task(labels=("fine", "toxic"), positive="toxic")
THRESHOLD = Threshold(value=0.3, rule="best_f1", precision=0.8, recall=0.9)
DECISION = SavedDecision(
    task=TASK,
    calibration=Calibration(temperature=1.5, threshold=THRESHOLD),
    max_length=24,
    waived={"layer_order": "an experiment"},
)


def rewrite(folder: Path, **changes: object) -> None:
    """Change the file by hand; None takes a key away."""
    path = folder / DECISION_FILE
    content = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))


def test_a_decision_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_decision(tmp_path, DECISION)
    assert read_decision(tmp_path) == DECISION
    assert json.loads((tmp_path / DECISION_FILE).read_text())["format"] == 1


def test_a_model_that_potstill_did_not_make_has_none(tmp_path: Path) -> None:
    assert read_decision(tmp_path) is None


def test_a_file_without_a_format_is_of_the_first(tmp_path: Path) -> None:
    write_decision(tmp_path, DECISION)
    rewrite(tmp_path, format=None)
    assert read_decision(tmp_path) == DECISION


def test_a_later_format_is_refused_with_the_way_out(tmp_path: Path) -> None:
    write_decision(tmp_path, DECISION)
    rewrite(tmp_path, format=2, something_new=True)
    with pytest.raises(ModelError, match=r"is of format 2, which a later potstill wrote; .* reads 1: upgrade potstill"):
        read_decision(tmp_path)


def test_another_normalisation_is_refused(tmp_path: Path) -> None:
    write_decision(tmp_path, DECISION)
    rewrite(tmp_path, normalise=NORMALISE_VERSION + 1)
    with pytest.raises(ModelError, match="its scores would not be the measured ones"):
        read_decision(tmp_path)


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b'{"format": "new"}', b"{}"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / DECISION_FILE).write_bytes(content)
    with pytest.raises(ModelError, match=r"potstill\.json is damaged"):
        read_decision(tmp_path)


def test_the_card_says_what_the_model_is() -> None:
    card = model_card("tickets: even, seed 0", "even layers of the teacher", TASK, "[1,3] of 4", {})
    assert card.startswith("---\nlibrary_name: transformers\n")
    assert "# tickets: even, seed 0\n\nEven layers of the teacher.\n" in card
    assert "Teacher layers kept, counted from 0: [1,3] of 4." in card
    assert "Labels: fine, toxic." in card
    assert "Not for use" not in card


def test_the_card_of_a_model_with_waived_gates_says_so() -> None:
    card = model_card("tickets", "the encoder", TASK, None, {"frozen_head": "as the assignment did"})
    assert "**Not for use.** Refusals were waived to make it:\n\n- `frozen_head`: as the assignment did\n" in card
    assert "layers kept" not in card
