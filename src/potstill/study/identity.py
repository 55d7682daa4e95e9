"""The name of a run: everything that its result depends on, as one digest."""

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from potstill.domain.dataset import Dataset
from potstill.domain.normalise import NORMALISE_VERSION
from potstill.ledger.ledger import digest_of
from potstill.models.encoder import fingerprint


@dataclass(frozen=True)
class Draft:
    """What is known of a run before it is made; `digest` stands for everything that its result depends on."""

    arm: str
    kind: str
    seed: int
    digest: str
    words: str
    settings: dict[str, JsonValue]
    waived: dict[str, str] = field(default_factory=dict[str, str])
    """Gates that would refuse it, with the reasons why not; no part of the digest."""


class Namer:
    """Drafts runs that share their data, weights and threshold rule."""

    def __init__(self, data: Dataset, threshold: str, encoder: Path | None, model: Path | None) -> None:
        self._circumstances: dict[str, JsonValue] = {
            "labels": list(data.task.labels),
            "positive": data.task.positive,
            "rows": [split.fingerprint() for split in (data.train, data.validation, data.test)],
            "categories": list(data.test.categories),
            "normalise": NORMALISE_VERSION,
            "threshold": threshold,
            "encoder": fingerprint(encoder) if encoder else None,
            "model": fingerprint(model) if model else None,
        }

    def draft(
        self, arm: str, kind: str, seed: int, words: str, settings: dict[str, JsonValue], parent: str = ""
    ) -> Draft:
        """Name a run; `parent` is the digest of the teacher, for the runs that depend on it."""
        identity: dict[str, JsonValue] = {
            "arm": arm, "kind": kind, "seed": seed, "settings": settings, "parent": parent, **self._circumstances,
        }  # fmt: skip
        return Draft(arm, kind, seed, digest_of(identity), words, settings)
