import json
from pathlib import Path

import pytest
from bundles import TinyBundle, reseal

from potstill.inference.bundle import open_bundle, read_info
from potstill.inference.engine import EngineName
from potstill.inference.engine_order import by_speed


def test_the_fastest_here_is_taken(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = json.loads((copy / "bundle.json").read_text())
    for name, engine in info["engines"].items():
        engine["texts_per_second"] = {"a processor": 5.0 if name == "onnx-w8" else 1.0}
    (copy / "bundle.json").write_text(json.dumps(info))
    reseal(copy)
    monkeypatch.setattr("potstill.inference.engine_order.cpu_kind", lambda: "a processor")
    assert open_bundle(copy).engine_name == "onnx-w8"


@pytest.mark.parametrize(
    ("flags", "engine"),
    [({"avx2"}, "onnx-int8"), ({"avx2", "avx512_vnni"}, "openvino-int8"), ({"amx_bf16"}, "openvino-int8")],
)
def test_where_nothing_was_measured_the_instructions_decide(
    tiny_bundle: TinyBundle, monkeypatch: pytest.MonkeyPatch, flags: set[str], engine: EngineName
) -> None:
    monkeypatch.setattr("potstill.inference.engine_order.cpu_kind", lambda: "another")
    monkeypatch.setattr("potstill.inference.engine_order.cpu_flags", lambda: frozenset(flags))
    assert by_speed(read_info(tiny_bundle.folder))[0] == engine
