"""What is measured about a classifier's answers, and what its training cost."""

from pydantic import BaseModel, ConfigDict, Field


class LabelMeasures(BaseModel):
    """Precision, recall and F1 of one label, weighted where the rows have weights."""

    model_config = ConfigDict(extra="forbid")

    label: str
    precision: float
    recall: float
    f1: float
    support: int
    """Rows that carry the label, unweighted."""
    pr_auc: float | None = None
    """Of this label against the rest."""


class Measures(BaseModel):
    """The quality of one set of logits on one split.

    `pr_auc` is the declared metric; None where it is undefined (a split without one of the labels). Everything that
    needs a decision (accuracy, precision, recall, F1, MCC) uses the shipped decision: the fitted threshold for a
    binary task, the largest logit for a multiclass one, each label's own threshold for a multi-label one. There
    accuracy and agreement count the rows that are right in every label, and MCC is the mean over labels.
    """

    model_config = ConfigDict(extra="forbid")

    rows: int
    accuracy: float
    macro_f1: float
    pr_auc: float | None
    roc_auc: float | None
    mcc: float
    per_label: list[LabelMeasures]
    agreement: float | None = None
    """Share of rows (weighted) decided as the teacher decides them; None where there was no teacher to compare with."""


class CategoryRecall(BaseModel):
    """How one category of rows fared: how many of its positives were found, how many of the others were flagged."""

    model_config = ConfigDict(extra="forbid")

    category: str
    positives: int
    negatives: int
    recall: float | None
    false_positive_rate: float | None


class Threshold(BaseModel):
    """The probability from which a text is called positive, and what that meant on validation."""

    model_config = ConfigDict(extra="forbid")

    value: float = Field(ge=0, le=1, allow_inf_nan=False)
    rule: str
    precision: float
    recall: float


class ThresholdPoint(BaseModel):
    """What one threshold means on validation rows; `precision` is None where nothing reaches it."""

    model_config = ConfigDict(extra="forbid")

    threshold: float
    precision: float | None
    recall: float


class ReliabilityBin(BaseModel):
    """A stretch of probability: the mean that was stated, how often it came true, its share of the rows."""

    model_config = ConfigDict(extra="forbid")

    stated: float
    true: float
    share: float


class Areas(BaseModel):
    """ROC-AUC around a group of rows: within it, its negatives among other positives (`bpsn`), its positives among
    other negatives (`bnsp`); None for too few rows."""

    model_config = ConfigDict(extra="forbid")

    subgroup: float | None
    bpsn: float | None
    bnsp: float | None


class GroupAreas(BaseModel):
    """The areas of one run, named by its digest, around the rows of one group in one source."""

    model_config = ConfigDict(extra="forbid")

    group: str
    source: str
    rows: int
    positives: int
    arm: str
    seed: int
    digest: str
    areas: Areas


class GroupFile(BaseModel):
    """All of a study's: `subgroups.json` beside its ledger."""

    model_config = ConfigDict(extra="forbid")

    runs: list[GroupAreas]


class Calibration(BaseModel):
    """What turns logits into a decision: softmax(logits / temperature), then the threshold (binary tasks only).

    A multi-label task has sigmoid(logits / temperature) and a threshold for each label, in their order.
    Fitted on validation alone. Temperature scaling: Guo et al., 2017, "On Calibration of Modern Neural Networks".
    """

    model_config = ConfigDict(extra="forbid")

    temperature: float = Field(default=1.0, ge=1e-3, le=1e3, allow_inf_nan=False)
    threshold: Threshold | None = None
    thresholds: list[Threshold] = []

    def pipeline_note(self) -> str:
        """How transformers' pipeline, which does not know of the temperature, comes to these probabilities."""
        if self.temperature == 1:
            return "transformers' `pipeline` gives the same probabilities."
        return (
            "transformers' `pipeline` does not know of the temperature: for these probabilities take its logits "
            f'(`function_to_apply="none"`) and divide them by {self.temperature:.4g}.'
        )


class CurvePoint(BaseModel):
    """The state of a training run after an epoch."""

    model_config = ConfigDict(extra="forbid")

    epoch: int
    step: int
    loss: float
    """Mean training loss of the epoch."""
    losses: dict[str, float] = {}
    """Mean of each part of it, unweighted: `ce`, `kl`, `cosine`, `hidden`."""
    validation_pr_auc: float | None = None
    sampled_accuracy: float | None = None
    """On a fixed sample of validation rows, by the largest logit."""


class Cost(BaseModel):
    """What a run took and what its model weighs."""

    model_config = ConfigDict(extra="forbid")

    parameters: int = 0
    trainable_parameters: int = 0
    bytes: int = 0
    """Size of the weights file on disk."""
    train_seconds: float = 0.0
    train_tokens: int = 0
    """Tokens through the model being trained, padding included."""
    texts_per_second: float | None = None
    """Test texts through the model in the lab's own evaluation loop, tokenisation excluded: one figure of one
    machine, good for a comparison within one study only."""
