"""Running a study from its file to its table, continuing where an earlier run of it stopped."""

from pathlib import Path

from potstill.analysis.pick import pick_arm
from potstill.data.mentions import Mentions
from potstill.domain.baselines import BASELINES
from potstill.domain.errors import StudyError
from potstill.domain.layer_search import LayerSearch
from potstill.domain.layers import LayerPlan
from potstill.domain.study_folder import StudyFolder
from potstill.domain.study_record import RateTrial
from potstill.ledger.files import write_file
from potstill.models.classifier import quiet_transformers
from potstill.study.config import Study
from potstill.study.datasets import rows_of
from potstill.study.gates import check_validation_labels
from potstill.study.layer_search import search_held
from potstill.study.plan import TrialSpec, check_arms_fit, plan_runs, plan_trials, teacher_training
from potstill.study.planned_run import PlannedRun
from potstill.study.progress import Display
from potstill.study.steps import Step, make_run
from potstill.study.subgroups import measure_groups, mentions_of
from potstill.study.summary import StudySummary, write_picked
from potstill.study.workspace import Teacher, Workspace


def run_study(study: Study, *, root: Path, runs: Path, display: Display) -> Path:
    """Run what of the study the ledger does not have yet; the study's folder, `runs/NAME`.

    Paths in the study are relative to `root`. A run that fails is written down with its reason and the rest go on;
    where all trials of a family fail there is no learning rate to go on with.

    Raises:
        PotstillError: the data, the teacher or the study itself is refused, or another process has the folder.
    """
    folder = StudyFolder(runs / study.name)
    quiet_transformers()
    data, held = rows_of(study, root)
    check_validation_labels(data.validation, data.task)
    mentions, data = mentions_of(study.subgroups, study.data, data, held, root) if study.subgroups else (None, data)
    for line in data.account.describe(data.task.labels):
        display.say(line)
    workspace = Workspace(study, data, held, folder, root, display)
    with workspace.ledger.lock(), display.open():
        workspace.ledger.sweep()
        check_arms_fit(study, workspace.sources.depth)
        StudyRunner(workspace, mentions).run()
    return folder.path


