"""Running a study from its file to its table, continuing where an earlier run of it stopped."""

import traceback
from collections.abc import Callable
from pathlib import Path

from pydantic import JsonValue

from potstill.analysis.pick import pick_arm
from potstill.data.mentions import Mentions
from potstill.domain.dataset import Split
from potstill.domain.errors import StudyError
from potstill.domain.layer_search import LayerSearch
from potstill.domain.layers import LayerPlan
from potstill.domain.record import RunRecord
from potstill.domain.study_folder import StudyFolder
from potstill.domain.study_record import RateTrial, StudyRecord
from potstill.ledger.ledger import Ledger, write_file
from potstill.models.classifier import calm_transformers
from potstill.study.config import Study
from potstill.study.gates import refuse_blind_validation
from potstill.study.identity import Draft
from potstill.study.lab import Lab, Teacher
from potstill.study.materials import rows_of
from potstill.study.plan import Trial, plan_runs, plan_trials, refuse_misfits, teacher_training
from potstill.study.progress import Display
from potstill.study.provenance import provenance
from potstill.study.subgroups import measure_groups, mentions_of
from potstill.study.summary import is_summarised, write_record, write_rows, write_summary, write_texts

BASELINES = {
    "majority": ("majority", "always the most frequent label"),
    "tfidf-words": ("tfidf", "TF-IDF of words and pairs, logistic regression"),
    "tfidf-characters": ("tfidf", "TF-IDF of 2 to 5 characters, logistic regression"),
}


def run_study(study: Study, *, root: Path, runs: Path, display: Display) -> Path:
    """Run what of the study the ledger does not have yet; the study's folder, `runs/NAME`.

    Paths in the study are relative to `root`. A run that fails is written down with its reason and the rest go on;
    where all trials of a family fail there is no learning rate to go on with.

    Raises:
        PotstillError: the data, the teacher or the study itself is refused, or another process has the folder.
    """
    folder = runs / study.name
    calm_transformers()
    data, held = rows_of(study, root)
    refuse_blind_validation(data.validation, data.task)
    mentions, data = mentions_of(study.subgroups, study.data, data, held, root) if study.subgroups else (None, data)
    for line in data.account.describe(data.task.labels):
        display.say(line)
    ledger = Ledger(folder / "ledger")
    with ledger.lock(), display.open():
        ledger.sweep()
        lab = Lab(study, data, ledger, display, root)
        refuse_misfits(study, lab.depth)
        Conductor(study, lab, folder, held, mentions).play()
    return folder


