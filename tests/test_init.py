"""What `import potstill` costs, and that its names lead where their types say."""

import ast
import resource
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from startup import COMMANDS

import potstill

NAMES = [name for name in vars(potstill)["__all__"] if name != "__version__"]


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def processor_seconds(code: str) -> float:
    """Of a fresh interpreter, the least of several."""

    def spent() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    taken: list[float] = []
    for _ in range(7):
        before = spent()
        python(code)
        taken.append(spent() - before)
    return min(taken)


def test_importing_it_costs_less_than_starting_python() -> None:
    # A bare interpreter takes 10 to 40 ms of processor time, so this is well below 50 ms on any machine.
    assert processor_seconds("import potstill") < 2 * processor_seconds("pass")


def test_importing_it_loads_nothing() -> None:
    code = (
        "import sys\nbefore = set(sys.modules)\nimport potstill\n"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    assert set(python(code).split()) <= {"potstill", "importlib", "types", "warnings"}


TRAINS = {"peft", "optuna", "sklearn", "scipy.stats", "pandas"}
DRAWS = {"matplotlib"}
SHOP = {"torch", "transformers", "accelerate", "datasets", "scipy", "jinja2", *TRAINS, *DRAWS}


@pytest.mark.parametrize(
    ("name", "kept_out"),
    [
        ("predict", {*SHOP, "fastapi"}),
        ("score", {*SHOP, "fastapi"}),
        ("serve", SHOP),
        ("report", {"torch", "transformers", "accelerate", "datasets", *TRAINS}),
        ("plan", {*TRAINS, *DRAWS, "transformers.trainer_utils"}),
        ("open_model", {*TRAINS, *DRAWS, "onnx", "onnxruntime"}),
    ],
)
def test_a_name_loads_no_more_than_it_needs(name: str, kept_out: set[str]) -> None:
    code = f"import sys\nfrom potstill import {name}\nprint(*sorted({kept_out!r} & set(sys.modules)))"
    assert python(code).split() == []


def test_a_script_that_imports_it_keeps_its_own_logging() -> None:
    code = (
        "import logging\nimport potstill\nfor name in potstill.__all__: getattr(potstill, name)\n"
        "print(logging.root.handlers, logging.root.level)"
    )
    assert python(code).split() == ["[]", "30"]


def test_every_command_is_a_function_of_its_name() -> None:
    assert set(COMMANDS) <= set(NAMES)
    for command in COMMANDS:
        assert getattr(potstill, command).__name__ == command
        assert "Raises:" in getattr(potstill, command).__doc__


def test_its_names_are_listed_before_they_are_loaded() -> None:
    assert python("import potstill\nprint(set(potstill.__all__) <= set(dir(potstill)))").strip() == "True"


def test_a_name_that_it_lacks_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'distil'"):
        potstill.distil  # type: ignore[attr-defined]  # noqa: B018


def test_the_stub_has_the_same_names_from_the_same_places() -> None:
    stub = ast.parse(Path(potstill.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    typed = {node.names[0].name: node.module for node in stub.body if isinstance(node, ast.ImportFrom)}
    assert sorted(typed) == sorted(NAMES)
    for name, module in typed.items():
        assert getattr(potstill, name) is getattr(import_module(str(module)), name)


def test_a_function_is_not_hidden_by_the_package_of_its_name() -> None:
    code = "import potstill.export, potstill.report\nprint({'export', 'report'} & set(vars(potstill)))"
    assert python(code).strip() == "set()"
    for name in ("export", "report"):
        assert import_module(f"potstill.{name}").__name__ == f"potstill.{name}"
        assert callable(getattr(potstill, name))
