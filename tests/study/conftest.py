"""What the tests of studies start from."""

from pathlib import Path

import pytest
from tiny import tiny_encoder
from tiny_study import STUDY, write_rows


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """A folder with a study, its rows, and its encoder."""
    tiny_encoder(tmp_path / "encoder", layers=2)
    write_rows(tmp_path / "train.csv")
    (tmp_path / "study.toml").write_text(STUDY.format(teacher_epochs=8), encoding="utf-8")
    return tmp_path
