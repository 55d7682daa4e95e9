"""The examples, as scripts and as notebooks, on tiny models: each goes on where the last one ended."""

import contextlib
import csv
import io
import runpy
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from make_notebooks import EXAMPLES, as_file, notebook_of
from nbclient import NotebookClient
from tiny import comments, tiny_encoder

TRAINED = {"SEEDS": [0, 1], "EPOCHS": 2, "LEARNING_RATE": 3e-3, "MAX_LENGTH": 24}
TEXTS, _ = comments(3)
PARAMETERS: dict[str, dict[str, object]] = {
    "assignment": {
        "ENCODER": "encoder", "ROWS": "rows.csv", "DATA": 'labels = { 0 = "fine", 1 = "toxic" }\n', "SPLITS": False,
        "TEACHER_EPOCHS": 8, **TRAINED,
    },
    "own_model": {
        "MODEL": "my-model", "ROWS": "rows.csv", "TEXT": "text", "LABEL": "label", "NEW_TEXTS": TEXTS,
        "LABELS": {"0": "fine", "1": "toxic"}, "ENGINES": ("onnx-fp32",), "ARM": "even",
        **TRAINED,
    },
    "replace_perspective": {"BUNDLE": "runs/own_model/bundle", "COMMENTS": TEXTS},
}  # fmt: skip
"""In the order in which they run: the first one's teacher is the model of the second, whose bundle the third serves."""
SAID = {
    "assignment": ["odd ", "even ", "lora ", "Do the odd layers differ from the even ones?"],
    "own_model": ["no arm is advised", "million parameters", f": {TEXTS[0]}", "240 rows in scored.csv"],
    "replace_perspective": [f"{TEXTS[0]}", "    0."],
}


def with_parameters(script: str, values: dict[str, object]) -> str:
    """The script with a cell of other values after the one that is tagged `parameters`."""
    head, tag, tail = script.partition('# %% tags=["parameters"]')
    own, cell, rest = tail.partition("\n# %%")
    assert tag, "no cell is tagged"
    missing = [name for name in values if f"\n{name} = " not in own]
    assert not missing, f"{missing} are no parameters"
    changed = "\n".join(f"{name} = {value!r}" for name, value in values.items())
    return f"{head}{tag}{own}\n# %%\n{changed}\n{cell}{rest}"


def said_by_script(script: str, folder: Path) -> str:
    """What the script prints, run in this process."""
    path = folder / "script.py"
    path.write_text(script, encoding="utf-8")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        runpy.run_path(str(path), run_name="__main__")
    return said.getvalue()


def said_by_notebook(script: str, folder: Path) -> str:
    """What the script's notebook prints, run by a kernel of its own."""
    notebook: Any = nbformat.reads(as_file(notebook_of(script)), as_version=4)
    nbformat.validate(notebook)
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}})
    client.execute()
    return "".join(text_of(cell) for cell in notebook.cells)


def text_of(cell: Any) -> str:
    outputs: Iterator[Any] = iter(cell.get("outputs", []))
    return "".join(output.text for output in outputs if output.get("name") == "stdout")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tiny_encoder(tmp_path / "encoder", layers=12)
    with (tmp_path / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *zip(*comments(240), strict=True)])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_examples_run(workplace: Path, subtests: pytest.Subtests) -> None:
    for name, parameters in PARAMETERS.items():
        script = (EXAMPLES / name / f"{name}.py").read_text(encoding="utf-8")
        port = {"PORT": free_port()} if name == "replace_perspective" else {}
        tiny = with_parameters(script, {**parameters, **port})
        for kind, run in (("script", said_by_script), ("notebook", said_by_notebook)):
            with subtests.test(f"{name}, {kind}"):
                said = run(tiny, workplace)
                assert [text for text in SAID[name] if text not in said] == [], said
        if name == "assignment":
            teacher = next((workplace / "runs" / "assignment" / "ledger").glob("teacher-s0-*"))
            (teacher / "model").rename(workplace / "my-model")


def test_every_example_is_run() -> None:
    assert {path.stem for path in EXAMPLES.glob("*/*.py")} == set(PARAMETERS)
