from pathlib import Path

import pytest
from bundles import reseal

from potstill.domain.errors import ModelError
from potstill.inference.bundle import open_bundle


def test_onnx_under_openvino_s_name_is_refused(copy: Path) -> None:
    (copy / "openvino-bf16" / "model.xml").write_bytes((copy / "onnx-fp32" / "model.onnx").read_bytes())
    reseal(copy)
    with pytest.raises(ModelError, match="not in OpenVINO's own format"):
        open_bundle(copy, engine="openvino-bf16")
