import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from bundles import TASK, TinyBundle, edit_info

from potstill.domain.predictor import probabilities
from potstill.domain.task import Task
from potstill.inference.bundle import open_bundle
from potstill.inference.engine import files_in, open_engine
from potstill.inference.reading import Read, Reader
from potstill.inference.text_model import TextModel


def test_the_strongest_window_stands_for_a_long_text(tiny_bundle: TinyBundle) -> None:
    bundle = open_bundle(tiny_bundle.folder, engine="onnx-fp32")
    polite, rude = "thanks the patch is good ", "you are a fool "
    text = polite * 20 + rude * 6 + polite * 20
    rows = Reader((tiny_bundle.folder / "tokenizer.json").read_bytes(), max_length=24, long="windows").read([text]).rows
    engine = open_engine("onnx-fp32", files_in(tiny_bundle.folder), threads=1)
    shares = probabilities(engine(np.array(rows)), TASK)[:, 1]
    share = probabilities(bundle([polite, text]), TASK)[1, 1]
    assert len(rows) > 10
    assert share == pytest.approx(shares.max(), abs=1e-5)
    assert share > shares[0], "the beginning alone would say less"
    assert bundle.read([text])[1] == [False], "read in windows, nothing was left out"


def test_an_engine_that_may_not_batch_gets_one_text_at_a_time(copy: Path) -> None:
    engines = json.loads((copy / "bundle.json").read_text())["engines"]
    engines["onnx-fp32"]["may_batch"] = False
    edit_info(copy, engines=engines)
    bundle = open_bundle(copy, engine="onnx-fp32", threads=1)
    sizes, inner = list[int](), bundle.model.engine

    def watched(ids: Any) -> Any:
        sizes.append(len(ids))
        return inner(ids)

    bundle.model.engine = watched
    bundle(["you fool"] * 8)
    assert sizes == [1] * 8


@pytest.mark.parametrize(("several", "wanted"), [(True, [[5, 2, 0], [0, 0, 9]]), (False, [[5, -1, 0], [0, 0, 9]])])
def test_windows_become_one_answer(several: bool, wanted: list[list[float]]) -> None:
    model = TextModel(cast(Any, None), cast(Any, None), Task(labels=("a", "b", "c"), multilabel=several))
    logits = np.array([[1, 2, 0], [5, -1, 0], [0, 0, 9]], dtype=np.float32)
    assert model.of_texts(Read([[1], [2], [3]], [0, 0, 1], [True, False], [False, False]), logits).tolist() == wanted
