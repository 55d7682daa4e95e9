"""A study's teacher as a user would run it, against the bundle exported from the study: quality beside speed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from contestants import Contestant, ModelUnderTest, pipeline_answer
from transformers import PreTrainedTokenizerFast

from potstill.analysis.results import load_results
from potstill.analysis.saved_models import picked_model
from potstill.domain.dataset import Split
from potstill.domain.predictor import Logits, decide, ranked_scores
from potstill.inference.bundle import open_bundle, read_info
from potstill.inference.engine import files_in, open_engine
from potstill.inference.info import BundleInfo
from potstill.inference.machine import available_threads
from potstill.inference.reading import LongText, Reader
from potstill.inference.text_model import TextModel
from potstill.ledger.ledger import read_record
from potstill.models.classifier import open_classifier
from potstill.statistics.resample import Interval, mean_difference_interval
from potstill.study.datasets import rows_of_study


@dataclass(frozen=True)
class Students:
    """A study's teacher and picked student, the bundle made of it, and the test rows with the ledger's logits."""

    teacher: ModelUnderTest
    student: ModelUnderTest
    bundle: Path
    info: BundleInfo
    test: Split
    teacher_logits: Logits
    student_logits: Logits


def open_students(folder: Path, work: Path) -> Students:
    """Everything of the study in `folder`, whose bundle lies at its usual place."""
    results = load_results(folder)
    teacher = results.arm("teacher")
    assert teacher is not None, "a study has a teacher"
    picked = picked_model(folder)
    info = read_info(folder / "bundle")
    arm = read_record(picked.parent).arm
    print(f"\nThe student is {arm}, layers {info.layers}, with windows of {info.max_length} tokens.")
    return Students(
        _bench("teacher", teacher.done[0].folder / "model", work, info.max_length),
        _bench("student", picked, work, info.max_length),
        folder / "bundle", info, rows_of_study(folder).test,
        _test_logits(teacher.done[0].folder), _test_logits(picked.parent),
    )  # fmt: skip


def _bench(name: str, place: Path, work: Path, length: int) -> ModelUnderTest:
    own = work / name
    own.mkdir(parents=True, exist_ok=True)
    opened = open_classifier(place)
    return ModelUnderTest(name, opened.model, cast(PreTrainedTokenizerFast, opened.tokenizer), own, length)


def _test_logits(run: Path) -> Logits:
    with np.load(run / "logits.npz", allow_pickle=False) as logits:
        return logits["test"]


def student_field(students: Students) -> dict[str, Contestant]:
    """The teacher and the student in the pipeline, and the bundle on each of its engines."""
    field = {
        "teacher, pipeline": Contestant(pipeline_answer(students.teacher), padded=True),
        "student, pipeline": Contestant(pipeline_answer(students.student), padded=True),
    }
    for engine in students.info.engines:
        field[f"student, {engine}"] = Contestant(open_bundle(students.bundle, engine=engine))
    return field


def quality_table(students: Students) -> Iterator[str]:
    """Markdown: what each way of answering is worth on the test split, and what the rule for long texts does."""
    info, test = students.info, students.test
    logits_of: dict[str, Logits] = {"teacher, torch, cut": students.teacher_logits}
    logits_of["student, torch, cut"] = students.student_logits
    logits_of["student, onnx-fp32, cut"] = _read(students, "truncate", test.texts)
    fp32 = _read(students, "windows", test.texts)
    logits_of["student, onnx-fp32, windows"] = fp32
    for engine in info.engines:
        if engine != "onnx-fp32":
            logits_of[f"student, {engine}, {info.long}"] = open_bundle(students.bundle, engine=engine)(test.texts)
    default = open_bundle(students.bundle).engine_name
    yield f"\n### Quality on the {len(test.texts):,} test rows; the bundle's default engine here is {default}\n"
    yield "| who | PR-AUC | minus the teacher (95 % interval) | decided otherwise than onnx-fp32, windows |"
    yield "|---|---|---|---|"
    decided = decide(fp32, info.calibration, info.task)
    for who, logits in logits_of.items():
        area = _pr_auc(logits, None, students).estimate
        against = _pr_auc(logits, students.teacher_logits, students)
        flips = (decide(logits, info.calibration, info.task) != decided).mean()
        difference = "-" if who.startswith("teacher") else f"{against.estimate:+.4f} ({_range(against)})"
        yield f"| {who} | {area:.4f} | {difference} | {'-' if who.startswith('teacher') else f'{flips:.2%}'} |"
    yield from _long_rule(students, logits_of["student, onnx-fp32, cut"], fp32)


def _long_rule(students: Students, cut: Logits, windows: Logits) -> Iterator[str]:
    info, test = students.info, students.test
    reader = Reader((students.bundle / "tokenizer.json").read_bytes(), max_length=info.max_length, long="windows")
    long = np.array(reader.read(test.texts).long)
    gain = _pr_auc(windows, cut, students)
    flagged = [decide(logits, info.calibration, info.task) == info.task.positive_index for logits in (cut, windows)]
    toxic = test.labels == info.task.positive_index
    yield (
        f"\n{long.sum():,} of {len(long):,} texts are longer than a window. Reading them in windows instead of cutting "
        f"them changes PR-AUC by {gain.estimate:+.4f} ({_range(gain)})."
    )
    for name, rows in (("toxic", long & toxic), ("not toxic", long & ~toxic)):
        before, after = (np.average(decided[rows], weights=test.weights[rows]) for decided in flagged)
        yield f"Of {rows.sum():,} long and {name} ones {before:.1%} were flagged when cut, {after:.1%} in windows."


def _read(students: Students, long: LongText, texts: Sequence[str]) -> Logits:
    info = students.info
    reader = Reader((students.bundle / "tokenizer.json").read_bytes(), max_length=info.max_length, long=long)
    engine = open_engine("onnx-fp32", files_in(students.bundle), threads=available_threads())
    return TextModel(reader, engine, info.task)(texts)[0]


def _pr_auc(logits: Logits, against: Logits | None, students: Students) -> Interval:
    """The declared metric, or its difference from another's on the same resamples."""
    task, test = students.info.task, students.test
    baselines = None if against is None else [ranked_scores(against, task)]
    return mean_difference_interval(
        [ranked_scores(logits, task)], task.positives(test.labels), test.weights, baselines
    )  # fmt: skip


def _range(interval: Interval) -> str:
    return f"{interval.low:+.4f} to {interval.high:+.4f}"
