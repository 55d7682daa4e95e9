"""Trying LoRA's settings one after another, the promising ones more often (Optuna)."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import optuna
from optuna.importance import get_param_importances
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.trial import FrozenTrial, Trial, TrialState

from potstill.domain.errors import NotFiniteError, StudyError
from potstill.domain.study_folder import StudyFolder
from potstill.domain.tuning import Attempt, Tuning
from potstill.ledger.files import write_file
from potstill.ledger.ledger import digest_of
from potstill.methods.context import TrainedModel, TrainingContext
from potstill.methods.union import make_model
from potstill.models.classifier import Classifier, quiet_transformers
from potstill.models.lora_targets import target_choices
from potstill.recipes.lora import Lora
from potstill.study.config import Study
from potstill.study.datasets import rows_of
from potstill.study.gates import TIE, chance_of, check_validation_labels
from potstill.study.progress import Display
from potstill.study.runner import StudyRunner
from potstill.study.steps import sample_rows
from potstill.study.workspace import Teacher, Workspace
from potstill.training.loop import EpochScore

DONE = (TrialState.COMPLETE, TrialState.PRUNED)
FEWEST_FOR_IMPORTANCE = 6


def tune_study(study: Study, *, root: Path, runs: Path, display: Display) -> Tuning:
    """Search the settings of the study's LoRA arm, or go on with the search; what was found.

    `tuned.toml` in the study's folder is the winner as an arm, which a study names by `recipe`; `tuned.json` has every
    trial. The trials lie in `tune.db`, an Optuna study that its own tools open.

    Raises:
        StudyError: the study has no LoRA arm, the search would begin outside of its own space, or no trial came above
            chance: then there is no winner.
    """
    folder = StudyFolder(runs / study.name)
    quiet_transformers()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    data, held = rows_of(study, root)
    check_validation_labels(data.validation, data.task)
    workspace = Workspace(study, data, held, folder, root, display)
    with workspace.ledger.lock(), display.open():
        workspace.ledger.sweep()
        runner = StudyRunner(workspace)
        tuning = _Tuner(workspace, runner.open_teacher(runner.plan_teacher())).search()
    write_file(folder.tuning_file, tuning.model_dump_json(indent=1).encode())
    check_tuning(tuning, chance_of(data.validation, data.task), folder)
    write_file(folder.tuned_recipe_file, recipe_of(tuning, study).encode())
    return tuning


class _Tuner:
    """Asks Optuna for settings, tries them on some of the training rows, tells what they reached on validation."""

    def __init__(self, workspace: Workspace, teacher: Teacher) -> None:
        study = workspace.study
        self._study, self._workspace, self._teacher, self._how = study, workspace, teacher, study.tune
        self._arm, self._recipe = _lora_of(study)
        self._targets = target_choices(teacher.classifier.model)
        self._rows = sample_rows(len(workspace.data.train), self._how.rows, self._how.seed)
        space = self._how.model_dump(mode="json", exclude={"trials", "minutes"})
        training = self._recipe.training_settings(study.training).model_dump(mode="json")
        recipe = self._recipe.model_dump(mode="json")
        name = digest_of({"teacher": teacher.record.digest, "arm": recipe, "training": training, "space": space})
        self._trials = optuna.create_study(
            storage=f"sqlite:///{workspace.folder.tuning_database}", study_name=f"{self._arm}-{name[:12]}",
            direction="maximize", sampler=TPESampler(seed=self._how.seed),
            pruner=MedianPruner(n_startup_trials=4), load_if_exists=True,
        )  # fmt: skip

    def search(self) -> Tuning:
        """Try until the trials or the minutes are spent."""
        self._take_up_what_was_cut()
        if not self._trials.get_trials(deepcopy=False, states=[*DONE, TrialState.WAITING]):
            self._trials.enqueue_trial(self._usual())
        while self._has_budget():
            self._try(self._trials.ask())
        return self._summed_up()

    def _usual(self) -> dict[str, Any]:
        """Where the search begins: the arm's own settings, peft's usual ones unless the study says otherwise."""
        recipe = self._recipe
        training = recipe.training_settings(self._study.training)
        usual = {
            "r": recipe.r, "lora_alpha": recipe.lora_alpha, "lora_dropout": recipe.lora_dropout,
            "learning_rate": training.learning_rate, "targets": self._usual_targets(),
        }  # fmt: skip
        for key in ("r", "lora_alpha"):
            if usual[key] not in getattr(self._how, key):
                raise StudyError(f"[tune] {key} = {getattr(self._how, key)} lacks the arm's own {usual[key]}")
        for key in ("lora_dropout", "learning_rate"):
            low, high = getattr(self._how, key)
            if not low <= usual[key] <= high:
                raise StudyError(f"[tune] {key} from {low:g} to {high:g} does not hold the arm's own {usual[key]:g}")
        return usual

    def _usual_targets(self) -> str:
        """The choice that the arm's own modules are; without any they are peft's, query and value."""
        own = self._recipe.target_modules or self._targets["query-value"]
        matching = [name for name in self._how.targets if sorted(self._targets[name]) == sorted(own)]
        if not matching:
            raise StudyError(f"[tune] targets = {self._how.targets} lacks the arm's own {own}; known: {self._targets}")
        return matching[0]

    def _take_up_what_was_cut(self) -> None:
        """A trial that a killed process left is failed, and its settings are tried again first."""
        for trial in self._trials.get_trials(deepcopy=False, states=[TrialState.RUNNING]):
            self._trials.tell(trial.number, state=TrialState.FAIL)
            self._trials.enqueue_trial(trial.params)

    def _has_budget(self) -> bool:
        done = self._trials.get_trials(deepcopy=False, states=DONE)
        spent = sum((trial.duration or timedelta() for trial in done), timedelta())
        in_time = self._how.minutes is None or spent < timedelta(minutes=self._how.minutes)
        return len(done) < self._how.trials and in_time

    def _try(self, trial: Trial) -> None:
        recipe = self._suggested(trial)
        done = len(self._trials.get_trials(deepcopy=False, states=DONE))
        label = f"[{done + 1}/{self._how.trials}] r={recipe.r}, alpha={recipe.lora_alpha}"
        try:
            steps = count(1)
            score = self._reached(label, recipe, lambda score: _report(trial, score, next(steps)))
        except optuna.TrialPruned:
            self._trials.tell(trial, state=TrialState.PRUNED)
            self._workspace.display.say(f"{label}: given up")
            return
        except NotFiniteError as error:  # a loss that is not finite: a bad rate is an answer too
            trial.set_user_attr("failure", str(error))
            score = 0.0
        except Exception:  # or the next start would take it up again, and fail again
            self._trials.tell(trial, state=TrialState.FAIL)
            raise
        self._trials.tell(trial, score)
        self._workspace.display.say(f"{label}, learning rate {recipe.learning_rate:.1e}: validation PR-AUC {score:.3f}")

    def _suggested(self, trial: Trial) -> Lora:
        how = self._how
        settings = {
            "r": trial.suggest_categorical("r", how.r),
            "lora_alpha": trial.suggest_categorical("lora_alpha", how.lora_alpha),
            "lora_dropout": trial.suggest_float("lora_dropout", *how.lora_dropout),
            "learning_rate": trial.suggest_float("learning_rate", *how.learning_rate, log=True),
            "target_modules": self._targets[trial.suggest_categorical("targets", how.targets)],
        }
        return self._recipe.model_copy(update=settings)

    def _reached(self, label: str, recipe: Lora, on_score: Callable[[EpochScore], None]) -> float:
        """The validation PR-AUC of a model made on some training rows, 0 where undefined; nothing is written down.
        `on_score` hears it after each epoch, and may raise to give up."""
        score, seed = self._workspace.evaluator.score, self._how.seed

        def score_and_tell(classifier: Classifier) -> EpochScore:
            reached = score(classifier)
            on_score(reached)
            return reached

        def make(context: TrainingContext) -> TrainedModel:
            return make_model(recipe, context, self._teacher.signal(self._rows), seed)

        context = self._workspace.context(recipe.training_settings(self._study.training), self._rows)
        model = self._workspace.make(label, replace(context, score=score_and_tell), seed, make)
        return score(model.classifier).pr_auc or 0.0

    def _summed_up(self) -> Tuning:
        done = self._trials.get_trials(deepcopy=False, states=DONE)
        complete = [trial for trial in done if trial.state == TrialState.COMPLETE]
        importance: dict[str, float] = {}
        if len(complete) >= FEWEST_FOR_IMPORTANCE:
            importance = dict(get_param_importances(self._trials))
        attempts = [self._attempt(number, trial) for number, trial in enumerate(done, start=1)]
        return Tuning(arm=self._arm, rows=len(self._rows), attempts=attempts, importance=importance)

    def _attempt(self, number: int, trial: FrozenTrial) -> Attempt:
        settings = {key: value for key, value in trial.params.items() if key != "targets"}
        return Attempt(
            number=number,
            settings={**settings, "target_modules": list(self._targets[trial.params["targets"]])},
            pr_auc=trial.value if trial.value is not None else max(trial.intermediate_values.values(), default=0.0),
            given_up=trial.state == TrialState.PRUNED,
            seconds=(trial.duration or timedelta()).total_seconds(),
            failure=trial.user_attrs.get("failure", ""),
        )


def check_tuning(tuning: Tuning, chance: float, folder: StudyFolder) -> None:
    """Raise StudyError where the best trial tells rows apart no better than chance: that is no winner."""
    if tuning.best.pr_auc <= chance + TIE:
        raise StudyError(
            f"no trial came above chance: the best of {len(tuning.attempts)} reaches a validation PR-AUC of "
            f"{tuning.best.pr_auc:.3f}, chance {chance:.3f}. Widen [tune] learning_rate or give it more rows; all "
            f"trials are in {folder.tuning_file}"
        )


def _report(trial: Trial, score: EpochScore, step: int) -> None:
    """Tell Optuna how far a trial has come; raises TrialPruned where others had come further by then."""
    trial.report(score.pr_auc or 0.0, step)
    if trial.should_prune():
        raise optuna.TrialPruned


def _lora_of(study: Study) -> tuple[str, Lora]:
    """The arm that is tuned. Raises StudyError where there is none."""
    arms = {name: arm for name, arm in study.arms.items() if isinstance(arm, Lora)}
    wanted = study.tune.arm or next(iter(arms), None)
    if wanted not in arms:
        known = ", ".join(arms) or "none"
        raise StudyError(f'`potstill tune` needs an arm of kind = "lora"; {study.name} has {known}')
    return wanted, arms[wanted]


def recipe_of(tuning: Tuning, study: Study) -> str:
    """The winner as a TOML file that a study's arm names."""
    _, recipe = _lora_of(study)
    settings = {**recipe.model_dump(mode="json", exclude_defaults=True), "kind": "lora", **tuning.best.settings}
    head = (
        f"# The best of {len(tuning.attempts)} trials on {tuning.rows:,} rows, by `potstill tune`: validation PR-AUC "
        f'{tuning.best.pr_auc:.3f}.\n# Name it in a study: [arms.tuned] recipe = "..."\n'
    )
    return head + "".join(f"{key} = {_toml(value)}\n" for key, value in settings.items() if value is not None)


def _toml(value: object) -> str:
    """Strings, numbers, booleans and lists of strings are written alike in TOML and JSON."""
    return json.dumps(value)
