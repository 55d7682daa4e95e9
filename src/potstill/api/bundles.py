"""Bundles, and what any saved model says about texts. Nothing here loads torch for a bundle."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import potstill
from potstill.api.places import RUNS
from potstill.domain.predictor import Prediction
from potstill.inference import bundle as bundles
from potstill.inference.bundle import BundlePredictor
from potstill.inference.engine import EngineName


@dataclass(frozen=True)
class Opening:
    """How a bundle is opened: on which engine (None: the fastest that this processor computes rightly), with how many
    threads (None: as many as this process may use), and whether any other is refused than the one whose manifest has
    the SHA-256 `expect_sha256`."""

    engine: EngineName | None = None
    threads: int | None = None
    expect_sha256: str | None = None


AS_IT_COMES = Opening()


def open_bundle(folder: str | Path | None = None, opening: Opening = AS_IT_COMES) -> BundlePredictor:
    """Open a bundle, its files checked by hash and its engine by the answers that it must give.

    Args:
        folder: the bundle; None is the one that was exported last from a study under `runs`.
        opening: engine, threads and expected hash.

    Raises:
        PotstillError: there is none, it is changed or damaged, is not the expected one, or no engine works here.
    """
    return bundles.open_bundle(
        folder if folder is not None else bundles.newest_bundle(RUNS),
        engine=opening.engine, threads=opening.threads, expect_sha256=opening.expect_sha256,
    )  # fmt: skip


def predict(model: str | Path, texts: Sequence[str], *, arm: str | None = None) -> list[Prediction]:
    """What a saved model says about each text. To ask it again and again, keep what `open_bundle` or `open_model`
    returns.

    Args:
        model: a bundle, or whatever `open_model` opens; that takes the lab.
        texts: any number of them.
        arm: of a study, another than the picked one.

    Raises:
        PotstillError: there is no such model, or it is changed or damaged.
    """
    if bundles.is_bundle(model) and arm is None:
        return open_bundle(model).predict(texts)
    return potstill.open_model(model, arm).predict(texts)
