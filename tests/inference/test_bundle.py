"""A real bundle of a tiny model: every engine repeats torch, and whatever was tampered with is refused."""

import json
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from bundles import BUNDLE_ENGINES, TinyBundle
from tiny import ODD_TEXTS, comments

from potstill.domain.errors import ModelError
from potstill.domain.normalise import normalise
from potstill.domain.predictor import probabilities
from potstill.inference.bundle import newest_bundle, open_bundle
from potstill.inference.engine import EngineName
from potstill.inference.manifest import MANIFEST
from potstill.models.classifier import logits_of


@pytest.fixture
def copy(tiny_bundle: TinyBundle, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_bundle.folder, tmp_path / "bundle"))


def rewrite_manifest(folder: Path) -> None:
    """What an attacker does who knows how: make every hash right again."""
    names = [path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST]
    files = {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in names}
    (folder / MANIFEST).write_text(json.dumps({"format": 1, "files": files}))


# --- parity


@pytest.mark.parametrize("engine", BUNDLE_ENGINES)
@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_every_engine_answers_as_torch_does(tiny_bundle: TinyBundle, engine: EngineName, size: int) -> None:
    texts = comments(size, seed=size)[0]
    wanted = logits_of(tiny_bundle.classifier, [normalise(text) for text in texts], max_length=24).numpy()
    found = open_bundle(tiny_bundle.folder, engine=engine)(texts)
    assert found.dtype == np.float32
    tolerance = 1e-4 if engine == "onnx-fp32" else 0.15  # 32 hidden units: one rounding is felt
    assert np.abs(probabilities(found, 1.0) - probabilities(wanted, 1.0)).max() < tolerance


@pytest.mark.parametrize("engine", BUNDLE_ENGINES)
def test_odd_texts_get_the_same_answer_alone_and_together(tiny_bundle: TinyBundle, engine: EngineName) -> None:
    bundle = open_bundle(tiny_bundle.folder, engine=engine)
    together = bundle(ODD_TEXTS)
    alone = np.concatenate([bundle([text]) for text in ODD_TEXTS])
    assert np.isfinite(together).all()
    assert np.abs(together - alone).max() < (1e-5 if engine == "onnx-fp32" else 0.1)
    assert bundle([]).shape == (0, 2)


def test_the_strongest_window_stands_for_a_long_text(tiny_bundle: TinyBundle) -> None:
    bundle = open_bundle(tiny_bundle.folder, engine="onnx-fp32")
    polite, rude = "thanks the patch is good ", "you are a fool "
    hidden = bundle.answer([polite * 20 + rude * 6 + polite * 20, polite * 40])
    assert hidden[0].flagged is True
    assert hidden[1].flagged is False
    assert bundle.read([polite * 40])[1] == [False], "read in windows, nothing was left out"


def test_answers_and_labels(tiny_bundle: TinyBundle) -> None:
    bundle = open_bundle(tiny_bundle.folder)
    assert list(bundle.labels) == ["fine", "toxic"]
    answer = bundle.answer(["you are a fool"])[0]
    assert (answer.label, answer.flagged) == ("toxic", True)
    assert answer.probability > 0.5


# --- refusing


def test_the_expected_hash_is_the_manifests(tiny_bundle: TinyBundle) -> None:
    digest = sha256((tiny_bundle.folder / MANIFEST).read_bytes()).hexdigest()
    assert open_bundle(tiny_bundle.folder, expect_sha256=digest.upper()).digest == digest
    with pytest.raises(ModelError, match="it is another bundle"):
        open_bundle(tiny_bundle.folder, expect_sha256="0" * 64)


