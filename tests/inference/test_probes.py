import json
from pathlib import Path

import pytest
from bundles import BUNDLE_ENGINES, TinyBundle, edit_info, reseal
from tokenizers import Tokenizer

from potstill.domain.errors import ModelError
from potstill.inference.bundle import open_bundle
from potstill.inference.engine import EngineName


def test_a_window_longer_than_the_model_s_is_refused(copy: Path) -> None:
    edit_info(copy, max_length=100_000, probes={"texts": ["you " * 900], "logits": [[0.0, 1.0]]})
    with pytest.raises(ModelError, match="does not answer the bundle's probes"):
        open_bundle(copy, engine="onnx-fp32")


@pytest.mark.parametrize("cache", ["/dev/null", "x" * 5000])
def test_no_cache_is_no_fault(tiny_bundle: TinyBundle, monkeypatch: pytest.MonkeyPatch, cache: str) -> None:
    monkeypatch.setenv("POTSTILL_CACHE", cache)
    assert open_bundle(tiny_bundle.folder).predict(["you are a fool"])


def test_an_engine_that_disagrees_with_the_probes_is_passed_over_aloud(
    copy: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = open_bundle(copy)
    info = json.loads((copy / "bundle.json").read_text())
    info["probes"]["logits"] = [[-fine, -toxic] for fine, toxic in info["probes"]["logits"]]
    for engine in info["engines"].values():
        engine["checks"]["probe_difference"] = 0.0
    (copy / "bundle.json").write_text(json.dumps(info))
    reseal(copy)
    with pytest.raises(ModelError, match="probes are wrong by up to"):
        open_bundle(copy)
    assert f"engine {good.engine_name} is not used" in caplog.text


@pytest.mark.parametrize("engine", [engine for engine in BUNDLE_ENGINES if engine.startswith("onnx")])
def test_a_tokenizer_with_a_token_that_the_engine_does_not_know_is_refused(copy: Path, engine: EngineName) -> None:
    """As bundles have it that were made before export compared the two: a text with that token would fail."""
    tokenizer = Tokenizer.from_file(str(copy / "tokenizer.json"))
    tokenizer.add_special_tokens(["[USER]"])
    tokenizer.save(str(copy / "tokenizer.json"))
    reseal(copy)
    with pytest.raises(ModelError, match=r"does not know the token \d+ of tokenizer\.json.*export the model again"):
        open_bundle(copy, engine=engine)
