"""What keeps the house easy to live in: names that say what a thing is, files and functions of a size to be read."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("src", "tests", "benchmarks", "examples", "scripts")
FILES = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
EVASIONS = {"found", "one", "other", "others", "ones"}
"""Names that say nothing of what they hold."""
RENAMED = {
    "Bench", "Taught", "Made", "Draft", "Namer", "Conductor", "Guidance", "QuickDropout", "CarvedMethod",
    "AdaptedMethod",
    "Sheet", "Foretold", "Making", "Gatherer", "Judge", "Judged", "Guard", "carved", "adapted", "carve", "whom",
    "materials", "comments_per_second",
}  # fmt: skip
"""Names that plainer ones have taken the place of."""
LINES, CLASS_LINES, METHODS, PARAMETERS = 320, 150, 15, 8
MANY_PARAMETERS = {"train"}
"""The training loop takes its settings as one record, and beside them what is not a setting."""


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Names that the code gives: variables, parameters, attributes, functions, classes, imports."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) if isinstance(node.ctx, ast.Store):
                yield name, node.lineno
            case ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name, node.lineno
            case ast.ClassDef(name=name):
                yield name, node.lineno
            case ast.Attribute(attr=name) if isinstance(node.ctx, ast.Store):
                yield name, node.lineno
            case _:
                pass


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_names_say_what_a_thing_is(path: Path) -> None:
    if path == Path(__file__):
        return
    assert [f"{name} in line {line}" for name, line in names(tree_of(path)) if name in EVASIONS | RENAMED] == []


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_files_classes_and_functions_are_of_a_size_to_be_read(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ClassDef):
            methods = [part for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)]
            assert (node.end_lineno or 0) - node.lineno < CLASS_LINES, node.name
            assert len(methods) <= METHODS, node.name
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name not in MANY_PARAMETERS:
            given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            count = len([argument for argument in given if argument.arg not in ("self", "cls")])
            assert count <= PARAMETERS, f"{node.name} has {count} parameters"


def test_no_room_is_a_lumber_room() -> None:
    assert [relative(path) for path in FILES if path.stem in ("utils", "helpers", "common", "misc")] == []
