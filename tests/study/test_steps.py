"""A step is plain data, and any process with the study's folder carries it out."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from tiny_study import STUDY, run_tiny

from potstill.domain.baselines import BASELINES
from potstill.domain.errors import GateError
from potstill.domain.study_folder import StudyFolder
from potstill.study.plan import plan_runs, teacher_training
from potstill.study.progress import Display
from potstill.study.steps import Step, StudyStep, make_run, run_step, sample_rows
from potstill.study.study_file import read_study
from potstill.study.workspace import Workspace

ANOTHER_PROCESS = """
import sys
from pathlib import Path
from potstill.study.steps import StudyStep, run_step
message = StudyStep.model_validate_json(Path(sys.argv[1]).read_text())
print(run_step(message, Path(sys.argv[2])).status)
"""


def workspace_of(workplace: Path, folder: Path) -> Workspace:
    study = read_study(workplace / "study.toml")
    return Workspace.open(study, StudyFolder(folder), workplace, Display(Console(file=io.StringIO())))


def arm_step(workspace: Workspace, arm: str) -> Step:
    teacher = workspace.identity.teacher(teacher_training(workspace.study, {})).key
    spec = next(spec for spec in plan_runs(workspace.study, {}) if spec.arm == arm)
    run = workspace.identity.arm(spec, teacher, workspace.token_budget)
    return Step.model_validate(
        {"kind": "arm", "run": run, "training": spec.training, "recipe": spec.recipe, "teacher": teacher}
    )


def logits(folder: StudyFolder, step: Step) -> dict[str, np.ndarray]:
    with np.load(folder.run(step.run.key) / "logits.npz", allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def test_another_process_makes_the_same_run_from_the_step_alone(workplace: Path) -> None:
    folder = StudyFolder(run_tiny(workplace))
    step = arm_step(workspace_of(workplace, folder.path), "even")
    here = logits(folder, step)
    folder.run(step.run.key).rename(workplace / "made here")
    message = StudyStep(study=read_study(workplace / "study.toml"), root=workplace, step=step)
    (workplace / "step.json").write_text(message.model_dump_json(), encoding="utf-8")
    command = [sys.executable, "-W", "ignore", "-c", ANOTHER_PROCESS, str(workplace / "step.json"), str(folder)]
    done = subprocess.run(command, cwd="/", check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["done"]
    there = logits(folder, step)
    assert here.keys() == there.keys() == {"validation", "test"}
    assert all(np.array_equal(here[name], there[name]) for name in here)


def test_a_step_that_is_done_is_not_made_again(workplace: Path) -> None:
    folder = StudyFolder(run_tiny(workplace))
    step = arm_step(workspace_of(workplace, folder.path), "lora")
    before = (folder.run(step.run.key) / "run.json").stat().st_mtime_ns
    message = StudyStep(study=read_study(workplace / "study.toml"), root=workplace, step=step)
    assert run_step(message, folder.path, Display(Console(file=io.StringIO()))).key == step.run.key
    assert (folder.run(step.run.key) / "run.json").stat().st_mtime_ns == before


def test_steps_can_be_made_one_by_one_without_a_runner(workplace: Path) -> None:
    workspace = workspace_of(workplace, workplace / "runs" / "tiny")
    training = teacher_training(workspace.study, {})
    teacher = Step(kind="teacher", run=workspace.identity.teacher(training), training=training)
    baseline = Step(kind="baseline", run=workspace.identity.baseline(BASELINES[0]), training=training)
    for step in (baseline, teacher, arm_step(workspace, "untrained-even")):
        assert not workspace.is_done(step.run.key)
        make_run(step, workspace)
        assert workspace.record(step.run.key).status == "done"
    assert workspace.record(baseline.run.key).cost.parameters == 2
    assert workspace.folder.model(teacher.run.key).is_dir()


def test_a_teacher_that_is_no_better_than_chance_teaches_nothing(workplace: Path) -> None:
    (workplace / "study.toml").write_text(STUDY.format(teacher_epochs="1\nlearning_rate = 1e-9"), encoding="utf-8")
    workspace = workspace_of(workplace, workplace / "runs" / "tiny")
    training = teacher_training(workspace.study, {})
    make_run(Step(kind="teacher", run=workspace.identity.teacher(training), training=training), workspace)
    with pytest.raises(GateError, match="not clearly above chance"):
        make_run(arm_step(workspace, "even"), workspace)


def test_sampled_rows_are_the_same_for_a_seed_and_in_order() -> None:
    rows = sample_rows(100, 10, seed=3)
    assert rows.tolist() == sorted(set(rows.tolist()))
    assert len(rows) == 10
    assert rows.tolist() == sample_rows(100, 10, seed=3).tolist()
    assert rows.tolist() != sample_rows(100, 10, seed=4).tolist()
    assert sample_rows(5, 10, seed=0).tolist() == [0, 1, 2, 3, 4]
