"""What is written down about one run: the noun that the lab writes and the report reads."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from potstill.domain.layers import LayerPlan
from potstill.domain.measures import Calibration, CategoryRecall, Cost, CurvePoint, Measures

RunStatus = Literal["done", "failed"]


class RunRecord(BaseModel):
    """One arm at one seed, finished or failed with a reason.

    The per-example logits lie beside it in `logits.npz` as `validation` and `test`, (rows, labels) float32, in the row
    order of the study's `rows.npz`.
    """

    model_config = ConfigDict(extra="forbid")

    arm: str
    kind: str
    seed: int
    digest: str
    status: RunStatus
    reason: str = ""
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
