from pathlib import Path

import numpy as np
from drawn import change_runs
from synthetic import write_study

from potstill.analysis.decisions import decided, right
from potstill.analysis.results import load_results


def test_decisions_are_by_the_runs_own_threshold(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0})
    results = load_results(folder)
    run = results.arms[1].done[0]
    margin = run.logits[:, 1] - run.logits[:, 0]
    assert (decided(results, run) == (margin >= 0)).all()
    assert (right(results, run) == (decided(results, run) == results.labels)).all()
    threshold = {"value": 1.0, "rule": "best_f1", "precision": 1.0, "recall": 0.0}
    change_runs(folder, "even", calibration={"threshold": threshold})
    again = load_results(folder)
    assert not np.any(decided(again, again.arms[1].done[0]))
