import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score
from synthetic import write_study

from potstill.report.figures import picked_model, work_out
from potstill.report.layout import lay_out
from potstill.report.pack import pack
from potstill.report.page import html
from potstill.report.results import load_results
from potstill.report.show import markdown
from potstill.report.verdicts import Measurements, pooled_spreads, pr_aucs
from potstill.statistics.verdict import spreads


def test_an_equal_arm_is_as_good_and_a_lesser_one_worse(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"equal": 0.0, "lesser": -0.7}, rows=6000, margin=0.03)
    found = work_out(load_results(folder))
    judged = {one.arm: one for one in found.verdicts}
    assert judged["equal"].judgement == "as good"
    assert judged["equal"].primary
    assert judged["lesser"].judgement == "worse"
    assert found.sentences[0].startswith('Take "equal" (drawn): it is as good as the teacher within 0.03 of PR-AUC')
    assert len(judged["equal"].disagreements) == 3
    assert found.flips
    counts = [sum(getattr(bin, what) for bin in found.flips.bins) for what in ("lost", "gained")]
    first = judged["equal"].disagreements[0]
    assert counts == [first.only_teacher, first.only_arm]
    shown = markdown(lay_out(found))
    assert "| equal (picked) | as good" in shown
    assert "Holm" in shown


def test_the_difference_is_that_of_the_means_on_the_rows_as_they_are(tmp_path: Path) -> None:
    results = load_results(write_study(tmp_path, {"one": -0.1}))
    arms = {arm.name: arm for arm in results.arms}
    expected = [
        average_precision_score(
            results.labels, run.test[:, 1] - run.test[:, 0], sample_weight=results.weights
        )
        for arm in ("one", "teacher")
        for run in arms[arm].done
        if run.test is not None
    ]  # fmt: skip
    found = Measurements(results).difference(arms["one"], arms["teacher"])
    assert found.estimate == pytest.approx(np.mean(expected[:3]) - expected[3])
    assert found.seeds == 3
    assert found.low < found.estimate < found.high
    against_itself = Measurements(results).difference(arms["one"], arms["one"])
    assert (against_itself.low, against_itself.high) == (0, 0)


def test_what_cannot_be_told_says_what_would_tell(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"close": 0.0}, rows=300, margin=0.03)
    found = work_out(load_results(folder))
    (verdict,) = found.verdicts
    assert verdict.judgement == "unresolved"
    assert found.sentences[0].startswith(
        "No smaller model is shown to be as good as the teacher within 0.03 of PR-AUC; the best"
    )
    if verdict.realistic:
        assert "would show it" in found.sentences[1]
        assert verdict.needs_rows is None or verdict.needs_rows > 300
    else:
        assert found.sentences[1].startswith("No realistic number of rows or seeds")


def test_a_control_that_lacks_a_seed_is_compared_where_both_have_one(tmp_path: Path) -> None:
    results = load_results(write_study(tmp_path, {"one": 0.0, "two": -0.3}))
    arms = {arm.name: arm for arm in results.arms}
    measured = Measurements(results)
    short = replace(arms["two"], runs=arms["two"].runs[:1])
    assert measured.difference(arms["one"], arms["two"]).seeds == 3
    assert measured.difference(arms["one"], short).seeds == 1
    assert measured.difference(arms["one"], short).seeds_error is None
    assert not measured.can_compare(replace(arms["one"], runs=arms["one"].runs[1:]), short)
    assert measured.difference(arms["teacher"], arms["two"]).seeds == 3


def test_no_verdict_is_given_where_none_is_asked_or_none_can_be(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0}, rows=3000)
    asked = json.loads((folder / "study.json").read_text())
    asked["rule"]["verdict"] = False
    (folder / "study.json").write_text(json.dumps(asked))
    found = work_out(load_results(folder))
    assert found.verdicts == []
    assert found.sentences[0].startswith('No verdict is asked. Picked on validation is "even"')
    assert "No verdict is asked" in html(found)
    with np.load(folder / "rows.npz") as rows:
        np.savez(folder / "rows.npz", test_labels=np.zeros(3000, dtype=np.int64), test_weights=rows["test_weights"])
    for record in (folder / "ledger").glob("*/run.json"):
        content = json.loads(record.read_text())
        content["test"]["pr_auc"] = None
        record.write_text(json.dumps(content))
    undefined = work_out(load_results(folder))
    assert "1 at best" in html(undefined)
    assert undefined.differences == []
    assert undefined.sentences[0].startswith("PR-AUC is not defined on test")


