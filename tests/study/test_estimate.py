"""What `plan` says beforehand, held against what a run does."""

from pathlib import Path
from typing import cast

import pytest
from families import tiny_of
from tiny import tiny_encoder, tiny_tokenizer
from tiny_study import STUDY, run_tiny, write_rows
from transformers import CanineConfig, CanineModel, LongformerConfig, LongformerModel, PreTrainedModel

from potstill import plan
from potstill.analysis.results import load_results
from potstill.domain.errors import StudyError
from potstill.study.estimate import PlannedArm

ARMS = """
[arms.first]
kind = "student"
keep = "first"
[arms.hybrid]
kind = "hybrid"
keep = "first"
[arms.lora]
kind = "lora"
[arms.still]
kind = "lora"
train_head = false
[arms.more]
kind = "lora"
init = "teacher"
"""


def write_study(folder: Path, arms: str, more: str = "", epochs: int = 8) -> Path:
    write_rows(folder / "train.csv")
    start = STUDY.format(teacher_epochs=epochs).partition("[gates.")[0].replace("seeds = [0, 1]", "seeds = [0]")
    path = folder / "study.toml"
    path.write_text(f"{start}[rule]\nverdict = false\n{more}\n{arms}", encoding="utf-8")
    return path


def planned(study: Path) -> dict[str, PlannedArm]:
    return {arm.arm: arm for arm in plan(study).arms}


@pytest.mark.parametrize("family", ["bert", "deberta-v2", "modernbert"])
def test_the_numbers_of_parameters_are_those_that_a_run_trains(family: str, tmp_path: Path) -> None:
    start = tiny_of(family, layers=2)
    cast(PreTrainedModel, start.model.base_model).save_pretrained(tmp_path / "encoder")
    start.tokenizer.save_pretrained(tmp_path / "encoder")
    study = write_study(tmp_path, ARMS, '[gates.waive]\nfrozen_head = "to count it"', epochs=12)
    expected = planned(study)
    costs = {arm.name: arm.done[0].record.cost for arm in load_results(run_tiny(tmp_path)).arms if arm.done}
    for name in ("first", "hybrid", "lora", "still", "more"):
        counts = expected[name].parameters, expected[name].trainable
        assert counts == (costs[name].parameters, costs[name].trainable_parameters), name


def test_an_encoder_with_a_list_of_its_layers_is_planned(tmp_path: Path) -> None:
    config = LongformerConfig(
        vocab_size=len(tiny_tokenizer()), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=64, attention_window=[8, 8], pad_token_id=0,
    )  # fmt: skip
    LongformerModel(config).save_pretrained(tmp_path / "encoder")
    tiny_tokenizer().save_pretrained(tmp_path / "encoder")
    rows = planned(write_study(tmp_path, "[arms.first]\nkind = 'student'\nkeep = 'first'"))
    assert 0 < rows["first"].seconds < rows["teacher"].seconds


def test_a_small_encoder_without_a_table_of_words_is_planned(tmp_path: Path) -> None:
    tiny_encoder(tmp_path / "encoder", layers=2)
    config = CanineConfig(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64, num_hash_buckets=64,
        num_hash_functions=2,
    )  # fmt: skip
    CanineModel(config).save_pretrained(tmp_path / "small")
    assert planned(write_study(tmp_path, "[arms.small]\nkind = 'small'\nencoder = 'small'"))["small"].seconds > 0


def test_the_search_for_layers_is_timed_on_the_rows_that_it_gets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("potstill.study.estimate.matrix_speed", lambda training: 1e9)
    tiny_encoder(tmp_path / "encoder", layers=4)
    arm = "[arms.searched]\nkind = 'student'\nkeep = 'search'"
    ten, too_many = (
        planned(write_study(tmp_path, arm, f"[layer_search]\nrows = {rows}"))["layers"].seconds for rows in (10, 500)
    )
    assert ten < too_many < 5 * ten  # a quarter of train is held out at the most


@pytest.mark.parametrize(
    ("arm", "why"),
    [
        ("kind = 'student'\nkeep = [1, 7]", r"\[arms.odd_one\] .*7"),
        ("kind = 'student'\nkeep = 'search'\nnum_layers = 9", r"\[arms.odd_one\] num_layers = 9 is not between"),
        (
            "kind = 'progressive'\nschedule = 'stages'\nnum_layers = 1\nkeep = 'last'\nepochs = 1",
            r"\[arms.odd_one\] 2 stages need at least as many epochs, not 1",
        ),
    ],
)
def test_an_arm_that_does_not_fit_is_refused_before_anything_is_trained(arm: str, why: str, tmp_path: Path) -> None:
    tiny_encoder(tmp_path / "encoder", layers=4)
    study = write_study(tmp_path, f"[arms.good]\nkind = 'student'\n[arms.odd_one]\n{arm}")
    with pytest.raises(StudyError, match=why):
        plan(study)
    with pytest.raises(StudyError, match=why):
        run_tiny(tmp_path)
    assert not list((tmp_path / "runs").rglob("run.json"))
