import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from scored_files import rows_of, run
from stub import TASK, stub

from potstill.domain.measures import Calibration
from potstill.domain.predictor import Logits
from potstill.scoring.job import Scorer, rejected_path


def fails(texts: Sequence[str]) -> tuple[Logits, list[bool]]:
    """The stub, which fails on one text and answers another with no number."""
    if any("[USER]" in text for text in texts):
        raise RuntimeError("index out of range\nin self")
    logits, cut = stub(texts)
    return np.where([["nan" in text] for text in texts], np.nan, logits).astype(np.float32), cut


def test_a_row_that_the_model_fails_on_is_left_out_and_costs_no_other(tmp_path: Path) -> None:
    texts = ["fine", "[USER] hello", "a fool", "nan", "good"]
    (tmp_path / "in.csv").write_text("text\n" + "\n".join(texts) + "\n")
    run(tmp_path / "in.csv", tmp_path / "out.csv", scorer=Scorer(fails, TASK, Calibration(), "stub"))
    assert [row["text"] for row in rows_of(tmp_path / "out.csv")] == ["fine", "a fool", "good"]
    rejected = [json.loads(line) for line in rejected_path(str(tmp_path / "out.csv")).read_text().splitlines()]
    assert [(row["line"], row["reason"], row["detail"]) for row in rejected] == [
        (3, "the model fails on it", "index out of range"), (5, "the model fails on it", "a logit is not finite"),
    ]  # fmt: skip


def test_a_model_that_fails_on_every_row_is_no_fault_of_the_rows(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\n[USER] a\n[USER] b\n")
    with pytest.raises(RuntimeError, match="index out of range"):
        run(tmp_path / "in.csv", tmp_path / "out.csv", scorer=Scorer(fails, TASK, Calibration(), "stub"))
