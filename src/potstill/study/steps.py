"""The steps of a study: each makes one run and writes it down.

A step is plain data, and any process on any machine that has the study's folder and its files can carry it out:
`run_step(step, folder)`. What a step needs beside itself lies in the folder: the teacher that it names was made before.
"""

from pathlib import Path
from time import perf_counter
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from rich.console import Console

from potstill.domain.baselines import BASELINES
from potstill.domain.errors import GateError, NotFiniteError, StudyError
from potstill.domain.measures import Cost
from potstill.domain.record import RunRecord
from potstill.domain.run_key import RunKey
from potstill.domain.study_folder import StudyFolder
from potstill.methods.baselines import baseline_logits
from potstill.methods.context import TrainedModel, TrainingContext
from potstill.methods.teacher import fine_tune_teacher
from potstill.methods.union import make_model
from potstill.models.classifier import Classifier, count_parameters, labels_of, open_classifier, quiet_transformers
from potstill.models.folder_checks import CONFIG
from potstill.models.label_names import declare_problem
from potstill.models.problem import check_declared
from potstill.recipes.training import TrainingSettings
from potstill.recipes.union import Recipe
from potstill.study.config import Study
from potstill.study.gates import check_fine_tuned, check_trained_count
from potstill.study.planned_run import PlannedRun
from potstill.study.progress import Display
from potstill.study.workspace import Workspace

StepKind = Literal["baseline", "teacher", "trial", "arm"]


class Step(BaseModel):
    """One run to be made. `recipe` is None for a baseline, the teacher, and a trial of the teacher's learning rate;
    `teacher` is the run of the teacher, where the step needs it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: StepKind
    run: PlannedRun
    training: TrainingSettings
    recipe: Recipe | None = None
    teacher: RunKey | None = None


class StudyStep(BaseModel):
    """A step with the study that it belongs to: all that another process has to be told. Paths in the study are
    relative to `root`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    study: Study
    root: Path
    step: Step


def run_step(message: StudyStep, folder: Path, display: Display | None = None) -> RunRecord:
    """Carry a step out in a process of its own, in the study's `folder`; what was written down.

    Nothing is made again that the ledger has. Raises PotstillError where the study's files are not there, and whatever
    the step raises: it is for the caller to record a failure.
    """
    quiet_transformers()
    shown = display or Display(Console(stderr=True))
    workspace = Workspace.open(message.study, StudyFolder(folder), message.root, shown)
    if not workspace.is_done(message.step.run.key):
        make_run(message.step, workspace)
    return workspace.record(message.step.run.key)


def make_run(step: Step, workspace: Workspace) -> None:
    """Carry a step out and write its run down."""
    steps = {"baseline": run_baseline, "teacher": run_teacher, "trial": run_trial, "arm": run_arm}
    steps[step.kind](step, workspace)


def run_baseline(step: Step, workspace: Workspace) -> None:
    """The majority class, or TF-IDF and logistic regression."""
    baseline = next(baseline for baseline in BASELINES if baseline.arm == step.run.key.arm)
    started = perf_counter()
    answer = baseline_logits(baseline, workspace.data)
    seconds = perf_counter() - started
    evaluation = workspace.evaluator.evaluate_logits(step.run.kind, answer.validation, answer.test)
    count = answer.parameters
    cost = Cost(parameters=count, trainable_parameters=count, train_seconds=seconds)
    workspace.recorder.done(step.run, evaluation, cost)


def run_teacher(step: Step, workspace: Workspace) -> None:
    """Fine-tune the teacher, or open the one that was given, and measure it. Raises GateError for a random head, and
    for one whose loss or answers are not finite."""
    name = workspace.study.teacher.model or workspace.study.teacher.encoder
    try:
        model = _given_teacher(workspace) if workspace.sources.model else _fine_tuned(step, workspace, None)
        _record_model(step, workspace, model)
    except NotFiniteError as error:
        raise GateError(f"the teacher, {name}: {error}") from error