def test_who_asks_for_a_smaller_model_is_not_told_to_take_a_large_one(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"small": -0.12, "large": 0.0}, rows=6000, margin=0.03)
    asked = json.loads((folder / "study.json").read_text())
    asked["arms"][2]["role"] = "whole"
    (folder / "study.json").write_text(json.dumps(asked))
    found = work_out(load_results(folder))
    assert {one.arm: one.judgement for one in found.verdicts} == {"small": "unresolved", "large": "as good"}
    assert found.sentences[0].startswith(
        'No smaller model is shown to be as good as the teacher within 0.03 of PR-AUC ("large" is, but no smaller); '
    )
    asked["rule"]["pick"] = "any"
    (folder / "study.json").write_text(json.dumps(asked))
    assert "large" in work_out(load_results(folder)).sentences[0]


def test_what_the_study_asks_is_answered(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"one": 0.0, "lesser": -0.9}, rows=3000)
    asked = json.loads((folder / "study.json").read_text())
    asked["rule"]["questions"] = {
        "Is one | better?": ["one", "lesser"], "Is it worse?": ["lesser", "one"], "Is it another?": ["one", "one"],
        "And one that never ran?": ["one", "gone"],
    }  # fmt: skip
    (folder / "study.json").write_text(json.dumps(asked))
    page = lay_out(work_out(load_results(folder)))
    (sheet,) = (one for one in page.sheets if one.key == "questions")
    assert [[line[0], line[-1]] for line in sheet.body] == [
        ["Is one | better?", "higher"], ["Is it worse?", "lower"], ["Is it another?", "neither"],
    ]  # fmt: skip
    assert "Is one \\| better?" in markdown(page)
    (others,) = (one for one in page.sheets if one.key == "differences")
    assert ["one", "lesser"] not in [line[:2] for line in others.body]


def test_where_none_is_picked_it_says_why(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0}, rows=6000, margin=0.03)
    summary = json.loads((folder / "study.json").read_text())
    summary["arms"][1]["role"] = "whole"
    (folder / "study.json").write_text(json.dumps(summary))
    found = work_out(load_results(folder))
    assert found.picked is None
    assert found.sentences == [
        "No arm is picked: none that finished is what [rule] pick asks for, with a PR-AUC on validation. Shown to be "
        "as good as the teacher: even."
    ]


def test_one_seed_is_not_judged(tmp_path: Path) -> None:
    found = work_out(load_results(write_study(tmp_path, {"alone": 0.3}, seeds=[4], rows=3000)))
    assert found.verdicts[0].judgement == "unresolved"
    assert found.verdicts[0].difference.seeds_error is None
    assert found.sentences[1] == "One seed says nothing about others: run at least three."


def test_rows_of_a_group_are_drawn_together(tmp_path: Path) -> None:
    results = load_results(write_study(tmp_path / "rows", {"one": 0.0}))
    (tmp_path / "groups").mkdir()
    folder = write_study(tmp_path / "groups", {"one": 0.0})
    with np.load(folder / "rows.npz") as rows:
        np.savez(folder / "rows.npz", **rows, test_groups=np.arange(600) // 30)
    grouped = load_results(folder)
    alone, together = (
        Measurements(one).estimate(next(arm for arm in one.arms if arm.name == "one"), one.arms[0])
        for one in (results, grouped)
    )
    assert grouped.groups is not None
    assert together.freedom < 20 < alone.freedom
    assert together.difference == alone.difference


def test_the_arm_is_picked_on_validation_whatever_test_says(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"one": 0.0, "two": -0.5})
    for path in (folder / "ledger").glob("*/run.json"):
        content = json.loads(path.read_text())
        content["validation"]["pr_auc"] = {"one": 0.2, "two": 0.3}.get(content["arm"], 0.9)
        path.write_text(json.dumps(content))
    assert work_out(load_results(folder)).picked == "two"
    assert picked_model(folder).parent.name == "two-s0"


def test_a_packed_study_has_no_text(tmp_path: Path) -> None:
    folder, packed = write_study(tmp_path / "study", {"even": 0.0}, texts=["somebody's remark"]), tmp_path / "packed"
    summary = json.loads((folder / "study.json").read_text())
    summary["account"]["sources"][0] |= {
        "rows": summary["account"]["sources"][0]["rows"] + 1,
        "rejected": {"missing label": 1},
        "examples": {"missing label": "line 7: somebody's remark"},
    }
    (folder / "study.json").write_text(json.dumps(summary))
    pack(folder, packed)
    assert {path.name for path in packed.iterdir()} == {"study.json", "rows.npz", "ledger", "report.md", "report.json"}
    texts = [path for path in packed.rglob("*") if path.suffix in (".json", ".md")]
    assert [path for path in texts if "remark" in path.read_text()] == []


def test_an_arm_that_a_waiver_let_through_is_not_pooled(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"one": 0.0, "two": -0.1})
    for path in (folder / "ledger").glob("two-s*/run.json"):
        path.write_text(json.dumps({**json.loads(path.read_text()), "waived": {"layer_order": "to see"}}))
    results = load_results(folder)
    one = next(arm for arm in results.arms if arm.name == "one")
    assert pooled_spreads(results)["one"] == spreads({"one": pr_aucs(one)})["one"]
