import json
from pathlib import Path

import pytest
from bundles import TinyBundle, edit_info, reseal

from potstill.domain.errors import ModelError
from potstill.inference.bundle import open_bundle


def test_a_window_longer_than_the_model_s_is_refused(copy: Path) -> None:
    edit_info(copy, max_length=100_000, probes={"texts": ["you " * 5000], "logits": [[0.0, 1.0]]})
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
