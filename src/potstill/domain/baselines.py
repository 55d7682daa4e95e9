"""The rows that stand in every study's table without being asked for."""

from dataclasses import dataclass
from typing import Literal

BaselineKind = Literal["majority", "tfidf"]
TextUnits = Literal["words", "characters"]
TEACHER = "teacher"
"""The arm that every other is held against."""
CONTROL_PREFIXES = ("untrained-", "finetune-")
"""What the names of the controls that a study adds begin with."""


@dataclass(frozen=True)
class Baseline:
    """What there is to beat without a transformer."""

    arm: str
    kind: BaselineKind
    description: str
    units: TextUnits | None = None


BASELINES = (
    Baseline("majority", "majority", "always the most frequent label"),
    Baseline("tfidf-words", "tfidf", "TF-IDF of words and pairs, logistic regression", "words"),
    Baseline("tfidf-characters", "tfidf", "TF-IDF of 2 to 5 characters, logistic regression", "characters"),
)
"""In the order of the table."""


def is_reserved(arm: str) -> bool:
    """Whether a study adds a row of this name by itself."""
    return arm == TEACHER or arm in {baseline.arm for baseline in BASELINES} or arm.startswith(CONTROL_PREFIXES)
