import numpy as np
import pytest
from bundles import TASK

from potstill.domain.measures import Calibration
from potstill.export.checks import CheckRows, Tolerance, check_engine, may_batch, reason_to_refuse
from potstill.inference.info import EngineChecks, Probes

FINE = EngineChecks(
    largest_logit_difference=0, largest_probability_difference=0, flips=0, pr_auc_change=0, pr_auc_low=0,
    pr_auc_high=0, batch_flips=0, batch_probability_difference=0, probe_difference=0,
)  # fmt: skip


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
    refused = reason_to_refuse(name, FINE.model_copy(update=change), Tolerance())  # type: ignore[arg-type]
    assert (reason in refused) if reason else not refused


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
