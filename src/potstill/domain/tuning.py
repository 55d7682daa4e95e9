"""What a search over LoRA's settings found."""

from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

from potstill.domain.notebook import Tabular


class Attempt(BaseModel):
    """One trial: its settings and the validation PR-AUC that it reached, or had when it was given up."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    settings: dict[str, JsonValue]
    pr_auc: float
    given_up: bool
    seconds: float
    failure: str = ""


class Tuning(BaseModel, Tabular):
    """All trials in the order in which they were made; the first has peft's usual settings.

    `importance` says how much of the spread between trials each setting explains (fANOVA; Hutter et al., 2014), adding
    up to 1; empty for too few trials to say. Scores are of validation, of one seed, on some of the training rows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    arm: str
    rows: int
    attempts: list[Attempt]
    importance: dict[str, float]

    def records(self) -> list[dict[str, Any]]:
        """The trials in the order in which they were made."""
        return [
            {"trial": trial.number, **trial.settings, "pr_auc": trial.pr_auc, "given_up": trial.given_up}
            for trial in self.attempts
        ]

    def caption(self) -> str:
        """What was tuned."""
        return f"Tuning {self.arm} on {self.rows:,} rows: the best trial is {self.best.number}"

    @property
    def best(self) -> Attempt:
        """The trial that reached most."""
        return max((trial for trial in self.attempts if not trial.given_up), key=lambda trial: trial.pr_auc)
