from pathlib import Path

import numpy as np
import pytest
from bundles import BUNDLE_ENGINES, TinyBundle
from tiny import comments, tiny_classifier

from potstill.domain.errors import ModelError
from potstill.domain.measures import Calibration
from potstill.domain.task import Task
from potstill.export.build import Origin, export_bundle
from potstill.export.checks import CheckRows, Tolerance, check_engine, may_batch, reason_to_refuse
from potstill.export.probes import probe_texts
from potstill.inference.bundle import read_info
from potstill.inference.info import EngineChecks, Probes
from potstill.models.saved import SavedDecision
from potstill.training.loop import uses_bf16

TASK = Task(labels=("fine", "toxic"), positive="toxic")
FINE = EngineChecks(
    largest_logit_difference=0, largest_probability_difference=0, flips=0, pr_auc_change=0, pr_auc_low=0,
    pr_auc_high=0, batch_flips=0, batch_probability_difference=0, probe_difference=0,
)  # fmt: skip


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


def test_probes_are_sixty_four_different_texts() -> None:
    assert len(set(probe_texts())) == 64


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("onnx-fp32", {"largest_logit_difference": 1e-3}, "a logit differs"),
        ("onnx-int8", {"flips": 0.01}, "decided otherwise"),
        ("openvino-int8", {"pr_auc_change": -0.01}, "PR-AUC changes by -0.0100"),
        ("openvino-int8", {"probe_difference": 0.5}, "probe moves by 0.50"),
        ("openvino-bf16", {}, ""),
        ("onnx-w8", {"pr_auc_change": None}, ""),
    ],
)
def test_what_changes_quality_is_not_offered(name: str, change: dict[str, float], reason: str) -> None:
    found = reason_to_refuse(name, FINE.model_copy(update=change), Tolerance())  # type: ignore[arg-type]
    assert (reason in found) if reason else not found


def test_an_engine_whose_answers_depend_on_company_may_not_batch() -> None:
    rows = CheckRows([str(number) for number in range(300)], None, np.ones(300))
    wanted = np.tile(np.array([0.0, 0.1], dtype=np.float32), (300, 1))
    probes = Probes(texts=["a"], logits=[[0.0, 0.1]])

    def company(texts: object) -> np.ndarray:
        count = len(texts)  # type: ignore[arg-type]
        return np.tile(np.array([0.0, 0.1 if count in (1, 300) else -0.1], dtype=np.float32), (count, 1))

    def alone(texts: object) -> np.ndarray:
        return np.tile(np.array([0.0, 0.1], dtype=np.float32), (len(texts), 1))  # type: ignore[arg-type]

    moody = check_engine(company, alone, wanted, rows, probes, TASK, Calibration())
    steady = check_engine(alone, alone, wanted, rows, probes, TASK, Calibration())
    assert (moody.flips, moody.pr_auc_change) == (0.0, None)
    assert moody.batch_flips > 0.9
    assert (may_batch(moody), may_batch(steady)) == (False, True)


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
    none = Tolerance(flips=-1)
    with pytest.raises(ModelError, match="no engine passed: onnx-w8: 0"):
        export_bundle(
            tiny_classifier(2), decision, Origin("a", "b"), rows, tmp_path / "bundle", engines=("onnx-w8",),
            tolerance=none, say=lambda _: None,
        )  # fmt: skip
    assert list(tmp_path.iterdir()) == []
