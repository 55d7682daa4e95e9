from pathlib import Path

import numpy as np
import pytest
from drawn import change_record, change_role, change_rule, change_runs, report_of, runs_of
from synthetic import write_study

from potstill.domain.study_folder import StudyFolder
from potstill.report.prose import answer_of, in_words


def answer(folder: Path) -> list[str]:
    return answer_of(report_of(folder))


def test_an_arm_that_is_as_good_is_to_be_taken(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"equal": 0.0, "lesser": -0.7}, rows=6000, margin=0.03)
    take, cost = answer(folder)
    assert take.startswith('Take "equal" (drawn): it is as good as the teacher within 0.03 of PR-AUC')
    assert take.endswith("with 70 % of the teacher's parameters and 3 of its 6 layers.")
    assert cost.startswith("What it costs: PR-AUC on test 0.")
    assert "95 % interval over rows and seeds" in cost


def test_where_the_picked_arm_is_worse_the_way_out_is_named(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"equal": 0.0, "lesser": -0.9}, rows=6000, margin=0.03)
    change_record(folder, picked="lesser")
    worse, instead = answer(folder)
    assert worse.startswith(
        'The best on validation, "lesser" (drawn), is worse than the teacher by more than 0.03 of PR-'
    )
    assert instead.startswith('As good as the teacher within that margin is "equal" (drawn): ')
    change_role(folder, "equal", "whole")
    change_record(folder, picked="lesser")
    assert answer(folder)[1].startswith(
        'No other arm is shown to be as good ("equal" is, but no smaller): keep the teacher, '
    )


def test_what_cannot_be_told_says_what_would_tell(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"close": 0.0}, rows=300, margin=0.03)
    said, tell = answer(folder)
    (verdict,) = report_of(folder).verdicts
    assert said.startswith("No smaller model is shown to be as good as the teacher within 0.03 of PR-AUC; the best")
    if verdict.realistic:
        assert "would show it" in tell
    else:
        assert tell.startswith("No realistic number of rows or seeds")


def test_who_asks_for_a_smaller_model_is_not_told_to_take_a_large_one(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"small": -0.12, "large": 0.0}, rows=6000, margin=0.03)
    change_role(folder, "large", "whole")
    report = report_of(folder)
    assert {row.arm: row.judgement for row in report.verdicts} == {"small": "unresolved", "large": "as good"}
    assert answer_of(report)[0].startswith(
        'No smaller model is shown to be as good as the teacher within 0.03 of PR-AUC ("large" is, but no smaller); '
    )
    change_rule(folder, pick="any")
    assert "large" in answer(folder)[0]


def test_another_arm_than_the_picked_one_may_be_shown(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"small": -0.12, "equal": 0.0}, rows=6000, margin=0.03)
    change_record(folder, picked="small")
    said, tell = answer(folder)
    assert said.startswith('"equal" (drawn) is shown to be as good as the teacher within 0.03 of PR-AUC, between ')
    assert tell.startswith('Whether "small", the best on validation, is as good cannot be told yet. ')


def test_one_seed_is_not_judged(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"alone": 0.3}, seeds=[4], rows=3000)
    assert answer(folder)[1] == "One seed says nothing about others: run at least three."


def test_what_the_control_reaches(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0, "finetune-even": -0.7}, rows=3000)
    change_role(folder, "finetune-even", "control")
    assert answer(folder)[-1].startswith("The same layers trained on the labels alone, without the teacher, reach 0.")
    assert answer(folder)[-1].endswith("less: shown to differ).")


def test_no_verdict_is_given_where_none_is_asked_or_none_can_be(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0}, rows=3000)
    change_rule(folder, verdict=False)
    first, second = answer(folder)
    assert first.startswith('The study asks for no verdict. Picked on validation is "even" (drawn), with 70 %')
    assert second.startswith("PR-AUC on test ")
    with np.load(folder / "rows.npz") as rows:
        np.savez(folder / "rows.npz", test_labels=np.zeros(3000, dtype=np.int64), test_weights=rows["test_weights"])
    assert answer(folder)[0].startswith("PR-AUC is not defined on test")


def test_before_a_study_has_ended_it_says_how_far_it_is(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0, "odd": 0.0})
    change_record(folder, picked=None)
    assert answer(folder) == [
        "No arm is picked yet: all 7 runs are there, and `potstill run` ends the study with the pick."
    ]
    for key in runs_of(folder, "odd"):
        StudyFolder(folder).run(key).rename(tmp_path / key.folder)
    assert answer(folder) == ["No arm is picked yet: 4 of 7 runs are there. `potstill run` continues the study."]
    change_record(folder, picked="odd")
    assert answer(folder)[0].startswith('"odd" was picked, but now only 4 of 7 runs are there.')


def test_where_none_is_picked_it_says_why(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0}, rows=6000, margin=0.03)
    change_role(folder, "even", "whole")
    report = in_words(report_of(folder))
    assert report.picked is None
    assert report.sentences == [
        "No arm is picked: none that finished is what [rule] pick asks for, with a PR-AUC on validation. Shown to be "
        "as good as the teacher: even."
    ]
    change_runs(folder, "even", waived={"layer_order": "to see"})
    assert answer(folder) == ["No arm is picked: every arm that finished had a gate waived."]
    change_runs(folder, "even", status="failed")
    assert answer(folder) == ["No compressed arm has finished: even failed."]


@pytest.mark.parametrize("seeds", [[0], [0, 1, 2]])
def test_the_answer_is_its_sentences(tmp_path: Path, seeds: list[int]) -> None:
    report = in_words(report_of(write_study(tmp_path, {"even": 0.0}, seeds=seeds)))
    assert report.answer == " ".join(report.sentences)
    assert report.model_dump(exclude={"answer", "sentences"}) == report_of(tmp_path).model_dump()
    assert type(report).model_validate_json(report.model_dump_json()) == report


def test_the_first_sentence_says_that_the_teacher_is_not_worth_it(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0}, rows=3000)
    for key in runs_of(folder, "teacher"):
        np.savez(
            StudyFolder(folder).run(key) / "logits.npz", test=np.tile(np.array([2, -2], dtype=np.float32), (3000, 1))
        )
    first, second = answer(folder)
    assert first.startswith("The teacher is not worth compressing, and no arm is advised: it answers every test row")
    assert "PR-AUC on test is 0." in first
    assert "95 % interval over rows" in first
    assert second.endswith("an arm can still be named by hand, with --arm.")
    change_record(folder, waived={"weak_teacher": "to see"}, picked="even")
    assert answer(folder)[0].endswith("The study waives that: to see.")
    assert len(answer(folder)) == 3
    for key in runs_of(folder, "even"):
        StudyFolder(folder).run(key).rename(tmp_path / key.folder)
    assert answer(folder)[1].startswith("The teacher is not worth compressing"), "early, while it can be stopped"
