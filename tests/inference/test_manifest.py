"""Whatever was tampered with is refused."""

import json
import os
from hashlib import sha256
from pathlib import Path

import pytest
from bundles import TinyBundle, reseal

from potstill.domain.errors import ModelError
from potstill.domain.lfs import POINTER
from potstill.inference.bundle import open_bundle, read_info
from potstill.inference.manifest import MANIFEST, CheckedFiles, check_manifest


def test_the_expected_hash_is_the_manifest_s(tiny_bundle: TinyBundle) -> None:
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
    reseal(copy)
    with pytest.raises(ModelError, match="does not open in onnxruntime"):
        open_bundle(copy, engine="onnx-fp32")


@pytest.mark.parametrize("name", ["onnx-fp32/model.pkl", "pytorch_model.bin", "run.py", "onnx-fp32/weights.data"])
def test_a_file_of_an_unknown_name_is_refused(copy: Path, name: str) -> None:
    (copy / name).write_bytes(b"\x80\x04.")
    with pytest.raises(ModelError, match="does not list"):
        open_bundle(copy)
    reseal(copy)
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


def test_a_pipe_is_not_waited_for(copy: Path) -> None:
    os.mkfifo(copy / "run.py")
    with pytest.raises(ModelError, match="is not a plain file"):
        open_bundle(copy)


def test_a_file_that_is_swapped_after_the_check_is_refused(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def check_and_swap(folder: Path, expected: str | None) -> CheckedFiles:
        checked = check_manifest(folder, expected)
        (folder / "bundle.json").write_text((folder / "bundle.json").read_text().replace("0.5", "0.9"))
        return checked

    monkeypatch.setattr("potstill.inference.bundle.check_manifest", check_and_swap)
    with pytest.raises(ModelError, match=r"bundle\.json was changed"):
        open_bundle(copy)


@pytest.mark.parametrize("missing", ["bundle.json", "tokenizer.json", "manifest.json", "onnx-fp32/model.onnx"])
def test_a_missing_file_is_named(copy: Path, missing: str) -> None:
    (copy / missing).unlink()
    with pytest.raises(ModelError, match=missing.rpartition("/")[2]):
        open_bundle(copy)


def test_what_is_named_in_the_place_of_a_bundle_is_said(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    cases = {"nowhere": "there is no folder", "model/config.json": "is a file", "model": "potstill export .* makes one"}
    for name, message in cases.items():
        for opening in (check_manifest, read_info):
            with pytest.raises(ModelError, match=message):
                opening(tmp_path / name)


@pytest.mark.parametrize("name", ["onnx-fp32/model.onnx", "bundle.json", "manifest.json", "tokenizer.json"])
def test_a_pointer_of_git_lfs_in_a_bundle_is_said(copy: Path, name: str) -> None:
    (copy / name).write_bytes(POINTER + b"v1\noid sha256:0\nsize 1\n")
    with pytest.raises(ModelError, match="is a pointer of git-lfs, not the file itself: run `git lfs pull`"):
        check_manifest(copy)
