from pathlib import Path

import numpy as np
import pytest
from bundles import BUNDLE_ENGINES, TASK, TinyBundle
from tiny import comments, tiny_classifier

from potstill.domain.errors import ModelError
from potstill.domain.measures import Calibration
from potstill.export.build import ExportSettings, Origin, export_bundle
from potstill.export.checks import CheckRows, Tolerance
from potstill.inference.bundle import read_info
from potstill.models.saved import SavedDecision
from potstill.training.loop import uses_bf16


def test_a_bundle_holds_what_it_says(tiny_bundle: TinyBundle) -> None:
    info = read_info(tiny_bundle.folder)
    assert tuple(info.engines) == BUNDLE_ENGINES
    assert len(info.probes.texts) == 64
    assert info.engines["onnx-fp32"].checks.largest_logit_difference < 1e-4
    assert info.engines["onnx-fp32"].checks.flips == 0
    assert info.engines["onnx-int8"].bytes < 0.6 * info.engines["onnx-fp32"].bytes
    assert info.torch is not None
    assert info.torch.checks.largest_logit_difference < (0.1 if uses_bf16("auto") else 1e-4)
    assert info.torch.checks.batch_probability_difference < 0.02, "no comment feels its company"
    card = (tiny_bundle.folder / "README.md").read_text()
    assert "| onnx-fp32 |" in card
    assert "| torch, in the lab alone |" in card
    for path in tiny_bundle.folder.rglob("*.onnx"):
        assert str(Path.cwd()).encode() not in path.read_bytes(), "no path of this machine is in the files"


def test_a_folder_that_exists_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "notes.txt").write_text("mine")
    decision = SavedDecision(task=TASK, calibration=Calibration(), max_length=24)
    rows = CheckRows(comments(10)[0], None, np.ones(10))
    with pytest.raises(ModelError, match="exists"):
        export_bundle(tiny_classifier(2), decision, Origin("a", "b"), rows, tmp_path / "bundle", say=print)
    assert (tmp_path / "bundle" / "notes.txt").read_text() == "mine"


def test_nothing_is_left_where_no_engine_passes(tmp_path: Path) -> None:
    decision = SavedDecision(task=TASK, calibration=Calibration(), max_length=24)
    rows = CheckRows(comments(120)[0], None, np.ones(120))
    settings = ExportSettings(engines=("onnx-w8",), tolerance=Tolerance(flips=-1))
    with pytest.raises(ModelError, match="no engine passed: onnx-w8: 0"):
        export_bundle(
            tiny_classifier(2), decision, Origin("a", "b"), rows, tmp_path / "bundle", settings=settings,
            say=lambda _: None,
        )  # fmt: skip
    assert list(tmp_path.iterdir()) == []
