"""What a real kernel shows of the functions' results and of their progress."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from bundles import TinyBundle
from nbclient import NotebookClient

CELLS = {
    "predictions": "predict(BUNDLE, ['you are a fool', '<b>good</b>'])",
    "frame": "predict(BUNDLE, ['you are a fool', 'good']).to_frame()",
    "bundle": "open_bundle(BUNDLE)",
    "info": "open_bundle(BUNDLE).info",
    "report": "report(STUDY, write=False)",
    "report frame": "report(STUDY, write=False).to_frame()[['arm', 'figures.pr_auc.mean']]",
    "score": "score('in.csv', 'out.csv', BUNDLE)",
    "plan": "plan(FILE)",
    "progress": (
        "display = Display(Console())\n"
        "with display.open():\n"
        "    display.say('240 rows')\n"
        "    with display.bar('training', 300) as bar:\n"
        "        for _ in range(300):\n"
        "            bar.advance()\n"
        "    display.say('trained')"
    ),
}
START = """
from rich.console import Console
from potstill import open_bundle, plan, predict, report, score
from potstill.study.progress import Display
BUNDLE, STUDY, FILE = {bundle!r}, {study!r}, {file!r}
"""


@pytest.fixture(scope="module")
def outputs(tiny_bundle: TinyBundle, finished: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """What each cell shows."""
    folder = tmp_path_factory.mktemp("notebook")
    (folder / "in.csv").write_text("text\nyou are a fool\ngood\n", encoding="utf-8")
    start = START.format(
        bundle=str(tiny_bundle.folder), study=str(finished / "runs" / "tiny"), file=str(finished / "study.toml")
    )
    form: Any = nbformat.v4
    notebook: Any = form.new_notebook(cells=[form.new_code_cell(code) for code in (start, *CELLS.values())])
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    nbformat.validate(notebook)
    return dict(zip(CELLS, (cell.outputs for cell in notebook.cells[1:]), strict=True))


def html_of(outputs: list[Any]) -> str:
    """What a cell's only result looks like."""
    (output,) = outputs
    assert output.output_type == "execute_result"
    return str(output.data["text/html"])


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("predictions", ["<th>text</th><th>label</th>", "&lt;b&gt;good&lt;/b&gt;", "<th>of toxic</th>"]),
        ("frame", ["dataframe", "you are a fool"]),
        ("bundle", ["opened on ", "onnx-fp32", "<th>texts/s</th>"]),
        ("info", ["onnx-fp32", "labels fine, toxic"]),
        ("report", ["<h4>Study tiny</h4>", "<img ", "<table>"]),
        ("report frame", ["dataframe", "teacher"]),
        ("score", ["2 of 2 rows scored on ", "in out.csv"]),
        ("plan", ["<th>arm</th>", "finetune-even", "240 rows = 240 used"]),
    ],
)
def test_a_result_looks_like_what_it_is(outputs: dict[str, list[Any]], cell: str, said: list[str]) -> None:
    shown = html_of([output for output in outputs[cell] if output.output_type == "execute_result"])
    assert all(part in shown for part in said), shown[:2000]


def test_progress_is_one_output_that_is_replaced_and_gone_at_the_end(outputs: dict[str, list[Any]]) -> None:
    shown = outputs["progress"]
    lines = "".join(output.text for output in shown if output.output_type == "stream")
    assert lines == "240 rows\ntrained\n"
    (bar,) = [output for output in shown if output.output_type == "display_data"]
    assert bar.data["text/html"] == ""
    assert len(shown) <= 3  # the lines before the bar, the bar, the lines after it
