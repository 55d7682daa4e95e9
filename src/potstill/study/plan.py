"""What a study would run, as data, before a second is spent."""

from dataclasses import dataclass

from potstill.domain.errors import StudyError
from potstill.methods.bench import Method, Training
from potstill.study.config import SearchTable, Study


@dataclass(frozen=True)
class RunSpec:
    """One arm at one seed, with the training settings as they apply to it."""

    arm: str
    method: Method
    seed: int
    training: Training


@dataclass(frozen=True)
class Trial:
    """One learning rate of the search, tried on the first arm of a family; `method` None stands for the teacher."""

    family: str
    method: Method | None
    training: Training

    @property
    def arm(self) -> str:
        """The name it has in the ledger."""
        return f"search-{self.family}-{self.training.learning_rate:g}"


def plan_runs(study: Study, rates: dict[str, float]) -> list[RunSpec]:
    """Every arm at every seed, all arms of one seed before the next, then the seeds that only some arms have; `rates`
    are the families' found rates.

    An arm that no seed changes is run once.
    """
    arms = study.all_arms()
    specs: list[RunSpec] = []
    for position, seed in enumerate(study.seeds):
        for name, method in arms.items():
            if method.seeded() or position == 0:
                specs.append(RunSpec(name, method, seed if method.seeded() else 0, settings_of(study, method, rates)))
    specs += [
        RunSpec(name, arms[name], seed, settings_of(study, arms[name], rates))
        for name, seeds in study.more_seeds.items()
        if arms[name].seeded()
        for seed in seeds
    ]
    return specs


def refuse_misfits(study: Study, depth: int) -> None:
    """Raise StudyError where an arm's settings do not fit a teacher of `depth` layers, or the arm's training."""
    for spec in plan_runs(study, {}):
        try:
            spec.method.refuse(depth, spec.training)
        except StudyError as error:
            raise StudyError(f"[arms.{spec.arm}] {error}") from error


def settings_of(study: Study, method: Method, rates: dict[str, float]) -> Training:
    """The training settings of one arm: its own, over its family's found rate, over the study's."""
    training = method.trained_as(study.training)
    family = method.family()
    if method.learning_rate is None and family in rates:
        return training.model_copy(update={"learning_rate": rates[family]})
    return training


def teacher_training(study: Study, rates: dict[str, float]) -> Training:
    """The training settings of the teacher."""
    own = {"learning_rate": study.teacher.learning_rate or rates.get("teacher"), "epochs": study.teacher.epochs}
    found = {key: value for key, value in own.items() if value is not None}
    return study.training.model_copy(update={"budget": "epochs", **found})  # an equal budget is for the arms


def plan_trials(study: Study) -> list[Trial]:
    """The search's trials: every rate for the teacher (where it is trained here and has no rate of its own) and for
    each family of arms without a rate of their own, represented by its first arm."""
    if study.search is None:
        return []
    trials: list[Trial] = []
    if study.teacher.model is None and study.teacher.learning_rate is None:
        trials += _trials("teacher", None, teacher_training(study, {}), study.search)
    seen: set[str] = set()
    for method in study.all_arms().values():
        family = method.family()
        if family and family not in seen and method.learning_rate is None:
            seen.add(family)
            trials += _trials(family, method, method.trained_as(study.training), study.search)
    return trials


def _trials(family: str, method: Method | None, training: Training, search: SearchTable) -> list[Trial]:
    return [
        Trial(family, method, training.model_copy(update={"learning_rate": rate})) for rate in search.learning_rates
    ]
