"""What transformers' own pipeline says about texts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from transformers import pipeline


def piped(folder: Path, texts: Sequence[str], *, length: int, function: str | None = None) -> list[dict[str, float]]:
    """The score of every label for each text, by name; `function` is what the pipeline applies to the logits."""
    classify: Any = pipeline("text-classification", model=str(folder), top_k=None, function_to_apply=function)
    answered = cast(list[list[dict[str, Any]]], classify(list(texts), truncation=True, max_length=length))
    return [{answer["label"]: answer["score"] for answer in answers} for answers in answered]
