"""A real bundle of a tiny model: every engine repeats torch, and whatever was tampered with is refused."""

import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundles import BUNDLE_ENGINES, TASK, TinyBundle
from tiny import ODD_TEXTS, comments

from potstill.domain.errors import ModelError
from potstill.domain.normalise import normalise
from potstill.domain.predictor import probabilities
from potstill.inference.bundle import by_speed, newest_bundle, open_bundle, read_info
from potstill.inference.engine import EngineName, files_in, open_engine
from potstill.inference.manifest import MANIFEST, CheckedFiles, check_manifest
from potstill.inference.reading import Reader
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
    assert np.abs(probabilities(found, TASK) - probabilities(wanted, TASK)).max() < tolerance


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
    text = polite * 20 + rude * 6 + polite * 20
    rows = Reader((tiny_bundle.folder / "tokenizer.json").read_bytes(), max_length=24, long="windows").read([text]).rows
    engine = open_engine("onnx-fp32", files_in(tiny_bundle.folder), threads=1)
    shares = probabilities(engine(np.array(rows)), TASK)[:, 1]
    found = probabilities(bundle([polite, text]), TASK)[1, 1]
    assert len(rows) > 10
    assert found == pytest.approx(shares.max(), abs=1e-5)
    assert found > shares[0], "the beginning alone would say less"
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


def test_answers_and_labels(tiny_bundle: TinyBundle) -> None:
    bundle = open_bundle(tiny_bundle.folder)
    assert list(bundle.labels) == ["fine", "toxic"]
    answer = bundle.predict(["you are a fool"])[0]
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


def edit_info(folder: Path, **change: object) -> None:
    """Change what the bundle says of itself, hashes and all."""
    info = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps({**info, **change}))
    rewrite_manifest(folder)


def test_onnx_under_openvino_s_name_is_refused(copy: Path) -> None:
    (copy / "openvino-bf16" / "model.xml").write_bytes((copy / "onnx-fp32" / "model.onnx").read_bytes())
    rewrite_manifest(copy)
    with pytest.raises(ModelError, match="not in OpenVINO's own format"):
        open_bundle(copy, engine="openvino-bf16")


def test_another_format_under_onnx_s_name_is_refused(copy: Path) -> None:
    (copy / "onnx-fp32" / "model.onnx").write_bytes(b"\x00\x00\x00\x00ORTM" + bytes(100))
    rewrite_manifest(copy)
    with pytest.raises(ModelError, match="not in the ONNX format"):
        open_bundle(copy, engine="onnx-fp32")


@pytest.mark.parametrize(
    "calibration",
    [
        {"temperature": 0}, {"temperature": -1}, {"temperature": "NaN"}, {"temperature": 1e-320},
        {"threshold": {"value": 2, "rule": "", "precision": 1, "recall": 1}},
        {"threshold": {"value": "NaN", "rule": "", "precision": 1, "recall": 1}},
    ],
)  # fmt: skip
def test_a_calibration_that_would_turn_verdicts_is_refused(copy: Path, calibration: dict[str, object]) -> None:
    edit_info(copy, calibration=calibration)
    with pytest.raises(ModelError, match=r"bundle\.json is damaged"):
        open_bundle(copy)


@pytest.mark.parametrize(
    "probes",
    [{"texts": [], "logits": []}, {"texts": ["a"], "logits": [[1.0]]}, {"texts": ["a", "b"], "logits": [[1.0, 2.0]]}],
)
def test_probes_that_prove_nothing_are_refused(copy: Path, probes: dict[str, object]) -> None:
    edit_info(copy, probes=probes)
    with pytest.raises(ModelError, match=r"bundle\.json is damaged"):
        open_bundle(copy)


def test_an_engine_without_its_files_is_passed_over_for_the_next(copy: Path, caplog: pytest.LogCaptureFixture) -> None:
    first, second, *_ = by_speed(read_info(copy))
    shutil.rmtree(copy / first)
    rewrite_manifest(copy)
    assert open_bundle(copy).engine_name == second
    assert f"engine {first} is not used" in caplog.text


def test_a_window_longer_than_the_model_s_is_refused(copy: Path) -> None:
    edit_info(copy, max_length=100_000, probes={"texts": ["you " * 5000], "logits": [[0.0, 1.0]]})
    with pytest.raises(ModelError, match="does not answer the bundle's probes"):
        open_bundle(copy, engine="onnx-fp32")


def test_a_pipe_is_not_waited_for(copy: Path) -> None:
    os.mkfifo(copy / "run.py")
    with pytest.raises(ModelError, match="is no plain file"):
        open_bundle(copy)


def test_a_file_that_is_swapped_after_the_check_is_refused(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def check_and_swap(folder: Path, expected: str | None) -> CheckedFiles:
        checked = check_manifest(folder, expected)
        (folder / "bundle.json").write_text((folder / "bundle.json").read_text().replace("0.5", "0.9"))
        return checked

    monkeypatch.setattr("potstill.inference.bundle.check_manifest", check_and_swap)
    with pytest.raises(ModelError, match=r"bundle\.json was changed"):
        open_bundle(copy)


@pytest.mark.parametrize("cache", ["/dev/null", "x" * 5000])
def test_no_cache_is_no_fault(tiny_bundle: TinyBundle, monkeypatch: pytest.MonkeyPatch, cache: str) -> None:
    monkeypatch.setenv("POTSTILL_CACHE", cache)
    assert open_bundle(tiny_bundle.folder).predict(["you are a fool"])


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
        engine["texts_per_second"] = {"a processor": 5.0 if name == "onnx-w8" else 1.0}
    (copy / "bundle.json").write_text(json.dumps(info))
    rewrite_manifest(copy)
    monkeypatch.setattr("potstill.inference.bundle.cpu_kind", lambda: "a processor")
    assert open_bundle(copy).engine_name == "onnx-w8"


@pytest.mark.parametrize(
    ("flags", "engine"),
    [({"avx2"}, "onnx-int8"), ({"avx2", "avx512_vnni"}, "openvino-int8"), ({"amx_bf16"}, "openvino-int8")],
)
def test_where_nothing_was_measured_the_instructions_decide(
    tiny_bundle: TinyBundle, monkeypatch: pytest.MonkeyPatch, flags: set[str], engine: EngineName
) -> None:
    monkeypatch.setattr("potstill.inference.bundle.cpu_kind", lambda: "another")
    monkeypatch.setattr("potstill.inference.bundle.cpu_flags", lambda: frozenset(flags))
    assert by_speed(read_info(tiny_bundle.folder))[0] == engine


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


def test_predict_prints_a_line_for_each_text_and_nothing_that_the_text_asks_for(tiny_bundle: TinyBundle) -> None:
    comments = ["you are a fool " * 20, "thanks :fire: [bold]all[/bold]", "\x1b[31mred", "caf\xe9\xa0latin\t!"]
    sent = "\r\n".join(comments).encode("latin-1")
    command = [sys.executable, "-m", "potstill", "predict", str(tiny_bundle.folder), "-"]
    done = subprocess.run(command, input=sent, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode("utf-8").splitlines()[:4]
    assert [line.split(None, 2)[2].strip() for line in lines] == [
        comments[0].strip(), comments[1], "\ufffd[31mred", "caf\ufffdlatin !"
    ]  # fmt: skip


def test_an_engine_whose_library_is_missing_is_named(tiny_bundle: TinyBundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("potstill.inference.bundle.find_spec", lambda name: None)
    with pytest.raises(ModelError, match="openvino-int8 needs openvino, which is not installed"):
        open_bundle(tiny_bundle.folder)
