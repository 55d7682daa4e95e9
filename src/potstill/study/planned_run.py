"""A run that is to be made, with its name: everything that its result depends on, as one digest."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, JsonValue

from potstill.domain.baselines import TEACHER, Baseline
from potstill.domain.dataset import Dataset
from potstill.domain.normalise import NORMALISE_VERSION
from potstill.domain.run_key import RunKey
from potstill.domain.study_record import Role
from potstill.ledger.ledger import digest_of
from potstill.models.encoder import fingerprint
from potstill.recipes.base import BaseRecipe
from potstill.recipes.training import TrainingSettings
from potstill.study.config import Study
from potstill.study.model_sources import ModelSources
from potstill.study.plan import RunSpec, TrialSpec

Setting = BaseModel | JsonValue


class PlannedRun(BaseModel):
    """What is known of a run before it is made; `key.digest` stands for everything that its result depends on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: RunKey
    kind: str
    description: str
    settings: dict[str, JsonValue]
    waived: dict[str, str] = {}
    """Gates that would refuse it, with the reasons why not; no part of the digest."""
    role: Role = "control"
    seeded: bool = False
    """Whether another seed would have given another model."""


class RunIdentity:
    """Names the runs of one study: they share their rows, weights and threshold rule."""

    def __init__(self, study: Study, data: Dataset, sources: ModelSources) -> None:
        self._study, self._data, self._sources = study, data, sources
        self._circumstances: dict[str, JsonValue] = {
            "labels": list(data.task.labels),
            "positive": data.task.positive,
            "rows": [split.fingerprint() for split in (data.train, data.validation, data.test)],
            "categories": list(data.test.categories),
            "normalise": NORMALISE_VERSION,
            "threshold": study.threshold,
            "encoder": fingerprint(sources.encoder) if sources.encoder else None,
            "model": fingerprint(sources.model) if sources.model else None,
        }

    def baseline(self, baseline: Baseline) -> PlannedRun:
        """A row that needs no transformer."""
        decision = {"decision": "the most frequent label"} if baseline.kind == "majority" else {}
        return self._named(baseline.arm, baseline.kind, 0, baseline.description, decision)

    def teacher(self, training: TrainingSettings) -> PlannedRun:
        """The run that makes the teacher, or measures the one that was given."""
        if self._sources.model:
            return self._named(TEACHER, TEACHER, 0, "as given", {"max_length": training.max_length})
        seed, description = self._study.teacher.seed, "the encoder, fine-tuned in full"
        return self._named(TEACHER, TEACHER, seed, description, {"training": training})

    def trial(self, spec: TrialSpec, teacher: RunKey | None) -> PlannedRun:
        """One learning rate of the search."""
        assert self._study.search is not None, "there are trials only where there is a search"
        settings: dict[str, Setting] = {
            "method": spec.recipe, "training": spec.training, "rows": self._study.search.rows
        }  # fmt: skip
        if spec.recipe:
            settings |= self._own_encoder(spec.recipe)
        description = f"{spec.family} at learning rate {spec.training.learning_rate:g}"
        return self._named(spec.arm, "search", self._study.search.seed, description, settings, teacher)

    def arm(self, spec: RunSpec, teacher: RunKey, token_budget: int) -> PlannedRun:
        """One arm at one seed."""
        recipe, training = spec.recipe, spec.training
        settings: dict[str, Setting] = {"method": recipe, "training": training, **self._own_encoder(recipe)}
        if recipe.uses_unlabelled():
            settings["unlabelled"] = digest_of({"texts": list(self._data.unlabelled)})
        if recipe.epochs is not None and (training.budget == "equal" or recipe.uses_unlabelled()):
            settings["budget"] = token_budget  # epochs of the study's, which the arm's own hide in its settings
        kind = str(recipe.model_dump()["kind"])
        run = self._named(spec.arm, kind, spec.seed, recipe.describe(), settings, teacher)
        about = {"waived": self._study.waived(recipe), "role": recipe.role, "seeded": recipe.seeded()}
        return run.model_copy(update=about)

    def _own_encoder(self, recipe: BaseRecipe) -> dict[str, Setting]:
        """The fingerprint of the encoder that a recipe brings itself, if it does."""
        folder = self._sources.own_encoder(recipe)
        return {"encoder": fingerprint(folder)} if folder else {}

    def _named(
        self, arm: str, kind: str, seed: int, description: str, settings: Mapping[str, Setting],
        parent: RunKey | None = None,
    ) -> PlannedRun:  # fmt: skip
        """Name a run; `parent` is the teacher, for the runs that depend on it.

        Of a table only what differs from its defaults is part of the digest: a key that a later version adds would
        otherwise rename every run that there is. A default that changes needs another `ledger.FORMAT`.
        """
        identity: dict[str, JsonValue] = {
            "arm": arm, "kind": kind, "seed": seed, "parent": parent.digest if parent else "",
            "settings": {name: _plain(value, exclude_defaults=True) for name, value in settings.items()},
            **self._circumstances,
        }  # fmt: skip
        key = RunKey(arm=arm, seed=seed, digest=digest_of(identity))
        whole = {name: _plain(value) for name, value in settings.items()}
        return PlannedRun(key=key, kind=kind, description=description, settings=whole)


def _plain(setting: Setting, *, exclude_defaults: bool = False) -> JsonValue:
    if isinstance(setting, BaseModel):
        return setting.model_dump(mode="json", exclude_defaults=exclude_defaults)
    return setting
