import io
import shutil
from pathlib import Path

import pytest
from bundles import TinyBundle

from potstill.cli.main import main
from potstill.models.encoder import MINILM_SHA256


def test_a_bundle_and_a_study_are_asked_alike(
    tiny_bundle: TinyBundle, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for model in (tiny_bundle.folder, finished / "runs" / "tiny"):
        assert main(["predict", str(model), "you are fool", "good"]) == 0
        first, second, threshold = capsys.readouterr().out.splitlines()
        assert (first.split()[0], first.split("  ")[2]) == ("toxic", "you are fool")
        assert (second.split()[0], second.split("  ")[2]) == ("fine", "good")
        assert threshold.startswith("threshold 0.")


def test_lines_of_standard_input_stand_among_the_texts(
    tiny_bundle: TinyBundle, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"good\r\nyou are fool\n")))
    assert main(["predict", str(tiny_bundle.folder), "thanks", "-", "bad"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[2] for line in lines[:4]] == ["thanks", "good", "you are fool", "bad"]


def test_an_export_says_what_it_made_and_where(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(finished, tmp_path / "copy")
    folder = tmp_path / "copy" / "runs" / "tiny"
    assert main(["export", str(folder), "--engines", "onnx-fp32", "--long", "truncate"]) == 0
    captured = capsys.readouterr()
    engine, place = captured.out.splitlines()
    assert engine.startswith("onnx-fp32: 0.")
    assert " MB, 0.00% decided otherwise, " in engine
    assert engine.endswith(" texts/s")
    assert place == f"Try it: potstill serve {folder / 'bundle'}"
    assert "making onnx-fp32" in captured.err
    assert main(["predict", str(folder / "bundle"), "you are fool"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--engines", "onnx-fp16"], "there is no engine onnx-fp16; there are onnx-fp32, "),
        (["--arm", "oddd"], 'no saved model of an arm "oddd"'),
        (["--engines", "onnx-int8", "--max-flips", "-1"], "no engine passed: onnx-int8: "),
    ],
)
def test_an_export_that_is_refused_leaves_nothing(
    arguments: list[str], message: str, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(finished / "runs" / "tiny"), "-o", str(tmp_path / "bundle"), *arguments]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "bundle").exists()


def test_fetch_prints_where_the_weights_lie(own_cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = own_cache / f"all-MiniLM-L6-v2-{MINILM_SHA256[:12]}"
    folder.mkdir(parents=True)
    try:
        assert main(["fetch", "minilm", "--from", "hub"]) == 0
    finally:
        folder.rmdir()
    assert capsys.readouterr().out == f"{folder}\n"