def test_a_changed_file_is_refused(copy: Path) -> None:
    content = bytearray((copy / "onnx-fp32" / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (copy / "onnx-fp32" / "model.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.onnx was changed"):
        open_bundle(copy)


def test_a_truncated_file_is_refused(copy: Path) -> None:
    path = copy / "onnx-fp32" / "model.onnx"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ModelError, match="was changed"):
        open_bundle(copy)
    rewrite_manifest(copy)
    with pytest.raises(ModelError, match="does not open in onnxruntime"):
        open_bundle(copy, engine="onnx-fp32")


@pytest.mark.parametrize("name", ["onnx-fp32/model.pkl", "pytorch_model.bin", "run.py", "onnx-fp32/weights.data"])
def test_a_file_of_an_unknown_name_is_refused(copy: Path, name: str) -> None:
    (copy / name).write_bytes(b"\x80\x04.")
    with pytest.raises(ModelError, match="does not list"):
        open_bundle(copy)
    rewrite_manifest(copy)
    with pytest.raises(ModelError, match="which no bundle holds"):
        open_bundle(copy)


@pytest.mark.parametrize("name", ["../outside.onnx", "/etc/passwd", "onnx-fp32/../../x", "onnx-fp32\\model.onnx"])
def test_a_name_that_leaves_the_folder_is_refused(copy: Path, name: str) -> None:
    manifest = json.loads((copy / MANIFEST).read_text())
    manifest["files"][name] = "0" * 64
    (copy / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match="which no bundle holds"):
        open_bundle(copy)


def test_a_link_is_refused(copy: Path, tmp_path: Path) -> None:
    path = copy / "onnx-fp32" / "model.onnx"
    path.rename(tmp_path / "elsewhere.onnx")
    path.symlink_to(tmp_path / "elsewhere.onnx")
    with pytest.raises(ModelError, match="is a link"):
        open_bundle(copy)


def test_onnx_that_points_outside_itself_is_refused(copy: Path) -> None:
    onnx = pytest.importorskip("onnx")
    path = copy / "onnx-fp32" / "model.onnx"
    model = onnx.load(path)
    tensor = model.graph.initializer[0]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../../etc/passwd")
    tensor.ClearField("raw_data")
    path.write_bytes(model.SerializeToString())
    rewrite_manifest(copy)
    with pytest.raises(ModelError, match="refers to data outside itself"):
        open_bundle(copy, engine="onnx-fp32")


@pytest.mark.parametrize("missing", ["bundle.json", "tokenizer.json", "manifest.json", "onnx-fp32/model.onnx"])
def test_a_missing_file_is_named(copy: Path, missing: str) -> None:
    (copy / missing).unlink()
    with pytest.raises(ModelError, match=missing.rpartition("/")[2]):
        open_bundle(copy)


def test_a_bundle_of_another_normalisation_is_refused(copy: Path) -> None:
    info = json.loads((copy / "bundle.json").read_text())
    (copy / "bundle.json").write_text(json.dumps({**info, "normalise": 99}))
    rewrite_manifest(copy)
    with pytest.raises(ModelError, match="normalisation 99"):
        open_bundle(copy)


def test_an_engine_that_disagrees_with_the_probes_is_passed_over_aloud(
    copy: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = open_bundle(copy)
    info = json.loads((copy / "bundle.json").read_text())
    info["probes"]["logits"] = [[-one, -other] for one, other in info["probes"]["logits"]]
    for engine in info["engines"].values():
        engine["checks"]["probe_difference"] = 0.0
    (copy / "bundle.json").write_text(json.dumps(info))
    rewrite_manifest(copy)
    with pytest.raises(ModelError, match="probes are wrong by up to"):
        open_bundle(copy)
    assert f"engine {good.engine_name} is not used" in caplog.text


def test_the_fastest_here_is_taken(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = json.loads((copy / "bundle.json").read_text())
    for name, engine in info["engines"].items():
        engine["comments_per_second"] = {"a processor": 5.0 if name == "onnx-w8" else 1.0}
    (copy / "bundle.json").write_text(json.dumps(info))
    rewrite_manifest(copy)
    monkeypatch.setattr("potstill.inference.bundle.cpu_model", lambda: "a processor")
    assert open_bundle(copy).engine_name == "onnx-w8"
    monkeypatch.setattr("potstill.inference.bundle.cpu_model", lambda: "another")
    monkeypatch.setattr("potstill.inference.bundle.cpu_flags", lambda: frozenset({"avx2"}))
    assert open_bundle(copy).engine_name == "onnx-fp32", "nothing here is quick at bf16 or int8"


def test_the_newest_bundle_of_the_studies(tiny_bundle: TinyBundle, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has a bundle yet"):
        newest_bundle(tmp_path)
    shutil.copytree(tiny_bundle.folder, tmp_path / "one" / "bundle")
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