class StudyRunner:
    """Goes through a study in order: baselines, search for the teacher, teacher, its layers, search for the arms, arms.

    `mentions` are the rows that tell which subgroups errors hit, where the study asks.
    """

    def __init__(self, workspace: Workspace, mentions: Mentions | None = None) -> None:
        self.workspace, self.mentions = workspace, mentions
        self.study = workspace.study
        self.rates: dict[str, float] = {}
        self.trials: list[RateTrial] = []
        self.searches: list[LayerSearch] = []

    def run(self) -> None:
        """Run all of it."""
        baselines = [self._run_baseline(step) for step in self._baseline_steps()]
        teacher_step = self.plan_teacher()
        summary = StudySummary(self.workspace)
        if not summary.is_current():  # else what there is stands until all arms are known
            summary.write([*baselines, teacher_step.run], {}, [], [])
        teacher = self.open_teacher(teacher_step)
        self._choose_layers(teacher)
        self._search_rates([spec for spec in plan_trials(self.study) if spec.recipe is not None], teacher)
        arms = self._arm_steps(teacher)
        runs = [*baselines, teacher_step.run, *(step.run for step in arms)]
        summary.write(runs, self._layers_in_words(), self.trials, self.searches)
        for number, step in enumerate(arms, start=1):
            self._make_once(step, f"[{number}/{len(arms)}] {step.run.key}")
        if why_none := write_picked(self.workspace.folder, pick_arm).why_none:
            self.workspace.display.say(f"no arm is picked: {why_none}")
        self._measure_groups(
            [run for run in runs[len(baselines) :] if run is teacher_step.run or run.role != "control"]
        )

    # --- the teacher ----------------------------------------------------------------------------------------------

    def plan_teacher(self) -> Step:
        """The step that makes the teacher, at the learning rate that a search chooses, where the study has one."""
        self._search_rates([spec for spec in plan_trials(self.study) if spec.recipe is None], None)
        training = teacher_training(self.study, self.rates)
        return Step(kind="teacher", run=self.workspace.identity.teacher(training), training=training)

    def open_teacher(self, step: Step) -> Teacher:
        """The teacher, made where the ledger has none. Raises GateError where it is not clearly better than chance."""
        if not self.workspace.is_done(step.run.key):
            make_run(step, self.workspace)
        self._tell(step.run, "teacher")
        return self.workspace.teacher(step.run.key)

    # --- what is chosen before the arms ---------------------------------------------------------------------------

    def _choose_layers(self, teacher: Teacher) -> None:
        """Set the layers of the study's searched arms."""
        depth, held = self.workspace.sources.depth, self.workspace.held
        sizes = self.study.searched_sizes(depth)
        if held is None:
            return
        self.searches = search_held(self.workspace, teacher, held, sizes)
        for search in self.searches:
            best, count = list(search.best.kept), len(search.choices)
            self.workspace.display.say(
                f"layers: of {count:,} choices of {search.num_layers}, {best} answer most as the teacher"
            )
        self.study = self.study.with_layers({s.num_layers: s.best.kept for s in self.searches}, depth)

    def _search_rates(self, specs: list[TrialSpec], teacher: Teacher | None) -> None:
        """Run the trials and set each family's rate to the one with the best validation PR-AUC."""
        scores: dict[str, dict[float, float | None]] = {}
        reasons: dict[str, str] = {}
        parent = teacher.record.key if teacher else None
        for spec in specs:
            run = self.workspace.identity.trial(spec, parent)
            self._make_once(_trial_step(spec, run, teacher), run.description)
            record = self.workspace.record(run.key)
            reasons[spec.family] = record.reason
            score = record.validation.pr_auc if record.validation else None
            scores.setdefault(spec.family, {})[spec.training.learning_rate] = score
        for family, by_rate in scores.items():
            self._choose_rate(family, by_rate, reasons[family])

    def _choose_rate(self, family: str, by_rate: dict[float, float | None], reason: str) -> None:
        reached = {rate: score for rate, score in sorted(by_rate.items()) if score is not None}
        if not reached:
            raise StudyError(f"[search]: no learning rate of {sorted(by_rate)} led anywhere for {family}: {reason}")
        # The smaller rate wins a tie: the order of the file must not decide.
        best = self.rates[family] = max(reached, key=lambda rate: reached[rate])
        self.trials += [
            RateTrial(family=family, learning_rate=rate, validation_pr_auc=score, chosen=rate == best)
            for rate, score in by_rate.items()
        ]

    # --- runs -----------------------------------------------------------------------------------------------------

    def _baseline_steps(self) -> list[Step]:
        runs = [self.workspace.identity.baseline(baseline) for baseline in BASELINES]
        return [Step(kind="baseline", run=run, training=self.study.training) for run in runs]

    def _run_baseline(self, step: Step) -> PlannedRun:
        self._make_once(step, step.run.key.arm)
        return step.run

    def _arm_steps(self, teacher: Teacher) -> list[Step]:
        parent, budget = teacher.record.key, self.workspace.token_budget
        return [
            Step(
                kind="arm", run=self.workspace.identity.arm(spec, parent, budget), training=spec.training,
                recipe=spec.recipe, teacher=parent,  # type: ignore[arg-type]
            )
            for spec in plan_runs(self.study, self.rates)
        ]  # fmt: skip

    def _layers_in_words(self) -> dict[str, str]:
        depth = self.workspace.sources.depth
        plans = {name: recipe.plan(depth) for name, recipe in self.study.all_arms().items()}
        return {"teacher": str(LayerPlan.all_of(depth))} | {name: str(plan) for name, plan in plans.items() if plan}

    def _make_once(self, step: Step, label: str) -> None:
        """Make a run unless the ledger has it; a failure becomes a run with a reason."""
        if not self.workspace.is_done(step.run.key):
            try:
                make_run(step, self.workspace)
            except Exception as error:
                self.workspace.recorder.failed(step.run, error)
        self._tell(step.run, label)

    def _tell(self, run: PlannedRun, label: str) -> None:
        record = self.workspace.record(run.key)
        if record.status == "failed":
            self.workspace.display.say(f"{label}: failed: {record.reason}")
            return
        score = record.validation.pr_auc if record.validation else None
        shown = "undefined" if score is None else f"{score:.3f}"
        self.workspace.display.say(f"{label}: validation PR-AUC {shown}, {record.cost.train_seconds:.0f} s of training")

    def _measure_groups(self, runs: list[PlannedRun]) -> None:
        """Which subgroups the errors of the finished models hit, where the study asks."""
        if self.mentions is None:
            return
        self.workspace.display.say(f"subgroups: {len(self.mentions.texts):,} rows of {self.mentions.source}")
        done = [run for run in runs if self.workspace.record(run.key).status == "done"]
        areas = measure_groups(self.workspace, self.mentions, done)
        write_file(self.workspace.folder.subgroups_file, areas.model_dump_json().encode())


def _trial_step(spec: TrialSpec, run: PlannedRun, teacher: Teacher | None) -> Step:
    return Step(
        kind="trial", run=run, training=spec.training, recipe=spec.recipe,  # type: ignore[arg-type]
        teacher=teacher.record.key if teacher else None,
    )  # fmt: skip
