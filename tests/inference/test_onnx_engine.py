from pathlib import Path

import pytest
from bundles import reseal

from potstill.domain.errors import ModelError
from potstill.inference.bundle import open_bundle


def test_onnx_that_points_outside_itself_is_refused(copy: Path) -> None:
    onnx = pytest.importorskip("onnx")
    path = copy / "onnx-fp32" / "model.onnx"
    model = onnx.load(path)
    tensor = model.graph.initializer[0]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../../etc/passwd")
    tensor.ClearField("raw_data")
    path.write_bytes(model.SerializeToString())
    reseal(copy)
    with pytest.raises(ModelError, match="refers to data outside itself"):
        open_bundle(copy, engine="onnx-fp32")


def test_another_format_under_onnx_s_name_is_refused(copy: Path) -> None:
    (copy / "onnx-fp32" / "model.onnx").write_bytes(b"\x00\x00\x00\x00ORTM" + bytes(100))
    reseal(copy)
    with pytest.raises(ModelError, match="not in the ONNX format"):
        open_bundle(copy, engine="onnx-fp32")
