"""Every engine of a real bundle of a tiny model repeats torch."""

import numpy as np
import pytest
from bundles import BUNDLE_ENGINES, TASK, TinyBundle
from tiny import ODD_TEXTS, comments

from potstill.domain.normalise import normalise
from potstill.domain.predictor import probabilities
from potstill.inference.bundle import open_bundle
from potstill.inference.engine import EngineName
from potstill.models.classifier import logits_of


@pytest.mark.parametrize("engine", BUNDLE_ENGINES)
@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_every_engine_answers_as_torch_does(tiny_bundle: TinyBundle, engine: EngineName, size: int) -> None:
    texts = comments(size, seed=size)[0]
    wanted = logits_of(tiny_bundle.classifier, [normalise(text) for text in texts], max_length=24).numpy()
    logits = open_bundle(tiny_bundle.folder, engine=engine)(texts)
    assert logits.dtype == np.float32
    tolerance = 1e-4 if engine == "onnx-fp32" else 0.15  # 32 hidden units: one rounding is felt
    assert np.abs(probabilities(logits, TASK) - probabilities(wanted, TASK)).max() < tolerance


@pytest.mark.parametrize("engine", BUNDLE_ENGINES)
def test_odd_texts_get_the_same_answer_alone_and_together(tiny_bundle: TinyBundle, engine: EngineName) -> None:
    bundle = open_bundle(tiny_bundle.folder, engine=engine)
    together = bundle(ODD_TEXTS)
    alone = np.concatenate([bundle([text]) for text in ODD_TEXTS])
    assert np.isfinite(together).all()
    assert np.abs(together - alone).max() < (1e-5 if engine == "onnx-fp32" else 0.1)
    assert bundle([]).shape == (0, 2)
