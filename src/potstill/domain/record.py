"""What is written down about one run: the noun that the lab writes and the report reads."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, JsonValue, model_validator

from potstill.domain.layers import LayerPlan
from potstill.domain.measures import Calibration, CategoryRecall, Cost, CurvePoint, Measures
from potstill.domain.run_key import RunKey

FORMAT = 2
"""Of `run.json`. Format 1 had no number, its description among the settings, and counted `comments_per_second`."""
RunStatus = Literal["done", "failed"]


class RunRecord(BaseModel):
    """One arm at one seed, finished or failed with a reason.

    The per-example logits lie beside it in `logits.npz` as `validation` and `test`, (rows, labels) float32, in the row
    order of the study's `rows.npz`.
    """

    model_config = ConfigDict(extra="forbid")

    format: Literal[2] = FORMAT
    arm: str
    kind: str
    seed: int
    digest: str
    status: RunStatus
    reason: str = ""
    description: str = ""
    """What the arm is, in a line."""
    layers: LayerPlan | None = None
    settings: dict[str, JsonValue] = {}
    training_loss: float | None = None
    curve: list[CurvePoint] = []
    cost: Cost = Cost()
    calibration: Calibration = Calibration()
    validation: Measures | None = None
    test: Measures | None = None
    categories: list[CategoryRecall] = []
    audit: list[str] = []
    """What the run said about itself and a reader should see: peft's parameter line, the proof of a merge."""
    waived: dict[str, str] = {}
    """Gates that would have refused this run, each with the reason why the study waived it: it never wins."""
    provenance: dict[str, str] = {}
    files: dict[str, str] = {}
    """SHA-256 of each file beside it that a report reads, by name."""
    seal: str = ""
    """SHA-256 of the rest of the record (`ledger.seals`); empty in what an earlier version wrote."""

    @model_validator(mode="before")
    @classmethod
    def _from_format_1(cls, content: Any) -> Any:
        """Read what earlier versions wrote. What says its format is taken as it is, or refused by the field."""
        if not isinstance(content, dict) or "format" in content or "settings" not in content:
            return content  # pyright: ignore[reportUnknownVariableType]
        return _converted(content)  # pyright: ignore[reportUnknownArgumentType]

    @property
    def key(self) -> RunKey:
        """The name of the run."""
        return RunKey(arm=self.arm, seed=self.seed, digest=self.digest)


def _converted(content: dict[str, Any]) -> dict[str, Any]:
    """A record of format 1 as one of format 2."""
    settings = dict(content["settings"])
    if "words" not in settings:
        return content
    description, cost = settings.pop("words"), dict(content.get("cost", {}))
    if "comments_per_second" in cost:
        cost["texts_per_second"] = cost.pop("comments_per_second")
    return {**content, "format": FORMAT, "settings": settings, "description": description, "cost": cost}