class Conductor:
    """Goes through a study in order: baselines, search for the teacher, teacher, its layers, search for the arms, arms.

    `held` are the rows to choose layers on, where the study does, `mentions` those that tell whom errors hit.
    """

    def __init__(
        self, study: Study, lab: Lab, folder: Path, held: Split | None, mentions: Mentions | None = None
    ) -> None:
        self.study, self.lab, self.folder, self.held, self.mentions = study, lab, folder, held, mentions
        self.rates: dict[str, float] = {}
        self.searched: list[RateTrial] = []
        self.layers: dict[str, LayerSearch] = {}

    def play(self) -> None:
        """Run all of it."""
        runs = [self._baseline(arm) for arm in BASELINES]
        draft = self.draft_teacher()
        if not is_summarised(self.folder, self.lab.data):  # else what there is stands until all arms are known
            self._summarise([*runs, draft], {})
        teacher = self.open_teacher(draft)
        depth = self.lab.depth
        self.study = self._with_layers(draft, teacher, depth)
        trials = plan_trials(self.study)
        self._search([trial for trial in trials if trial.method is not None], draft, teacher)
        specs = [(spec, self.lab.run_draft(spec, draft)) for spec in plan_runs(self.study, self.rates)]
        plans = {draft.arm: LayerPlan.all_of(depth)}
        plans |= {name: plan for name, arm in self.study.all_arms().items() if (plan := arm.plan(depth))}
        everything = [*runs, draft, *(run for _, run in specs)]
        record = self._summarise(everything, {name: str(plan) for name, plan in plans.items()})
        for number, (spec, run) in enumerate(specs, start=1):
            label = f"[{number}/{len(specs)}] {run.arm}, seed {run.seed}"
            self._once(run, label, lambda spec=spec, run=run: self.lab.run(spec, run, teacher))
        self._measure_groups([draft, *(run for _, run in specs if run.role != "control")])
        picked = pick_arm(StudyFolder(self.folder), record)  # once, of all runs; everything else reads it
        write_record(self.folder, record.model_copy(update={"picked": picked}))

    def _measure_groups(self, runs: list[Draft]) -> None:
        """Whom the errors of the finished models hit, where the study asks."""
        if self.mentions is None:
            return
        self.lab.display.say(f"subgroups: {len(self.mentions.texts):,} rows of {self.mentions.source}")
        done = [run for run in runs if self.lab.ledger.read(run.arm, run.seed, run.digest).status == "done"]
        found = measure_groups(self.lab, self.mentions, done)
        write_file(self.folder / "subgroups.json", found.model_dump_json().encode())

    def _baseline(self, arm: str) -> Draft:
        kind, words = BASELINES[arm]
        settings: dict[str, JsonValue] = {"decision": "the most frequent label"} if kind == "majority" else {}
        draft = self.lab.namer.draft(arm, kind, 0, words, settings)
        self._once(draft, arm, lambda: self.lab.baseline(draft))
        return draft

    def draft_teacher(self) -> Draft:
        """The run of the teacher, at the learning rate that a search finds, where the study has one."""
        self._search([trial for trial in plan_trials(self.study) if trial.method is None], None, None)
        return self.lab.teacher_draft(teacher_training(self.study, self.rates))

    def open_teacher(self, draft: Draft) -> Teacher:
        """The teacher, made where the ledger has none. Raises GateError where it is not clearly better than chance."""
        if not self.lab.is_done(draft):
            self.lab.make_teacher(draft, teacher_training(self.study, self.rates))
        self._tell(draft, "teacher")
        return self.lab.open_teacher(draft)

    def _with_layers(self, draft: Draft, teacher: Teacher, depth: int) -> Study:
        """The study with the layers of its searched arms."""
        found: dict[int, LayerSearch] = {}
        if self.held is not None:
            searcher = self.lab.searcher(draft, teacher, self.held)
            found = {size: searcher.search(size) for size in self.study.searched_sizes(depth)}
        self.layers = {f"layers-{size}.json": search for size, search in found.items()}
        for size, search in found.items():
            best, odds = search.best, len(search.choices)
            self.lab.display.say(f"layers: of {odds:,} choices of {size}, {list(best.kept)} answer most as the teacher")
        return self.study.with_layers({size: search.best.kept for size, search in found.items()}, depth)

    def _search(self, trials: list[Trial], parent: Draft | None, teacher: Teacher | None) -> None:
        """Run the trials and set each family's rate to the one with the best validation PR-AUC."""
        scores: dict[str, dict[float, float | None]] = {}
        reasons: dict[str, str] = {}
        for trial in trials:
            draft = self.lab.trial_draft(trial, parent)
            self._once(draft, draft.words, lambda trial=trial, draft=draft: self.lab.trial(trial, draft, teacher))
            record = self.lab.ledger.read(draft.arm, draft.seed, draft.digest)
            score = record.validation.pr_auc if record.validation else None
            reasons[trial.family] = record.reason
            scores.setdefault(trial.family, {})[trial.training.learning_rate] = score
        for family, by_rate in scores.items():
            reached = {rate: score for rate, score in sorted(by_rate.items()) if score is not None}
            if not reached:
                raise StudyError(
                    f"[search]: no learning rate of {sorted(by_rate)} led anywhere for {family}: {reasons[family]}"
                )
            # The smaller rate wins a tie: the order of the file must not decide.
            self.rates[family] = max(reached, key=lambda rate: reached[rate])
            self.searched += [
                RateTrial(family=family, learning_rate=rate, validation_pr_auc=score, chosen=rate == self.rates[family])
                for rate, score in by_rate.items()
            ]

    def _once(self, draft: Draft, label: str, make: Callable[[], None]) -> None:
        """Make a run unless the ledger has it; a failure becomes a run with a reason."""
        if not self.lab.is_done(draft):
            try:
                make()
            except Exception as error:
                self._write_failure(draft, error)
        self._tell(draft, label)

    def _write_failure(self, draft: Draft, error: Exception) -> None:
        reason = f"{type(error).__name__}: {error}"
        record = RunRecord(
            arm=draft.arm, kind=draft.kind, seed=draft.seed, digest=draft.digest, status="failed", reason=reason,
            description=draft.words, settings=draft.settings, audit=traceback.format_exception(error)[-3:],
            provenance=provenance(self.study.training.precision),
        )  # fmt: skip
        with self.lab.ledger.writing(draft.arm, draft.seed, draft.digest) as folder:
            (folder / "run.json").write_text(record.model_dump_json(indent=1), encoding="utf-8")

    def _tell(self, draft: Draft, label: str) -> None:
        record = self.lab.ledger.read(draft.arm, draft.seed, draft.digest)
        if record.status == "failed":
            self.lab.display.say(f"{label}: failed: {record.reason}")
            return
        score = record.validation.pr_auc if record.validation else None
        shown = "undefined" if score is None else f"{score:.3f}"
        self.lab.display.say(f"{label}: validation PR-AUC {shown}, {record.cost.train_seconds:.0f} s of training")

    def _summarise(self, runs: list[Draft], layers: dict[str, str]) -> StudyRecord:
        """Write the study's own files. The rows' say which rows they are: a kill may fall between them."""
        write_rows(self.folder, self.lab.data)
        write_texts(self.folder, self.lab.data)
        for name, search in self.layers.items():
            write_file(self.folder / name, search.model_dump_json().encode())
        for path in self.folder.glob("layers-*.json"):
            if path.name not in self.layers:  # of the study as it was before
                path.unlink()
        return write_summary(self.folder, self.lab.study, self.lab.root, self.lab.data, runs, layers, self.searched)
