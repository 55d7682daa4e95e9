"""The name of a run: everything that its result depends on, as one digest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, JsonValue

from potstill.domain.dataset import Dataset
from potstill.domain.normalise import NORMALISE_VERSION
from potstill.domain.run_key import RunKey
from potstill.ledger.ledger import digest_of
from potstill.methods.bench import Role
from potstill.models.encoder import fingerprint

Setting = BaseModel | JsonValue


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
    role: Role = "control"
    seeded: bool = False
    """Whether another seed would have given another model."""

    @property
    def key(self) -> RunKey:
        """The name of the run."""
        return RunKey(arm=self.arm, seed=self.seed, digest=self.digest)


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
        self, arm: str, kind: str, seed: int, words: str, settings: Mapping[str, Setting], parent: str = ""
    ) -> Draft:
        """Name a run; `parent` is the digest of the teacher, for the runs that depend on it.

        Of a table only what differs from its defaults is part of the digest: a key that a later version adds would
        otherwise rename every run that there is. A default that changes needs another `ledger.FORMAT`.
        """
        identity: dict[str, JsonValue] = {
            "arm": arm, "kind": kind, "seed": seed, "parent": parent,
            "settings": {name: _plain(value, exclude_defaults=True) for name, value in settings.items()},
            **self._circumstances,
        }  # fmt: skip
        all_of_them = {name: _plain(value) for name, value in settings.items()}
        return Draft(arm, kind, seed, digest_of(identity), words, all_of_them)


def _plain(setting: Setting, *, exclude_defaults: bool = False) -> JsonValue:
    if isinstance(setting, BaseModel):
        return setting.model_dump(mode="json", exclude_defaults=exclude_defaults)
    return setting
