"""What a study would run, as data, before a second is spent."""

from dataclasses import dataclass

from potstill.domain.errors import StudyError
from potstill.recipes.base import BaseRecipe
from potstill.recipes.training import TrainingSettings
from potstill.study.config import Study
from potstill.study.tables import SearchTable


@dataclass(frozen=True)
class RunSpec:
    """One arm at one seed, with the training settings as they apply to it."""

    arm: str
    recipe: BaseRecipe
    seed: int
    training: TrainingSettings


@dataclass(frozen=True)
class TrialSpec:
    """One learning rate of the search, tried on the first arm of a family; `recipe` None stands for the teacher."""

    family: str
    recipe: BaseRecipe | None
    training: TrainingSettings

    @property
    def arm(self) -> str:
        """The name it has in the ledger."""
        return f"search-{self.family}-{self.training.learning_rate:g}"


def plan_runs(study: Study, rates: dict[str, float]) -> list[RunSpec]:
    """Every arm at every seed, all arms of one seed before the next, then the seeds that only some arms have; `rates`
    are those that a search chose for families.

    An arm that no seed changes is run once.
    """
    arms = study.all_arms()

    def spec(name: str, seed: int) -> RunSpec:
        recipe = arms[name]
        training = recipe.training_settings(study.training, rates.get(recipe.family() or ""))
        return RunSpec(name, recipe, seed if recipe.seeded() else 0, training)

    specs = [
        spec(name, seed)
        for position, seed in enumerate(study.seeds)
        for name, recipe in arms.items()
        if recipe.seeded() or position == 0
    ]
    more = [(name, seed) for name, seeds in study.more_seeds.items() if arms[name].seeded() for seed in seeds]
    return specs + [spec(name, seed) for name, seed in more]


def check_arms_fit(study: Study, depth: int) -> None:
    """Raise StudyError where an arm's settings do not fit a teacher of `depth` layers, or the arm's training."""
    for spec in plan_runs(study, {}):
        try:
            spec.recipe.check(depth, spec.training)
        except StudyError as error:
            raise StudyError(f"[arms.{spec.arm}] {error}") from error


def teacher_training(study: Study, rates: dict[str, float]) -> TrainingSettings:
    """The training settings of the teacher."""
    own = {"learning_rate": study.teacher.learning_rate or rates.get("teacher"), "epochs": study.teacher.epochs}
    settings = {key: value for key, value in own.items() if value is not None}
    return study.training.model_copy(update={"budget": "epochs", **settings})  # an equal budget is for the arms


def plan_trials(study: Study) -> list[TrialSpec]:
    """The search's trials: every rate for the teacher (where it is trained here and has no rate of its own) and for
    each family of arms without a rate of their own, represented by its first arm."""
    if study.search is None:
        return []
    trials: list[TrialSpec] = []
    if study.teacher.model is None and study.teacher.learning_rate is None:
        trials += _teacher_trials(study, study.search)
    seen: set[str] = set()
    for recipe in study.all_arms().values():
        family = recipe.family()
        if family and family not in seen and recipe.learning_rate is None:
            seen.add(family)
            trials += [
                TrialSpec(family, recipe, recipe.training_settings(study.training, rate))
                for rate in study.search.learning_rates
            ]
    return trials


def _teacher_trials(study: Study, search: SearchTable) -> list[TrialSpec]:
    return [TrialSpec("teacher", None, teacher_training(study, {"teacher": rate})) for rate in search.learning_rates]
