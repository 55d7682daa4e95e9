"""What is saved beside a model's weights so that it decides as it was measured: `potstill.json` and a card."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from potstill.domain.errors import ModelError
from potstill.domain.measures import Calibration
from potstill.domain.normalise import NORMALISE_VERSION
from potstill.domain.task import Task

DECISION_FILE = "potstill.json"


class SavedDecision(BaseModel):
    """How a saved model's logits become a verdict."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: Task
    calibration: Calibration
    max_length: int
    waived: dict[str, str] = {}
    """Gates that would have refused the run that made the model, with the reasons why not: it is not exported."""
    normalise: int = NORMALISE_VERSION


def write_decision(folder: Path, decision: SavedDecision) -> None:
    """Put the decision into a model folder."""
    (folder / DECISION_FILE).write_text(decision.model_dump_json(indent=1), encoding="utf-8")


def read_decision(folder: Path) -> SavedDecision | None:
    """The decision in a model folder, or None for a model that potstill did not make."""
    path = folder / DECISION_FILE
    if not path.is_file():
        return None
    try:
        decision = SavedDecision.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise ModelError(f"{path} is damaged: {error}") from error
    if decision.normalise != NORMALISE_VERSION:
        raise ModelError(
            f"{path.parent} was made with normalisation {decision.normalise}, this version has {NORMALISE_VERSION}: "
            "its scores would not be the measured ones"
        )
    return decision


def model_card(name: str, words: str, task: Task, layers: str | None, waived: Mapping[str, str]) -> str:
    """A short model card; the study's report holds the figures."""
    kept = f"\nTeacher layers kept, counted from 0: {layers}.\n" if layers else ""
    return (
        f"---\nlibrary_name: transformers\npipeline_tag: text-classification\ntags: [potstill]\n---\n\n# {name}\n\n"
        f"{words[:1].upper()}{words[1:]}.\n{kept}\n{_warning(waived)}"
        f"Labels: {', '.join(task.labels)}. The temperature and the threshold that turn its logits into a decision "
        f"are in `{DECISION_FILE}`, fitted on the study's validation rows.\n"
    )


def _warning(waived: Mapping[str, str]) -> str:
    lines = "".join(f"- `{gate}`: {why}\n" for gate, why in waived.items())
    return f"**Not for use.** Refusals were waived to make it:\n\n{lines}\n" if waived else ""
