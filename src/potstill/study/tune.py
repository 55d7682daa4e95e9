"""Trying LoRA's settings one after another, the promising ones more often (Optuna)."""

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.importance import get_param_importances
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.trial import FrozenTrial, Trial, TrialState

from potstill.domain.errors import StudyError
from potstill.domain.tuning import Attempt, Tuning
from potstill.ledger.files import write_file
from potstill.ledger.ledger import Ledger, digest_of
from potstill.methods.bench import Bench, Made
from potstill.methods.lora import Lora
from potstill.models.classifier import quiet_transformers
from potstill.models.lora import target_choices
from potstill.study.config import Study
from potstill.study.execute import Conductor
from potstill.study.gates import refuse_blind_validation
from potstill.study.identity import Draft
from potstill.study.lab import Lab, Teacher
from potstill.study.materials import rows_of
from potstill.study.progress import Display
from potstill.training.loop import EpochScore

DONE = (TrialState.COMPLETE, TrialState.PRUNED)
FEWEST_FOR_IMPORTANCE = 6


def tune_study(study: Study, *, root: Path, runs: Path, display: Display) -> Tuning:
    """Search the settings of the study's LoRA arm, or go on with the search; what was found.

    `tuned.toml` in the study's folder is the winner as an arm, which a study names by `recipe`; `tuned.json` has every
    trial. The trials lie in `tune.db`, an Optuna study that its own tools open.

    Raises:
        StudyError: the study has no LoRA arm, or the search would begin outside of its own space.
    """
    folder = runs / study.name
    quiet_transformers()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    data, held = rows_of(study, root)
    refuse_blind_validation(data.validation, data.task)
    ledger = Ledger(folder / "ledger")
    with ledger.lock(), display.open():
        ledger.sweep()
        conductor = Conductor(study, Lab(study, data, ledger, display, root), folder, held)
        draft = conductor.draft_teacher()
        found = _Tuner(study, conductor.lab, draft, conductor.open_teacher(draft), folder).search()
    write_file(folder / "tuned.json", found.model_dump_json(indent=1).encode())
    write_file(folder / "tuned.toml", recipe_of(found, study).encode())
    return found


class _Tuner:
    """Asks Optuna for settings, tries them on some of the training rows, tells what they reached on validation."""

    def __init__(self, study: Study, lab: Lab, draft: Draft, teacher: Teacher, folder: Path) -> None:
        self._study, self._lab, self._teacher, self._how = study, lab, teacher, study.tune
        self._arm, self._method = _lora_of(study)
        self._targets = target_choices(teacher.classifier.model)
        rng = np.random.default_rng(self._how.seed)
        wanted = min(self._how.rows, len(lab.data.train))
        self._rows = np.sort(rng.permutation(len(lab.data.train))[:wanted])
        space = self._how.model_dump(mode="json", exclude={"trials", "minutes"})
        training = self._method.trained_as(study.training).model_dump(mode="json")
        method = self._method.model_dump(mode="json")
        name = digest_of({"teacher": draft.digest, "arm": method, "training": training, "space": space})
        folder.mkdir(parents=True, exist_ok=True)
        self._trials = optuna.create_study(
            storage=f"sqlite:///{folder / 'tune.db'}", study_name=f"{self._arm}-{name[:12]}", direction="maximize",
            sampler=TPESampler(seed=self._how.seed), pruner=MedianPruner(n_startup_trials=4), load_if_exists=True,
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
        method, training = self._method, self._method.trained_as(self._study.training)
        usual = {
            "r": method.r, "lora_alpha": method.lora_alpha, "lora_dropout": method.lora_dropout,
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
        own = self._method.target_modules or self._targets["query-value"]
        found = [name for name in self._how.targets if sorted(self._targets[name]) == sorted(own)]
        if not found:
            raise StudyError(f"[tune] targets = {self._how.targets} lacks the arm's own {own}; known: {self._targets}")
        return found[0]

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
        method = self._suggested(trial)
        done = len(self._trials.get_trials(deepcopy=False, states=DONE))
        label = f"[{done + 1}/{self._how.trials}] r={method.r}, alpha={method.lora_alpha}"
        try:
            steps = count(1)
            score = self._reached(label, method, lambda score: _report(trial, score, next(steps)))
        except optuna.TrialPruned:
            self._trials.tell(trial, state=TrialState.PRUNED)
            self._lab.display.say(f"{label}: given up")
            return
        except ValueError as error:  # a loss that is not finite: a bad rate is an answer too
            trial.set_user_attr("failure", str(error))
            score = 0.0
        except Exception:  # or the next start would take it up again, and fail again
            self._trials.tell(trial, state=TrialState.FAIL)
            raise
        self._trials.tell(trial, score)
        self._lab.display.say(f"{label}, learning rate {method.learning_rate:.1e}: validation PR-AUC {score:.3f}")

    def _suggested(self, trial: Trial) -> Lora:
        how = self._how
        settings = {
            "r": trial.suggest_categorical("r", how.r),
            "lora_alpha": trial.suggest_categorical("lora_alpha", how.lora_alpha),
            "lora_dropout": trial.suggest_float("lora_dropout", *how.lora_dropout),
            "learning_rate": trial.suggest_float("learning_rate", *how.learning_rate, log=True),
            "target_modules": self._targets[trial.suggest_categorical("targets", how.targets)],
        }
        return self._method.model_copy(update=settings)

    def _reached(self, label: str, method: Lora, on_score: Callable[[EpochScore], None]) -> float:
        def make(bench: Bench) -> Made:
            return method.make(bench, self._teacher.taught(self._rows), self._how.seed)

        training = method.trained_as(self._study.training)
        return self._lab.attempt(label, training, self._rows, self._how.seed, make, on_score)

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


def recipe_of(found: Tuning, study: Study) -> str:
    """The winner as a TOML file that a study's arm names."""
    _, method = _lora_of(study)
    settings = {**method.model_dump(mode="json", exclude_defaults=True), "kind": "lora", **found.best.settings}
    head = (
        f"# The best of {len(found.attempts)} trials on {found.rows:,} rows, by `potstill tune`: validation PR-AUC "
        f'{found.best.pr_auc:.3f}.\n# Name it in a study: [arms.tuned] recipe = "..."\n'
    )
    return head + "".join(f"{key} = {_toml(value)}\n" for key, value in settings.items() if value is not None)


def _toml(value: object) -> str:
    """Strings, numbers, booleans and lists of strings are written alike in TOML and JSON."""
    return json.dumps(value)
