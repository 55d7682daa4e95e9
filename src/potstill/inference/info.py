"""What a bundle knows about itself: `bundle.json`."""

from typing import Annotated, Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, FiniteFloat, JsonValue, model_validator

from potstill.domain.measures import Calibration, Measures, ThresholdPoint
from potstill.domain.normalise import NORMALISE_VERSION
from potstill.domain.task import Task
from potstill.inference.engine import EngineName
from potstill.inference.reading import LongText


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EngineChecks(_Frozen):
    """How one engine's answers differ from the fp32 model's, measured when the bundle was made.

    On the validation rows: the share of rows decided otherwise, the change of PR-AUC with its 95 % interval, and the
    largest change of a probability. On texts in random company (see `batch_flips`): what their neighbours did to them.
    """

    largest_logit_difference: float
    largest_probability_difference: float
    flips: float
    pr_auc_change: float | None
    pr_auc_low: float | None
    pr_auc_high: float | None
    batch_flips: float
    """Share of texts decided otherwise in some batch than alone."""
    batch_probability_difference: float
    """The largest move of a probability between a batch and alone."""
    probe_difference: float = Field(ge=0, le=1, allow_inf_nan=False)
    """The largest move of a probe's probability."""


class EngineInfo(_Frozen):
    """One engine of a bundle: its size, its checks, its speed by processor, and whether it may batch."""

    bytes: int
    checks: EngineChecks
    may_batch: bool
    """False where an answer depends on the texts that share its batch: such an engine gets one text at a time."""
    texts_per_second: dict[str, float] = Field(validation_alias=AliasChoices("texts_per_second", "comments_per_second"))
    """By kind of processor. Bundles of format 1 that are older call it `comments_per_second`."""


class Probes(_Frozen):
    """Invented texts with the fp32 model's logits: any processor on which a bundle is opened must repeat them."""

    texts: Annotated[list[str], Field(min_length=1)]
    logits: list[list[FiniteFloat]]


class BundleInfo(_Frozen):
    """Everything that is not weights or vocabulary."""

    name: str
    words: str
    task: Task
    calibration: Calibration
    max_length: int
    long: LongText
    normalise: int = NORMALISE_VERSION
    layers: str
    engines: dict[EngineName, EngineInfo]
    torch: EngineInfo | None = None
    """The lab's own engine, measured and checked beside the others; it has no files here."""
    refused: dict[str, str] = {}
    """Engines that were tried and left out, each with the reason."""
    probes: Probes
    curve: list[ThresholdPoint] = []
    """What other thresholds mean on the validation rows, as the fp32 model reads them here; empty without labels."""
    measures: dict[str, Measures] = {}
    """By split, as the study measured the model; empty for a model without a study."""
    provenance: dict[str, JsonValue] = {}

    @model_validator(mode="after")
    def _check(self) -> Self:
        shapes = {len(row) for row in self.probes.logits}
        if len(self.probes.logits) != len(self.probes.texts) or shapes != {len(self.task.labels)}:
            raise ValueError("the probes' logits are not one row for each text, one value for each label")
        if len(self.calibration.thresholds) not in (0, len(self.task.labels) if self.task.multilabel else 0):
            raise ValueError("the thresholds are not one for each label of a multi-label task")
        return self
