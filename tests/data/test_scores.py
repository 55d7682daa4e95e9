from pathlib import Path

import pytest

from potstill.data.loading import load_dataset
from potstill.data.scores import check_no_scores
from potstill.data.source import Source, Sources
from potstill.domain.errors import DataError


@pytest.mark.parametrize(
    "values", [["0", "1"], ["0.0", "1.0"], ["1", "2", "10"], ["1.0", "2.0", "3.0"], ["0.5", "1.5"], ["1.5", "a", "2"]]
)
def test_labels_may_be_numbers(values: list[str]) -> None:
    check_no_scores("a.csv", "label", values)


@pytest.mark.parametrize(
    "values", [["0", "0.5", "1"], ["0.1666666666666666666", "1e-05", "0.9"], ["-3.5", "2", "7.25"]]
)
def test_scores_are_no_labels(values: list[str]) -> None:
    with pytest.raises(
        DataError, match=r'the label column "label" holds 3 different numbers, from .*: scores, not label'
    ):
        check_no_scores("a.csv", "label", values)


def rows(path: Path) -> str:
    lines = [f"comment number {n},{n % 7 / 10:.1f},{n % 2}" for n in range(60)]
    path.write_text("\n".join(["text,toxicity,rude", *lines]) + "\n")
    return str(path)


def test_a_study_on_scores_is_refused_with_the_way_out(tmp_path: Path) -> None:
    """Seven classes, of which 0.1 would be as unlike 0.2 as 0.6."""
    source = Source(rows(tmp_path / "a.csv"), label="toxicity")
    with pytest.raises(
        DataError, match=r'Cut them at a threshold into a column of 0 and 1, such as "toxicity" >= 0\.5'
    ):
        load_dataset(Sources(source))
    named = {"0.0": "fine", "0.6": "toxic"}
    assert load_dataset(Sources(source), labels=named).task.labels == ("fine", "toxic"), (
        "those that are named are meant"
    )


def test_so_is_one_of_several_label_columns(tmp_path: Path) -> None:
    """Its rows would be left out one by one, but for those of 0 and 1."""
    with pytest.raises(DataError, match='the label column "toxicity" holds 7 different numbers'):
        load_dataset(Sources(Source(rows(tmp_path / "a.csv"), label=["rude", "toxicity"])))
