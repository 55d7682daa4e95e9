import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from potstill import report
from potstill.cli.report_tables import Format, print_layer_search, print_report, print_tuning
from potstill.domain.layer_search import Choice, LayerSearch
from potstill.domain.study_folder import StudyFolder
from potstill.domain.tuning import Attempt, Tuning


@pytest.fixture
def shown() -> io.StringIO:
    return io.StringIO()


def test_a_report_is_shown_in_three_ways(finished: Path, shown: io.StringIO) -> None:
    folder = StudyFolder(finished / "runs" / "tiny")
    figures = report(folder.path, write=False)
    ways: tuple[Format, ...] = ("terminal", "markdown", "json")
    texts: dict[Format, str] = {}
    for how in ways:
        print_report(figures, folder, Console(file=(out := io.StringIO()), width=100), how)
        texts[how] = out.getvalue()
    lines = texts["terminal"].splitlines()
    assert lines[-1] == f"With pictures: {folder.path / 'report.html'}", "a path stays in one piece, however long"
    assert [line for line in lines[:-1] if len(line) > 100] == []
    even = next(row for row in figures.rows if row.arm == "even")
    assert f"{even.figures['pr_auc'].mean:.3f}" in texts["terminal"]
    assert texts["markdown"].startswith("# Study tiny\n")
    assert json.loads(texts["json"])["picked"] == "even"


def test_a_search_for_layers_names_its_model(shown: io.StringIO) -> None:
    kept, left = Choice(kept=(0,), kl=0.1, pr_auc=0.9), Choice(kept=(1,), kl=0.2, pr_auc=0.8)
    search = LayerSearch(
        depth=2, num_layers=1, rows=30, pr_auc=0.95, choices=[kept, left], influence=[0.5, 0.4], without=[left, kept],
        greedy=kept,
    )  # fmt: skip
    print_layer_search(search, "owner/model", Console(file=shown, width=200))
    answer = " ".join(shown.getvalue().split())
    assert "Of 2 choices of 1 of 2 layers, [0] come closest to the whole model's answers" in answer


def test_the_best_trial_comes_first(shown: io.StringIO) -> None:
    attempts = [
        Attempt(number=number, settings={"r": r}, pr_auc=score, given_up=False, seconds=1.0)
        for number, r, score in ((1, 8, 0.71), (2, 16, 0.75))
    ]
    print_tuning(Tuning(arm="lora", rows=30, attempts=attempts, importance={}), Console(file=shown, width=200))
    text = shown.getvalue()
    assert "The best of 2 trials reaches a validation PR-AUC of 0.750" in text
    assert text.index("0.750") < text.index("0.710")
