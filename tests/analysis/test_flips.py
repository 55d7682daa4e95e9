from pathlib import Path

from drawn import report_of
from synthetic import write_study

from potstill.analysis.flips import EXAMPLES, LONGEST, flips_of
from potstill.analysis.results import load_results


def test_the_counts_are_those_of_the_verdicts_disagreements(tmp_path: Path) -> None:
    report = report_of(write_study(tmp_path, {"equal": 0.0, "lesser": -0.7}, rows=6000, margin=0.03))
    assert report.flips
    counts = [sum(getattr(bin, what) for bin in report.flips.bins) for what in ("lost", "gained", "both_wrong")]
    first = next(verdict for verdict in report.verdicts if verdict.arm == "equal").disagreements[0]
    assert counts == [first.only_teacher, first.only_arm, 0], "of two labels both cannot be wrong and differ"
    assert sum(bin.rows for bin in report.flips.bins) == 6000


def test_the_examples_are_the_rows_that_moved_most_with_their_texts(tmp_path: Path) -> None:
    folder = write_study(tmp_path, {"even": 0.0}, texts=["a" * 400, "short"])
    flips = flips_of(load_results(folder), "even")
    assert flips
    lost = [flip for flip in flips.examples if flip.lost]
    assert len(lost) == EXAMPLES
    moved = [abs(flip.teacher - flip.arm) for flip in lost]
    assert moved == sorted(moved, reverse=True)
    for flip in flips.examples:
        assert flip.text == ("a" * LONGEST if flip.row % 2 == 0 else "short")
        assert (flip.teacher >= 0.5) == ((flip.label == "toxic") == flip.lost)


def test_a_study_without_texts_shows_none_and_without_a_pick_nothing(tmp_path: Path) -> None:
    results = load_results(write_study(tmp_path, {"even": 0.0}))
    flips = flips_of(results, "even")
    assert flips
    assert {flip.text for flip in flips.examples} == {None}
    assert flips_of(results, None) is None
    assert flips_of(results, "gone") is None


def test_a_model_flips_nothing_beside_itself(tmp_path: Path) -> None:
    results = load_results(write_study(tmp_path, {"even": 0.0}))
    flips = flips_of(results, "teacher")
    assert flips
    assert flips.examples == []
    assert [bin.lost + bin.gained for bin in flips.bins] == [0] * 5
