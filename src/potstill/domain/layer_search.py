"""What a search for the layers to keep found."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from potstill.domain.errors import StudyError
from potstill.domain.layers import LayerRule, plan_layers
from potstill.domain.notebook import Tabular

RULES: tuple[LayerRule, ...] = ("even", "odd", "first", "last", "spread")


Novelty = Literal["held out", "not trained on", "not known", "trained on"]
"""Whether a model was trained on rows: a study held them out from all training; they are none of those that it is known
to have been trained on; nobody says; or it was trained on some of them."""


class Choice(BaseModel):
    """Some of the teacher's layers and how near their answers come to its own before anything is trained.

    `kl` is the mean over rows of the KL divergence from the teacher's answer to theirs, in nats.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kept: tuple[int, ...]
    kl: float
    pr_auc: float | None


class LayerSearch(BaseModel, Tabular):
    """All choices that were tried, the nearest first, on `rows` rows; `novelty` says whether the model knows them.

    `influence` is each layer's (Men et al., 2024); `without` has, for each layer, all layers but it; `greedy` is what
    is left when again and again the layer goes whose absence changes the answers least.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    depth: int
    num_layers: int
    rows: int
    novelty: Novelty = "held out"
    trained_on: int = 0
    """Rows that it was trained on: among `rows`, or left out where `novelty` is "not trained on"."""
    pr_auc: float | None
    """The teacher's."""
    chance: float | None = None
    """The PR-AUC of a model that tells no row from another; None in searches of earlier versions."""
    choices: list[Choice]
    influence: list[float]
    without: list[Choice]
    greedy: Choice

    @property
    def best(self) -> Choice:
        """The choice whose answers are nearest to the teacher's."""
        return self.choices[0]

    @property
    def tells_nothing(self) -> bool:
        """Whether the teacher tells these rows apart no better than chance: then every choice answers as it does."""
        return self.chance is not None and self.pr_auc is not None and self.pr_auc <= self.chance + 1e-9

    def records(self) -> list[dict[str, Any]]:
        """The choices, the nearest first."""
        return [choice.model_dump() for choice in self.choices]

    def caption(self) -> str:
        """What was chosen from."""
        return f"{self.num_layers} of {self.depth} layers, untrained, on {self.rows:,} rows"

    def rank(self, kept: tuple[int, ...]) -> int:
        """The place of a choice among all, from 1. Raises ValueError for one that was not tried."""
        return 1 + [choice.kept for choice in self.choices].index(kept)

    def named(self) -> dict[str, tuple[int, ...]]:
        """The choices that have a name: the rules that fit, what greedy elimination leaves, the most influential."""
        choices: dict[str, tuple[int, ...]] = {}
        for rule in RULES:
            try:
                choices[rule] = plan_layers(rule, self.depth, self.num_layers).kept
            except StudyError:
                continue  # even and odd need exactly half
        by_influence = sorted(range(self.depth), key=lambda layer: -self.influence[layer])
        return choices | {"greedy": self.greedy.kept, "influence": tuple(sorted(by_influence[: self.num_layers]))}
