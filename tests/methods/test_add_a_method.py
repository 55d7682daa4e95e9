"""The example of docs/methods.md, run."""

import importlib.util
import re
import sys
from pathlib import Path
from typing import Annotated, Any, cast

import torch
from pydantic import Field, TypeAdapter
from tiny import comments, tiny_classifier

from potstill.domain.task import Task
from potstill.methods.bench import Bench, Method, Taught, Training
from potstill.methods.student import Student
from potstill.models.classifier import logits_of, open_classifier, save_classifier
from potstill.models.forward import encode, predict_logits
from potstill.training.objective import Guidance

PAGE = Path(__file__).parents[2] / "docs" / "methods.md"


def example(folder: Path) -> type[Method]:
    """The class of the page's first block of Python, imported as the file that it is said to be."""
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]
    (folder / "anchored.py").write_text(code, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("anchored", folder / "anchored.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["anchored"] = module
    spec.loader.exec_module(module)
    return module.Anchored


def test_the_page_s_method_works_as_it_says(tmp_path: Path) -> None:
    anchored = example(tmp_path)
    either: Any = Student | anchored
    union: TypeAdapter[Any] = TypeAdapter(cast(Any, Annotated)[either, Field(discriminator="kind")])
    method: Method = union.validate_python({"kind": "anchored", "keep": "odd", "epochs": 1})
    texts, labels = comments(24)
    teacher = tiny_classifier(layers=4, seed=5)
    rows = encode(teacher.tokenizer, texts, max_length=32)
    training = Training(batch_size=8, max_length=32, precision="fp32")
    bench = Bench(Task(labels=("fine", "toxic"), positive="toxic"), None, method.trained_as(training), rows, labels)
    taught = Taught(teacher, Guidance(predict_logits(teacher.model, rows, batch_size=8)))
    made = method.make(bench, taught, 0)
    words = "bert.embeddings.word_embeddings.weight"
    student, before = made.classifier.model.state_dict(), teacher.model.state_dict()
    assert torch.equal(student[words], before[words])
    assert not torch.equal(student["classifier.weight"], before["classifier.weight"])
    assert made.parameters[0] - made.parameters[1] == before[words].numel()
    save_classifier(made.classifier, tmp_path / "model", max_length=32, card="")
    again = logits_of(open_classifier(tmp_path / "model"), texts, max_length=32)
    assert torch.equal(logits_of(made.classifier, texts, max_length=32), again)
