"""Bundles, and what any saved model says about texts. Nothing here loads torch for a bundle."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import potstill
from potstill.api.places import RUNS
from potstill.domain.language import LanguageMode
from potstill.domain.predictor import Predictions
from potstill.domain.read_as import AS_SAVED, ReadAs
from potstill.inference import bundle as bundles
from potstill.inference.bundle import BundlePredictor
from potstill.inference.engine import EngineName


@dataclass(frozen=True)
class Opening:
    """How a bundle is opened: on which engine (None: the fastest that this processor computes rightly), with how many
    threads (None: as many as this process may use), whether any other is refused than the one whose manifest has the
    SHA-256 `expect_sha256`, and whether texts in other languages than the bundle's are refused ("strict"), answered
    with a warning, or not looked for ("off")."""

    engine: EngineName | None = None
    threads: int | None = None
    expect_sha256: str | None = None
    languages: LanguageMode = "warn"


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
        languages=opening.languages,
    )  # fmt: skip


def predict(
    model: str | Path, texts: Sequence[str], read_as: ReadAs = AS_SAVED, *, arm: str | None = None
) -> Predictions:
    """What a saved model says about each text; None where nothing of a text can be read: it has no visible sign, or
    none that the tokenizer knows. To ask it again and again, keep what `open_bundle` or `open_model`
    returns.

    Args:
        model: a bundle, or whatever `open_model` opens; that takes the lab.
        texts: any number of them.
        read_as: what a model answers and how long its texts are, where its folder does not record it; a bundle does.
        arm: of a study, another than the picked one.

    Raises:
        PotstillError: there is no such model, or it is changed or damaged.
    """
    if bundles.is_bundle(model) and arm is None:
        return open_bundle(model).predict(texts)
    return potstill.open_model(model, read_as, arm=arm).predict(texts)