def run_trial(step: Step, workspace: Workspace) -> None:
    """Try one learning rate on some training rows; only validation is looked at."""
    search = workspace.study.search
    assert search is not None, "there are trials only where there is a search"
    rows = sample_rows(len(workspace.data.train), search.rows, search.seed)
    if step.recipe is None or step.teacher is None:
        model = _fine_tuned(step, workspace, rows)
    else:
        recipe, signal, seed = step.recipe, workspace.teacher(step.teacher).signal(rows), step.run.key.seed
        context = workspace.context(step.training, rows)
        model = workspace.make(
            step.run.description, context, seed, lambda context: make_model(recipe, context, signal, seed)
        )
    validation = workspace.evaluator.logits(model.classifier, "validation")
    evaluation = workspace.evaluator.evaluate_logits(step.run.kind, validation)
    workspace.recorder.done(step.run, evaluation, _cost_of(model), model)


def run_arm(step: Step, workspace: Workspace) -> None:
    """Make one arm at one seed and measure it. Raises GateError where it trained other than its recipe implies."""
    assert step.recipe is not None, "an arm has a recipe"
    assert step.teacher is not None, "an arm has a teacher"
    recipe, seed = step.recipe, step.run.key.seed
    teacher = workspace.teacher(step.teacher)
    context, signal = workspace.context(step.training), teacher.signal()
    if recipe.uses_unlabelled():
        context, signal = workspace.with_unlabelled(context), teacher.signal(more=workspace.unlabelled_logits(teacher))
    model = workspace.make(str(step.run.key), context, seed, lambda context: make_model(recipe, context, signal, seed))
    check_trained_count(step.run.key.arm, recipe, model)
    _record_model(step, workspace, model)


def sample_rows(count: int, wanted: int, seed: int) -> NDArray[np.int64]:
    """At most `wanted` of `count` rows, drawn by the seed, in their order."""
    return np.sort(np.random.default_rng(seed).permutation(count)[: min(wanted, count)])


def _fine_tuned(step: Step, workspace: Workspace, rows: NDArray[np.int64] | None) -> TrainedModel:
    def make(context: TrainingContext) -> TrainedModel:
        return fine_tune_teacher(context, step.run.key.seed)

    label = step.run.key.arm if step.kind == "teacher" else step.run.description
    return workspace.make(label, workspace.context(step.training, rows), step.run.key.seed, make)


def _given_teacher(workspace: Workspace) -> TrainedModel:
    folder, name = workspace.sources.model, str(workspace.study.teacher.model)
    assert folder is not None, "asked only where a model is given"
    opened = open_classifier(folder)
    check_fine_tuned(opened.fresh, name)
    check_declared(opened.model, workspace.data.task, folder / CONFIG, workspace.study.teacher.problem)
    _check_labels(opened, workspace)
    declare_problem(opened.model, workspace.data.task)
    return TrainedModel(opened, (count_parameters(opened.model)[0], 0))


def _check_labels(opened: Classifier, workspace: Workspace) -> None:
    labels, wanted = labels_of(opened.model), list(workspace.data.task.labels)
    if labels != wanted:
        raise StudyError(
            f"the teacher's labels are {labels}, the data's {wanted}: name them alike and in that order with "
            "[data] labels"
        )


def _record_model(step: Step, workspace: Workspace, model: TrainedModel) -> None:
    reference = workspace.teacher(step.teacher) if step.teacher else None
    evaluation = workspace.evaluator.evaluate(model.classifier, step.run.kind, reference)
    workspace.recorder.done(step.run, evaluation, _cost_of(model), model, keep_model=True)


def _cost_of(model: TrainedModel) -> Cost:
    total, trainable = model.parameters
    seconds, tokens = (model.training.seconds, model.training.tokens) if model.training else (0.0, 0)
    return Cost(parameters=total, trainable_parameters=trainable, train_seconds=seconds, train_tokens=tokens)
