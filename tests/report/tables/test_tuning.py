from pydantic import JsonValue

from potstill.domain.tuning import Attempt, Tuning
from potstill.report.tables.tuning import build_tuning_document


def attempt(number: int, reached: float, *, given_up: bool = False, failure: str = "") -> Attempt:
    settings: dict[str, JsonValue] = {"r": 8, "learning_rate": 0.00125, "target_modules": ["query", "value"]}
    return Attempt(
        number=number, settings=settings, pr_auc=reached, given_up=given_up, seconds=1.0, failure=failure
    )  # fmt: skip


def test_the_best_trial_comes_first_and_what_was_given_up_last() -> None:
    attempts = [attempt(0, 0.5), attempt(1, 0.75), attempt(2, 0.9, given_up=True), attempt(3, 0, failure="no memory")]
    document = build_tuning_document(Tuning(arm="lora", rows=3000, attempts=attempts, importance={"r": 0.75}))
    trials, shares = document.tables
    assert trials.head == ["trial", "r", "learning_rate", "target_modules", "validation PR-AUC"]
    assert [line[0] for line in trials.body] == ["1", "0", "3", "2"]
    assert trials.body[0] == ["1", "8", "0.0013", "query, value", "0.750"]
    assert trials.body[-1][-1] == "0.900 (given up)"
    assert shares.body == [["r", "75%"]]
    assert document.answer.startswith("The best of 4 trials reaches a validation PR-AUC of 0.750, the usual settings")
    assert document.notes == ["3: no memory"]
