"""What a bundle knows about itself: `bundle.json`."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, JsonValue, ValidationError, model_validator

from potstill.domain.errors import ModelError, in_short
from potstill.domain.language import LanguageCode
from potstill.domain.measures import Calibration, Measures, ThresholdPoint
from potstill.domain.normalise import NORMALISE_VERSION
from potstill.domain.notebook import Tabular
from potstill.domain.task import Task
from potstill.inference.engine import EngineName
from potstill.inference.reading import LongText

FORMAT = 2
"""Of `bundle.json`. Format 1 had no number, called the description `words` and counted `comments_per_second`."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EngineChecks(_Frozen):
    """How one engine's answers differ from the fp32 model's, measured when the bundle was made.

    On the validation rows: the share of rows decided otherwise, the change of PR-AUC with its 95 % interval, and the
    largest change of a probability. On texts in random batches (see `batch_flips`): what their neighbours did to them.
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
    texts_per_second: dict[str, float]
    """By kind of processor."""


MOST_PROBES = 256
ProbeText = Annotated[str, Field(max_length=20_000)]


class Probes(_Frozen):
    """Invented texts with the fp32 model's logits: any processor on which a bundle is opened must repeat them.

    Export writes 64 of 6,242 characters together; they are bounded, because whoever opens a bundle waits for them.
    """

    texts: Annotated[list[ProbeText], Field(min_length=1, max_length=MOST_PROBES, fail_fast=True)]
    logits: Annotated[list[list[FiniteFloat]], Field(max_length=MOST_PROBES)]


class ShortTexts(_Frozen):
    """How many of our own harmless short texts (greetings, thanks, numbers) the fp32 model flags, and some of them."""

    texts: int
    flagged: int
    such_as: list[str] = []


class MadeFrom(_Frozen):
    """The run of a study that a bundle was made from, and what the study had run by then."""

    study: str
    arm: str
    picked: bool
    """Whether it was the arm that the study picked, and not one named by hand."""
    run: str
    """The run's digest."""
    record_sha256: str
    """Of its `run.json`: another training of the same run has another."""
    runs: str
    """`StudyRecord.runs_digest`."""


class BundleInfo(_Frozen, Tabular):
    """Everything that is not weights or vocabulary."""

    format: Literal[2] = FORMAT
    name: str
    description: str
    """What the model is, in a line."""
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
    languages: tuple[LanguageCode, ...] = ()
    """Those of the texts that the model is for; empty where nobody declared them."""
    short_texts: ShortTexts | None = None
    """What becomes of harmless short texts; None where the model flags nothing, or is not for English."""
    provenance: dict[str, JsonValue] = {}
    made_from: MadeFrom | None = None
    """None for a model without a study, and in bundles of earlier versions."""
    blank: int = Field(default=0, ge=0)
    """The token that stands for a text without any, where the tokenizer adds none of its own."""

    def caption(self) -> str:
        """The model, its labels and its threshold."""
        threshold = self.calibration.threshold
        cut = f", threshold {threshold.value:.3f} ({threshold.rule})" if threshold else ""
        return f"{self.name}: {self.description}; labels {', '.join(self.task.labels)}{cut}"

    def records(self) -> list[dict[str, Any]]:
        """A line for each engine: its size, how far it lies from the fp32 model, its speed where it was made."""
        return [
            {
                "engine": name, "MB": round(engine.bytes / 1e6, 1), "decided otherwise": engine.checks.flips,
                "PR-AUC change": engine.checks.pr_auc_change,
                "texts/s": max(engine.texts_per_second.values(), default=None), "batches": engine.may_batch,
            }
            for name, engine in self.engines.items()
        ]  # fmt: skip

    @model_validator(mode="before")
    @classmethod
    def _from_format_1(cls, content: Any) -> Any:
        """Read what earlier versions wrote. What says another format is taken as it is, or refused by the field."""
        if not isinstance(content, dict) or cast(dict[str, Any], content).get("format", 1) != 1:
            return cast(Any, content)
        return _converted(cast(dict[str, Any], content))

    @model_validator(mode="after")
    def _check(self) -> Self:
        shapes = {len(row) for row in self.probes.logits}
        if len(self.probes.logits) != len(self.probes.texts) or shapes != {len(self.task.labels)}:
            raise ValueError("the probes' logits are not one row for each text, one value for each label")
        if len(self.calibration.thresholds) not in (0, len(self.task.labels) if self.task.multilabel else 0):
            raise ValueError("the thresholds are not one for each label of a multi-label task")
        return self


class _Numbered(BaseModel):
    """The format alone, so that a later one is told from a damaged file."""

    format: int = 1


def parse_info(content: bytes, path: Path) -> BundleInfo:
    """A bundle's description of itself from the `content` of its file, which lies at `path`.

    Raises:
        ModelError: it is damaged, of a later format or of another normalisation.
    """
    try:
        number = _Numbered.model_validate_json(content).format
        if number > FORMAT:
            raise ModelError(
                f"{path} is of format {number}, which a later potstill wrote; this version reads up to {FORMAT}: "
                "upgrade potstill"
            )
        info = BundleInfo.model_validate_json(content)
    except ValidationError as error:
        raise ModelError(f"{path} is damaged: {in_short(error)}; export the bundle again") from error
    if info.normalise != NORMALISE_VERSION:
        raise ModelError(
            f"{path.parent} was made with normalisation {info.normalise}; this version has {NORMALISE_VERSION}"
        )
    return info


def _converted(content: dict[str, Any]) -> dict[str, Any]:
    """A description of format 1 as one of format 2."""
    converted = {**content, "format": FORMAT}
    if "words" in converted:
        converted["description"] = converted.pop("words")
    engines = converted.get("engines")
    if isinstance(engines, dict):
        converted["engines"] = {name: _engine(engine) for name, engine in cast(dict[str, Any], engines).items()}
    if "torch" in converted:
        converted["torch"] = _engine(converted["torch"])
    return converted


def _engine(engine: Any) -> Any:
    """An engine of format 1, whose speed may have its older name."""
    if not isinstance(engine, dict) or "comments_per_second" not in engine:
        return cast(Any, engine)
    renamed = {**cast(dict[str, Any], engine)}
    renamed["texts_per_second"] = renamed.pop("comments_per_second")
    return renamed
