"""What a user says of a saved model whose folder does not say it."""

from dataclasses import dataclass

from potstill.domain.task import ProblemType


@dataclass(frozen=True)
class ReadAs:
    """How a saved model is to be read where its folder does not say it: what it answers (one label of two or of
    several, or any number of them), and where its texts are cut, in tokens."""

    problem: ProblemType | None = None
    max_length: int | None = None


AS_SAVED = ReadAs()
