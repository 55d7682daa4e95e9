"""How an engine's answers differ from the fp32 model's, and whether that is little enough."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from potstill.domain.measures import Calibration
from potstill.domain.predictor import Logits, alike, decide, probabilities, ranked_scores
from potstill.domain.task import Task
from potstill.inference.engine import EngineName
from potstill.inference.info import EngineChecks, Probes
from potstill.statistics.resample import mean_difference_interval

FP32_LOGITS = 1e-4
BATCH_FLIPS = 0.001
BATCH_PROBABILITY = 0.02
BATCH_TEXTS = 1000
BATCHINGS = 3

Answering = Callable[[Sequence[str]], Logits]


@dataclass(frozen=True)
class CheckRows:
    """The rows an engine is checked on; `labels` is None where only its agreement with the model can be checked."""

    texts: list[str]
    labels: NDArray[np.int64] | None
    weights: NDArray[np.float64]


@dataclass(frozen=True)
class Tolerance:
    """How far int8 and bf16 may lie from fp32: share of rows decided otherwise, change of PR-AUC, and the move of a
    probe's probability where it is more than twice that of any row. The probes are texts unlike the rows: fixed int8
    scales are right only for what they saw."""

    flips: float = 0.005
    pr_auc: float = 0.002
    probe: float = 0.1


DEFAULT_TOLERANCE = Tolerance()


def check_engine(
    batched: Answering, alone: Answering, wanted: Logits, rows: CheckRows, probes: Probes, task: Task,
    calibration: Calibration,
) -> EngineChecks:  # fmt: skip
    """Compare an engine with the fp32 logits `wanted` of `rows` and of the probes, and its batches with texts that it
    reads `alone`."""
    logits = batched(rows.texts)
    temperature = calibration.temperature
    change, low, high = _pr_auc_change(logits, wanted, rows, task)
    batch_flips, batch_moved = _batch_effect(batched, alone, rows.texts[:BATCH_TEXTS], task, calibration)
    return EngineChecks(
        largest_logit_difference=float(np.abs(logits - wanted).max()),
        largest_probability_difference=_largest_move(logits, wanted, task, temperature),
        flips=float((~alike(decide(logits, calibration, task), decide(wanted, calibration, task))).mean()),
        pr_auc_change=change,
        pr_auc_low=low,
        pr_auc_high=high,
        batch_flips=batch_flips,
        batch_probability_difference=batch_moved,
        probe_difference=_largest_move(batched(probes.texts), np.array(probes.logits), task, temperature),
    )


def reason_to_refuse(name: EngineName, checks: EngineChecks, tolerance: Tolerance) -> str:
    """Why an engine is not offered; empty where it is."""
    if name.endswith("fp32"):
        wrong = checks.largest_logit_difference > FP32_LOGITS
        return f"a logit differs by {checks.largest_logit_difference:.1e}, more than {FP32_LOGITS}" if wrong else ""
    if checks.flips > tolerance.flips:
        return f"{checks.flips:.2%} of the rows are decided otherwise, more than {tolerance.flips:.2%}"
    if checks.pr_auc_change is not None and abs(checks.pr_auc_change) > tolerance.pr_auc:
        return f"PR-AUC changes by {checks.pr_auc_change:+.4f}, more than {tolerance.pr_auc}"
    if checks.probe_difference > max(tolerance.probe, 2 * checks.largest_probability_difference):
        return (
            f"the probability of a probe moves by {checks.probe_difference:.2f}, that of a row at most by "
            f"{checks.largest_probability_difference:.2f}: it is not right for texts unlike the rows"
        )
    return ""


def may_batch(checks: EngineChecks) -> bool:
    """Whether a text's answer hardly depends on which texts share its batch."""
    return checks.batch_flips <= BATCH_FLIPS and checks.batch_probability_difference <= BATCH_PROBABILITY


def _largest_move(logits: Logits, wanted: Logits, task: Task, temperature: float) -> float:
    return float(np.abs(probabilities(logits, task, temperature) - probabilities(wanted, task, temperature)).max())


def _pr_auc_change(
    logits: Logits, wanted: Logits, rows: CheckRows, task: Task
) -> tuple[float | None, float | None, float | None]:
    if rows.labels is None:
        return None, None, None
    positives = task.positives(rows.labels)
    if not all(column.any() for column in positives):
        return None, None, None
    interval = mean_difference_interval(
        [ranked_scores(logits, task)], positives, rows.weights, [ranked_scores(wanted, task)]
    )
    return interval.estimate, interval.low, interval.high


def _batch_effect(
    batched: Answering, alone: Answering, texts: Sequence[str], task: Task, calibration: Calibration
) -> tuple[float, float]:
    """Texts alone against texts in random batches: share of decisions that changed, largest move of a probability.

    A dynamic activation scale belongs to the whole batch: a neighbour with a large value makes everyone's steps coarse.
    """
    single = alone(texts)
    temperature = calibration.temperature
    decided, shares = decide(single, calibration, task), probabilities(single, task, temperature)
    generator = np.random.default_rng(0)
    changed = np.zeros(len(texts), dtype=bool)
    moved = 0.0
    for _ in range(BATCHINGS):
        order = generator.permutation(len(texts))
        cuts = np.sort(generator.choice(np.arange(1, len(texts)), size=max(1, len(texts) // 100), replace=False))
        for start, stop in pairwise([0, *cuts.tolist(), len(texts)]):
            some = order[start:stop]
            logits = batched([texts[int(row)] for row in some])
            changed[some] |= ~alike(decide(logits, calibration, task), decided[some])
            moved = max(moved, float(np.abs(probabilities(logits, task, temperature) - shares[some]).max()))
    return float(changed.mean()), moved
