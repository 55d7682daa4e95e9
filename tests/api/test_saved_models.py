"""Saved models, asked by a function."""

from pathlib import Path

from potstill import open_model, predict


def run_of(workplace: Path, arm: str) -> Path:
    return next((workplace / "runs" / "tiny" / "ledger").glob(f"{arm}-s0-*"))


def test_the_picked_arm_answers_for_its_study(finished: Path) -> None:
    texts = ["you are fool", "good"]
    model = open_model(finished / "runs" / "tiny")
    assert (model.labels, model.task.positive) == (["fine", "toxic"], "toxic")
    assert (
        model.predict(texts) == predict(finished / "runs" / "tiny", texts) == predict(run_of(finished, "even"), texts)
    )
