from pathlib import Path

import numpy as np
import pytest
from bundles import BUNDLE_ENGINES, TASK, TinyBundle
from odd_folders import decoder
from tiny import comments, tiny_classifier, tiny_tokenizer
from transformers import PreTrainedTokenizerBase

from potstill.domain.errors import ModelError
from potstill.domain.measures import Calibration
from potstill.export.build import ExportSettings, Origin, export_bundle
from potstill.export.checks import CheckRows, Tolerance
from potstill.inference.bundle import open_bundle, read_info
from potstill.models.classifier import Classifier, open_classifier
from potstill.models.predictor import TorchPredictor
from potstill.models.saved import SavedDecision
from potstill.training.loop import uses_bf16


def test_a_bundle_holds_what_it_says(tiny_bundle: TinyBundle) -> None:
    info = read_info(tiny_bundle.folder)
    assert tuple(info.engines) == BUNDLE_ENGINES
    assert len(info.probes.texts) == 64
    assert info.engines["onnx-fp32"].checks.largest_logit_difference < 1e-4
    assert info.engines["onnx-fp32"].checks.flips == 0
    assert info.engines["onnx-int8"].bytes < 0.6 * info.engines["onnx-fp32"].bytes
    assert info.torch is not None
    assert info.torch.checks.largest_logit_difference < (0.1 if uses_bf16("auto") else 1e-4)
    assert info.torch.checks.batch_probability_difference < 0.02, "no comment feels its company"
    card = (tiny_bundle.folder / "README.md").read_text()
    assert "| onnx-fp32 |" in card
    assert "| torch, in the lab alone |" in card
    for path in tiny_bundle.folder.rglob("*.onnx"):
        assert str(Path.cwd()).encode() not in path.read_bytes(), "no path of this machine is in the files"


def test_a_folder_that_exists_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "notes.txt").write_text("mine")
    decision = SavedDecision(task=TASK, calibration=Calibration(), max_length=24)
    rows = CheckRows(comments(10)[0], None, np.ones(10))
    with pytest.raises(ModelError, match="exists"):
        export_bundle(tiny_classifier(2), decision, Origin("a", "b"), rows, tmp_path / "bundle", say=print)
    assert (tmp_path / "bundle" / "notes.txt").read_text() == "mine"


def test_nothing_is_left_where_no_engine_passes(tmp_path: Path) -> None:
    decision = SavedDecision(task=TASK, calibration=Calibration(), max_length=24)
    rows = CheckRows(comments(120)[0], None, np.ones(120))
    settings = ExportSettings(engines=("onnx-w8",), tolerance=Tolerance(flips=-1))
    with pytest.raises(ModelError, match="no engine passed: onnx-w8: 0"):
        export_bundle(
            tiny_classifier(2), decision, Origin("a", "b"), rows, tmp_path / "bundle", settings=settings,
            say=lambda _: None,
        )  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def export_tiny(classifier: Classifier, out: Path) -> SavedDecision:
    decision = SavedDecision(task=TASK, calibration=Calibration(), max_length=24)
    rows = CheckRows(comments(60)[0], None, np.ones(60))
    settings = ExportSettings(engines=("onnx-fp32", "onnx-int8"), tolerance=Tolerance(1.0, 1.0, 1.0))
    export_bundle(classifier, decision, Origin("a", "b"), rows, out, settings=settings, say=lambda _: None)
    return decision


def test_tokens_that_the_embedding_lacks_are_refused_before_any_work(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.add_tokens(["[USER]"], special_tokens=True)
    with pytest.raises(
        ModelError, match=r"the tokenizer has \[USER\], up to id \d+, the model's embedding has \d+ rows"
    ):
        export_tiny(Classifier(tiny_classifier(2).model, tokenizer), tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []


def test_a_tokenizer_without_special_tokens_is_exported_and_reads_empty_texts(tmp_path: Path) -> None:
    classifier = open_classifier(decoder(tmp_path / "model"))
    decision = export_tiny(classifier, tmp_path / "bundle")
    texts = ["", "you are an idiot", " ", "ok", "a"]
    wanted = TorchPredictor(classifier, decision)(texts)
    assert np.isfinite(wanted).all()
    assert np.abs(open_bundle(tmp_path / "bundle", engine="onnx-fp32")(texts) - wanted).max() < 1e-4
    assert read_info(tmp_path / "bundle").blank == classifier.tokenizer.bos_token_id


def test_a_tokenizer_in_python_is_refused_with_the_way_out(tmp_path: Path) -> None:
    class Slow(PreTrainedTokenizerBase):
        def get_vocab(self) -> dict[str, int]:
            return {"a": 0}

    with pytest.raises(ModelError, match=r"the tokenizer \(Slow\) is written in Python .* save the model with a fast"):
        export_tiny(Classifier(tiny_classifier(2).model, Slow()), tmp_path / "bundle")


def test_a_tokenizer_json_that_reads_otherwise_by_itself_is_refused(tmp_path: Path) -> None:
    """As where a setting of tokenizer_config.json alone adds tokens or changes letters."""

    class Louder(type(tiny_tokenizer())):
        def __call__(self, text: list[str], **settings: object) -> object:  # type: ignore[override]
            return super().__call__([f"{each} thanks" for each in text], **settings)  # type: ignore[arg-type]

    louder = Louder(tokenizer_object=tiny_tokenizer().backend_tokenizer, pad_token="[PAD]")
    with pytest.raises(ModelError, match=r"by itself reads .* otherwise than the model's tokenizer"):
        export_tiny(Classifier(tiny_classifier(2).model, louder), tmp_path / "bundle")
