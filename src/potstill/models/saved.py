"""What is saved beside a model's weights so that it decides as it was measured: `potstill.json` and a card."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict

from potstill.domain.errors import ModelError, in_short
from potstill.domain.language import LanguageCode
from potstill.domain.measures import Calibration
from potstill.domain.normalise import NORMALISE_VERSION
from potstill.domain.task import Task
from potstill.models.folder_files import MOST_JSON, read_bytes

DECISION_FILE = "potstill.json"
FORMAT = 1
"""Of `potstill.json`. A file without the number is of format 1, as the first versions wrote it."""


class SavedDecision(BaseModel):
    """How a saved model's logits become a prediction."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = FORMAT
    task: Task
    calibration: Calibration
    max_length: int
    waived: dict[str, str] = {}
    """Gates that would have refused the run that made the model, with the reasons why not: it is not exported."""
    normalise: int = NORMALISE_VERSION
    languages: tuple[LanguageCode, ...] = ()
    """Those of the texts that the model is for; empty where nobody declared them."""


def write_decision(folder: Path, decision: SavedDecision) -> None:
    """Put the decision into a model folder."""
    (folder / DECISION_FILE).write_text(decision.model_dump_json(indent=1), encoding="utf-8")


def read_decision(folder: Path) -> SavedDecision | None:
    """The decision in a model folder, or None for a model that potstill did not make.

    Raises:
        ModelError: the file is damaged, of a later format, or of another normalisation than this version's.
    """
    path = folder / DECISION_FILE
    if not path.exists():
        return None
    try:
        content = read_bytes(path, MOST_JSON)
        _check_format(path, content)
        decision = SavedDecision.model_validate_json(content)
    except (ValueError, RecursionError) as error:  # pydantic's own among them
        raise ModelError(f"{path} is damaged: {in_short(error)}; take the one that the model was saved with") from error
    if decision.normalise != NORMALISE_VERSION:
        raise ModelError(
            f"{path.parent} was made with normalisation {decision.normalise}, this version has {NORMALISE_VERSION}: "
            "its scores would not be the measured ones"
        )
    return decision


def _check_format(path: Path, content: bytes) -> None:
    """Raise ModelError for the format of a later version; ValueError for what is not JSON."""
    parsed = json.loads(content)
    number = cast(dict[str, Any], parsed).get("format") if isinstance(parsed, dict) else None
    if isinstance(number, int) and number > FORMAT:
        raise ModelError(
            f"{path} is of format {number}, which a later potstill wrote; this version reads {FORMAT}: upgrade potstill"
        )


def model_card(name: str, description: str, task: Task, layers: str | None, waived: Mapping[str, str]) -> str:
    """A short model card; `description` says in a line what the model is, the study's report holds the figures."""
    kept = f"\nTeacher layers kept, counted from 0: {layers}.\n" if layers else ""
    return (
        f"---\nlibrary_name: transformers\npipeline_tag: text-classification\ntags: [potstill]\n---\n\n# {name}\n\n"
        f"{description[:1].upper()}{description[1:]}.\n{kept}\n{_warning(waived)}"
        f"Labels: {', '.join(task.labels)}. The temperature and the threshold that turn its logits into a decision "
        f"are in `{DECISION_FILE}`, fitted on the study's validation rows.\n"
    )


def _warning(waived: Mapping[str, str]) -> str:
    lines = "".join(f"- `{gate}`: {why}\n" for gate, why in waived.items())
    return f"**Not for use.** Refusals were waived to make it:\n\n{lines}\n" if waived else ""
