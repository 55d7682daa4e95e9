from pathlib import Path
from typing import cast

import pytest
from drawn import arms_of, change_role, change_rule, change_runs, report_of, runs_of
from huggingface_hub import ModelCard, ModelCardData
from synthetic import write_study

from potstill.analysis.results import load_results
from potstill.domain.measures import Areas, GroupAreas, GroupFile
from potstill.domain.study_folder import StudyFolder
from potstill.report.model_card import card, write_cards


def card_of(folder: Path, arm: str) -> str:
    chosen = arms_of(load_results(folder))[arm]
    return card(report_of(folder), chosen, chosen.done[0])


def test_every_saved_model_gets_a_card_that_the_hub_reads(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0}, words="even <b>layers</b>")
    model = StudyFolder(folder).model(runs_of(folder, "even")[1])
    model.mkdir()
    results = load_results(folder)
    assert write_cards(results, report_of(folder)) == 1
    text = (model / "README.md").read_text(encoding="utf-8")
    index = cast(ModelCardData, ModelCard(text).data)
    assert index.model_name == "drawn: even, seed 1"
    test = results.arms[1].done[1].record.test
    assert test is not None
    assert index.eval_results
    assert index.eval_results[0].metric_value == pytest.approx(test.pr_auc, abs=1e-4)
    assert "Even \\<b\\>layers\\</b\\>." in text
    assert "[1,3,5] of 6" in text


def test_the_verdict_is_the_recipes(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"equal": 0.0, "lesser": -0.9}, rows=6000, margin=0.03)
    assert "the recipe is **as good as the teacher**" in card_of(folder, "equal")
    assert "this is one of its seeds (0, 1, 2)" in card_of(folder, "equal")
    assert "the recipe is **worse than the teacher by more than the margin**" in card_of(folder, "lesser")
    assert "This is the teacher" in card_of(folder, "teacher")
    change_role(folder, "lesser", "control")
    assert "None: it is in the study as something to compare others with." in card_of(folder, "lesser")
    change_rule(folder, verdict=False)
    assert "None: the study asks for none" in card_of(folder, "equal")


def test_one_seed_has_no_verdict(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"alone": 0.0}, seeds=[0])
    assert "None: one seed says nothing about others." in card_of(folder, "alone")


def test_what_was_waived_is_not_for_use(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0})
    change_runs(folder, "even", waived={"layer_order": "to | see"})
    assert "**Not for use.** Gates were waived to make it:\n\n- `layer_order`: to \\| see" in card_of(folder, "even")
    assert "None: gates were waived to make it." in card_of(folder, "even")


def test_the_group_that_is_most_mistaken_is_a_limit_of_the_picked_arm(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0, "odd": -0.5})
    areas = [
        GroupAreas(
            group=group, source="people.csv", rows=20, positives=10, arm=key.arm, seed=key.seed, digest=key.digest,
            areas=Areas(subgroup=None, bpsn=bpsn, bnsp=None),
        )
        for arm in ("teacher", "even")
        for key in runs_of(folder, arm)
        for group, bpsn in (("old", 0.75), ("young", 0.5))
    ]  # fmt: skip
    (folder / "subgroups.json").write_text(GroupFile(runs=areas).model_dump_json())
    assert 'mention "young" are the ones most mistaken for toxic: BPSN AUC 0.500' in card_of(folder, "even")
    assert "young" not in card_of(folder, "odd")
