"""Whole studies that a gate stops, or lets through with a mark where the study waives it."""

import json
from pathlib import Path

import pytest
from rich.console import Console
from tiny_study import STUDY, run_tiny, write_rows

from potstill import export
from potstill.analysis.report import analyse
from potstill.analysis.results import load_results
from potstill.domain.errors import GateError, PotstillError, StudyError
from potstill.report.document import build_document
from potstill.report.render.markdown import markdown

QUIET = Console(quiet=True)


def test_validation_that_lacks_a_label_is_refused_before_anything_is_trained(workplace: Path) -> None:
    write_rows(workplace / "validation.csv", 40)
    lines = (workplace / "validation.csv").read_text().splitlines(keepends=True)
    (workplace / "validation.csv").write_text("".join(line for line in lines if not line.endswith("toxic\n")))
    text = STUDY.format(teacher_epochs=8).replace("[data]", '[data]\nvalidation = "validation.csv"\non_leak = "drop"')
    (workplace / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match='validation has no row of "toxic"'):
        run_tiny(workplace)
    assert not (workplace / "runs" / "tiny" / "ledger").exists()


def test_a_teacher_that_learnt_nothing_is_refused(workplace: Path) -> None:
    text = STUDY.format(teacher_epochs="1\nlearning_rate = 1e-9")
    (workplace / "study.toml").write_text(text)
    with pytest.raises(GateError, match="not clearly above chance"):
        run_tiny(workplace)


def test_an_encoder_given_as_a_teacher_is_refused(workplace: Path) -> None:
    text = (workplace / "study.toml").read_text().replace('encoder = "encoder"', 'model = "encoder"')
    text = text.replace('kind = "lora"', 'kind = "lora"\ninit = "teacher"')
    (workplace / "study.toml").write_text(text)
    with pytest.raises(GateError, match=r"classifier\.weight are not in its files and would be random"):
        run_tiny(workplace)


def test_labels_that_differ_from_the_teachers_are_refused(workplace: Path) -> None:
    folder = run_tiny(workplace)
    teacher = next((folder / "ledger").glob("teacher-s0-*"))
    text = (workplace / "study.toml").read_text().replace('encoder = "encoder"', f'model = "{teacher}/model"')
    text = text.replace('kind = "lora"', 'kind = "lora"\ninit = "teacher"')
    text = text.replace("[data]", "[data]\nlabels = { fine = 'ok', toxic = 'nasty' }").replace('"tiny"', '"other"')
    (workplace / "study.toml").write_text(text)
    with pytest.raises(StudyError, match="the teacher's labels are"):
        run_tiny(workplace)


def test_a_waived_arm_is_marked_never_picked_and_never_exported(workplace: Path) -> None:
    text = STUDY.format(teacher_epochs=8).replace("max_length = 24", "max_length = 24\nsampled_accuracy = 10")
    odd = "[arms.odd]\nkind = 'student'\nkeep = [1, 0]\nreorder = true\n"
    (workplace / "study.toml").write_text(
        text.replace("[gates.waive]", "[gates.waive]\nlayer_order = 'to see'").partition("[arms.even]")[0] + odd,
        encoding="utf-8",
    )
    folder = run_tiny(workplace)
    result = analyse(load_results(folder))
    by_name = {row.arm: row for row in result.rows}
    assert result.picked is None
    assert by_name["odd"].waived == {"layer_order": "to see"}
    shown = markdown(build_document(result))
    assert "odd †" in shown
    assert "† layer\\_order waived for odd, finetune-odd, untrained-odd: to see." in shown
    assert "epoch acc." in shown
    points = [json.loads(path.read_text())["curve"] for path in (folder / "ledger").glob("odd-s*/run.json")]
    means = [sum(point["sampled_accuracy"] for point in curve) / len(curve) for curve in points]
    assert by_name["odd"].figures["sampled_accuracy"].mean == pytest.approx(sum(means) / len(means))
    model = next((folder / "ledger").glob("odd-s0-*")) / "model"
    assert "Not for use" in (model / "README.md").read_text()
    with pytest.raises(PotstillError, match="its study waived layer_order"):
        export(folder, arm="odd", engines=["onnx-fp32"], console=QUIET)
    with pytest.raises(PotstillError, match="its study waived layer_order"):
        export(model, workplace / "out", engines=["onnx-fp32"], console=QUIET)
