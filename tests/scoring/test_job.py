"""How rows are scored, and how many at a time."""

from pathlib import Path

import numpy as np
import pytest
from scored_files import rows_of, run, write_csv
from stub import TASK, stub

from potstill.domain.measures import Calibration, Threshold
from potstill.scoring.incoming import Row
from potstill.scoring.job import Scorer, blocks


def test_long_texts_make_short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("potstill.scoring.job.PART_CHARACTERS", 10)
    rows = [Row(number, text=text) for number, text in enumerate(["a" * 4, "b" * 4, "c" * 4, "d" * 50, "e", "f", "g"])]
    assert [[row.line for row in block] for block in blocks(iter(rows), 2)] == [[0, 1], [2, 3], [4, 5], [6]]
    assert [[row.line for row in block] for block in blocks(iter(rows), 5)] == [[0, 1, 2], [3], [4, 5, 6]]


def test_a_prefix_makes_room_for_the_added_columns(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text,label\nfool,b\n")
    run(tmp_path / "in.csv", tmp_path / "out.csv", prefix="pred_")
    row = rows_of(tmp_path / "out.csv")[0]
    assert (row["label"], row["pred_label"]) == ("b", "toxic")


def test_the_threshold_and_the_temperature_decide(tmp_path: Path) -> None:
    strict = Calibration(temperature=2.0, threshold=Threshold(value=0.8, rule="best_f1", precision=1, recall=1))
    run(write_csv(tmp_path / "in.csv", rows=2), tmp_path / "out.csv", scorer=Scorer(stub, TASK, strict, "stub"))
    row = rows_of(tmp_path / "out.csv")[1]
    assert (row["label"], row["flagged"]) == ("fine", "false")
    assert float(row["score"]) == pytest.approx(1 / (1 + np.exp(-1)), abs=1e-6)


def test_what_was_cut_is_said(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\nshort\n" + "long " * 20 + "\n")
    run(tmp_path / "in.csv", tmp_path / "out.csv")
    assert [row["truncated"] for row in rows_of(tmp_path / "out.csv")] == ["false", "true"]
