import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from bundles import BUNDLE_ENGINES, TinyBundle
from tiny import ODD_TEXTS, comments

from potstill.domain.errors import ModelError
from potstill.inference.bundle import BundlePredictor, open_bundle
from potstill.inference.engine import Engine, EngineName, files_in, open_engine
from potstill.inference.side_by_side import WORTH_USING, SideBySide

TEXTS = [text + " a" * (row % 20) for row, text in enumerate(comments(64)[0])]


FIRST_CALLS = """
import sys, threading, time
import numpy as np
from pathlib import Path
from potstill.inference.engine import files_in, open_engine
engine = open_engine("openvino-bf16", files_in(Path(sys.argv[1])), threads=2, at_once=4)
sys.setswitchinterval(1e-6)
start = time.perf_counter() + 0.3
def ask():
    while time.perf_counter() < start:
        pass
    engine(np.ones((2, 5), dtype=np.int64))
    print("answered", flush=True)
for _ in range(8):
    threading.Thread(target=ask).start()
"""


def opened(bundle: TinyBundle, engine: EngineName) -> BundlePredictor:
    predictor = open_bundle(bundle.folder, engine=engine, threads=2)
    predictor.model = predictor.model.alone()  # a batch for each text: more than enough
    return predictor


@pytest.mark.parametrize("engine", BUNDLE_ENGINES)
def test_batches_side_by_side_are_answered_as_one_after_another(tiny_bundle: TinyBundle, engine: EngineName) -> None:
    texts = [*TEXTS, *ODD_TEXTS[:-1]]
    bundle, serial = opened(tiny_bundle, engine), opened(tiny_bundle, engine)
    serial.model.several = None
    together, alone = bundle(texts), serial(texts)
    assert np.abs(together - alone).max() < (1e-5 if engine.endswith("fp32") else 0.1)
    assert np.array_equal(bundle(texts), together), "the same every time, whoever is first"


def test_the_second_engine_is_opened_when_there_is_enough_to_do_and_once(tiny_bundle: TinyBundle) -> None:
    openings: list[int] = []

    def opening() -> Engine:
        openings.append(1)
        return open_engine("onnx-fp32", files_in(tiny_bundle.folder), threads=2, at_once=2)

    bundle = opened(tiny_bundle, "onnx-fp32")
    bundle.model.several = SideBySide(opening, 2)
    bundle(TEXTS[:8])
    assert openings == []
    bundle(TEXTS)
    bundle(TEXTS)
    assert openings == [1]
    several = bundle.model.several
    assert (several.is_worth_it(2 * WORTH_USING - 1), several.is_worth_it(2 * WORTH_USING)) == (False, True)
    assert not SideBySide(opening, 1).is_worth_it(1000), "one thread has nobody beside it"


def test_an_engine_that_no_longer_opens_is_an_error_and_no_answer(tiny_bundle: TinyBundle, tmp_path: Path) -> None:
    bundle = opened(tiny_bundle, "onnx-fp32")
    (tmp_path / "onnx-fp32").mkdir()
    (tmp_path / "onnx-fp32" / "model.onnx").write_bytes(b"no model")
    bundle.model.several = SideBySide(lambda: open_engine("onnx-fp32", files_in(tmp_path), threads=2, at_once=2), 2)
    with pytest.raises(ModelError):
        bundle(TEXTS)


def test_the_first_calls_of_a_process_may_come_at_once(tiny_bundle: TinyBundle) -> None:
    """OpenVINO's first two calls, made at once, wait for each other forever; in 18 of 20 tries, so two are made."""
    for _ in range(2):
        command = [sys.executable, "-c", FIRST_CALLS, str(tiny_bundle.folder)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        assert ended.stdout.count("answered") == 8
