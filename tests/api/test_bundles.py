"""Bundles, opened and asked without torch."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bundles import TinyBundle

from potstill import Opening, PotstillError, open_bundle, predict


def test_a_bundle_opens_as_it_is_asked_to(tiny_bundle: TinyBundle) -> None:
    bundle = open_bundle(tiny_bundle.folder, Opening(engine="onnx-fp32", threads=1))
    assert bundle.engine_name == "onnx-fp32"
    assert open_bundle(str(tiny_bundle.folder), Opening(expect_sha256=bundle.digest)).digest == bundle.digest
    with pytest.raises(PotstillError, match="expected"):
        open_bundle(tiny_bundle.folder, Opening(expect_sha256="0" * 64))


def test_without_a_name_it_is_the_newest_bundle_under_runs(
    tiny_bundle: TinyBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PotstillError, match="no study in runs has a bundle yet"):
        open_bundle()
    shutil.copytree(tiny_bundle.folder, tmp_path / "runs" / "one" / "bundle")
    assert open_bundle().info.name == "tiny"


def test_a_bundle_is_asked_without_torch(tiny_bundle: TinyBundle) -> None:
    code = (
        "import sys\nfrom potstill import predict\n"
        "print(predict(sys.argv[1], ['you are a fool'])[0].label, 'torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(tiny_bundle.folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["toxic", "False"]


def test_what_is_neither_a_bundle_nor_a_model_is_refused() -> None:
    with pytest.raises(PotstillError, match="neither a folder nor a Hub id"):
        predict("./nowhere", ["hello"])
