import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bundles import TinyBundle, reseal

from potstill.domain.errors import ModelError
from potstill.inference.bundle import newest_bundle, open_bundle, read_info
from potstill.inference.engine_order import by_speed


def test_answers_and_labels(tiny_bundle: TinyBundle) -> None:
    bundle = open_bundle(tiny_bundle.folder)
    assert list(bundle.labels) == ["fine", "toxic"]
    answer = bundle.predict(["you are a fool"])[0]
    assert answer
    assert bundle.predict(["", "\u200b", "👍"]) == [None] * 3
    assert (answer.label, answer.flagged) == ("toxic", True)
    assert answer.probability > 0.5


def test_an_engine_without_its_files_is_passed_over_for_the_next(copy: Path, caplog: pytest.LogCaptureFixture) -> None:
    first, second, *_ = by_speed(read_info(copy))
    shutil.rmtree(copy / first)
    reseal(copy)
    assert open_bundle(copy).engine_name == second
    assert f"engine {first} is not used" in caplog.text


def test_the_newest_bundle_of_the_studies(tiny_bundle: TinyBundle, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has a bundle yet"):
        newest_bundle(tmp_path)
    shutil.copytree(tiny_bundle.folder, tmp_path / "one" / "bundle")
    assert newest_bundle(tmp_path) == tmp_path / "one" / "bundle"
    shutil.copytree(tiny_bundle.folder, tmp_path / "two" / "bundle")
    os.utime(tmp_path / "one" / "bundle" / "bundle.json", (4e9, 4e9))
    assert newest_bundle(tmp_path) == tmp_path / "one" / "bundle"


def test_a_bundle_answers_without_torch_or_transformers(tiny_bundle: TinyBundle) -> None:
    code = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in {'torch', 'transformers', 'sklearn', 'scipy', 'onnx', 'peft'}:\n"
        "            raise ModuleNotFoundError(name=name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "from potstill.cli.main import main\n"
        f"sys.exit(main(['predict', {str(tiny_bundle.folder)!r}, 'you are a fool']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("toxic")


def test_an_engine_whose_library_is_missing_is_named(tiny_bundle: TinyBundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("potstill.inference.engine_order.find_spec", lambda name: None)
    with pytest.raises(ModelError, match="openvino-int8 needs openvino, which is not installed"):
        open_bundle(tiny_bundle.folder)
