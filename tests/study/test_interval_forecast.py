from pathlib import Path

from tiny import tiny_encoder
from tiny_study import STUDY, write_rows

from potstill.study.config import Study
from potstill.study.datasets import load_rows
from potstill.study.interval_forecast import expected_half_width, in_words
from potstill.study.study_file import read_study


def written(folder: Path, rows: int) -> Study:
    write_rows(folder / "train.csv", rows)
    (folder / "study.toml").write_text(STUDY.format(teacher_epochs=1), encoding="utf-8")
    return read_study(folder / "study.toml")


def test_a_plan_says_how_wide_the_intervals_will_be(tmp_path: Path) -> None:
    tiny_encoder(tmp_path / "encoder", layers=2)
    study = written(tmp_path, 240)
    few = load_rows(study.data, tmp_path)
    assert "Warning: it is wider than the margin" in in_words(study, few)
    many = load_rows(written(tmp_path, 4800).data, tmp_path)
    half = expected_half_width(study, many)
    # Twenty times the rows: the rows' part is a fourth and a half of what it was.
    assert half < expected_half_width(study, few) / 3
    patient = study.model_copy(update={"seeds": [0, 1, 2, 3, 4]})
    assert expected_half_width(patient, many) < half
