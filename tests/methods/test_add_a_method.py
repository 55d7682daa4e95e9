"""The example of docs/methods.md, run: by itself, and in a study of a potstill that has it."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, cast

import torch
from pydantic import Field, TypeAdapter
from tiny import comments, tiny_classifier, tiny_encoder
from tiny_study import STUDY, write_rows

import potstill
from potstill.analysis.report import analyse
from potstill.analysis.results import load_results
from potstill.domain.task import Task
from potstill.methods.context import TeacherSignal, TrainingContext
from potstill.methods.method import Method
from potstill.models.classifier import logits_of, open_classifier, save_classifier
from potstill.models.forward import encode, predict_logits
from potstill.recipes.base import BaseRecipe
from potstill.recipes.student import Student
from potstill.recipes.training import TrainingSettings
from potstill.training.objective import TeacherOutputs

PAGE = Path(__file__).parents[2] / "docs" / "methods.md"


def write_example(package: Path) -> None:
    """The page's first two blocks of Python, as the files that they are said to be."""
    settings, method = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[:2]
    for room, code in (("recipes", settings), ("methods", method)):
        (package / room).mkdir(exist_ok=True)
        (package / room / "anchored.py").write_text(code, encoding="utf-8")


def example(folder: Path) -> tuple[type[BaseRecipe], Method]:
    """Its recipe and its method."""
    write_example(folder)
    recipes = _imported("potstill.recipes.anchored", folder / "recipes" / "anchored.py")
    methods = _imported("potstill.methods.anchored", folder / "methods" / "anchored.py")
    return recipes.Anchored, methods.METHOD


def _imported(name: str, file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_the_page_s_method_works_as_it_says(tmp_path: Path) -> None:
    anchored, method = example(tmp_path)
    either: Any = Student | anchored
    union: TypeAdapter[Any] = TypeAdapter(cast(Any, Annotated)[either, Field(discriminator="kind")])
    recipe: BaseRecipe = union.validate_python({"kind": "anchored", "keep": "odd", "epochs": 1})
    texts, labels = comments(24)
    teacher = tiny_classifier(layers=4, seed=5)
    rows = encode(teacher.tokenizer, texts, max_length=32)
    training = recipe.training_settings(TrainingSettings(batch_size=8, max_length=32, precision="fp32"))
    context = TrainingContext(Task(labels=("fine", "toxic"), positive="toxic"), None, training, rows, labels)
    signal = TeacherSignal(teacher, TeacherOutputs(predict_logits(teacher.model, rows, batch_size=8)))
    made = method.make(recipe, context, signal, 0)
    words = "bert.embeddings.word_embeddings.weight"
    student, before = made.classifier.model.state_dict(), teacher.model.state_dict()
    assert torch.equal(student[words], before[words])
    assert not torch.equal(student["classifier.weight"], before["classifier.weight"])
    assert made.parameters[0] - made.parameters[1] == before[words].numel()
    assert method.frozen(recipe, made.classifier.model) == before[words].numel()
    save_classifier(made.classifier, tmp_path / "model", max_length=32, card="")
    again = logits_of(open_classifier(tmp_path / "model"), texts, max_length=32)
    assert torch.equal(logits_of(made.classifier, texts, max_length=32), again)


def add_name(union: Path, imported: str, last: str, added: str) -> None:
    """Import a name and put it behind the last of a union."""
    text = union.read_text(encoding="utf-8")
    assert last in text
    head, rest = text.split("\n\n", 1)
    union.write_text(f"{head}\n\n{imported}\n{rest.replace(last, last + added)}", encoding="utf-8")


def test_a_study_runs_the_page_s_method(tmp_path: Path) -> None:
    package = Path(shutil.copytree(Path(potstill.__file__).parent, tmp_path / "potstill"))
    write_example(package)
    recipes, methods = package / "recipes" / "union.py", package / "methods" / "union.py"
    add_name(recipes, "from potstill.recipes.anchored import Anchored", "| Small", " | Anchored")
    add_name(methods, "from potstill.methods import anchored", "small.METHOD,", " anchored.METHOD,")
    tiny_encoder(tmp_path / "encoder", layers=2)
    write_rows(tmp_path / "train.csv")
    arm = "[arms.mine]\nkind = 'anchored'\n"
    (tmp_path / "study.toml").write_text(STUDY.format(teacher_epochs=8).partition("[arms.")[0] + arm, encoding="utf-8")

    def said_by(command: str) -> str:
        words = [sys.executable, "-W", "ignore", "-m", "potstill", command, "study.toml"]
        environment = {**os.environ, "PYTHONPATH": str(tmp_path), "COLUMNS": "200"}
        done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    planned = said_by("plan")
    said_by("run")
    mine = [row for row in analyse(load_results(tmp_path / "runs" / "tiny")).rows if row.arm == "mine"]
    assert [row.seeds for row in mine] == [[0, 1]]
    figures = mine[0].figures
    counts = [figures[name].mean for name in ("parameters", "trainable_parameters")]
    assert counts[0] > counts[1] > 0
    cells = next(line for line in planned.splitlines() if line.split()[:1] == ["mine"])
    assert all(f"{count / 1e6:.2f}M" in cells for count in counts)
