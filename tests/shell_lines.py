"""Command lines as the pages show them: each is held against the parser, the files and the targets that it names."""

import contextlib
import io
import re
import shlex
import tomllib
from collections.abc import Callable
from dataclasses import dataclass

from pages import ROOT

from potstill.cli.main import build_parser

SHELL = ("", "sh", "shell", "bash")
"""The languages of blocks that hold command lines; those that name none do."""
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
_EXTRAS: dict[str, list[str]] = _PROJECT["optional-dependencies"]
_MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
_PINS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
_TOOLS = {re.split(r"[\[<>=]", requirement)[0] for requirement in _EXTRAS["dev"]} | {"curl"}
"""What is run as it is: the tools of the extra `dev`, and curl, whose requests a server answers in the tests."""
TARGETS = frozenset(re.findall(r"^([a-z]+):", _MAKEFILE, re.MULTILINE))
"""What `make` can make."""


@dataclass(frozen=True)
class CommandLine:
    """One command, without its comment; its line in the block, from 0."""

    line: int
    words: tuple[str, ...]


def command_lines(text: str) -> list[CommandLine]:
    """The commands of a block, a line that ends in a backslash joined with the next."""
    commands: list[CommandLine] = []
    start, pending = 0, ""
    for number, line in enumerate(text.splitlines()):
        start = start if pending else number
        pending += line
        if pending.endswith("\\"):
            pending = pending[:-1]
            continue
        if words := shlex.split(pending, comments=True):
            commands.append(CommandLine(start, tuple(words)))
        pending = ""
    return commands


def tool_of(words: tuple[str, ...]) -> str:
    """The command's own name, without the folder that it lies in."""
    return words[0].removeprefix(".venv/bin/")


def check_command(words: tuple[str, ...]) -> None:
    """Hold one command line against what it names.

    Raises:
        ValueError: it cannot be run, or nothing here knows such a command.
    """
    tool = tool_of(words)
    if tool in _CHECKS:
        _CHECKS[tool](words[1:])
    elif tool not in _TOOLS:
        raise ValueError(f"no test knows the command {tool!r}")


def check_inline(text: str) -> None:
    """Hold `potstill COMMAND ...` in a sentence, which may lack what the command needs, against the command's help.

    Raises:
        ValueError: there is no such command, or it has no such option.
    """
    _, command, *words = text.split()
    said = _said_by([command, "--help"])
    if "usage: potstill" not in said:
        raise ValueError(said.strip())
    missing = [word for word in words if re.match(r"--?[a-z]", word) and not re.search(rf"{word}\b", said)]
    if missing:
        raise ValueError(f"potstill {command} has no option {missing[0]}")


def _said_by(arguments: list[str]) -> str:
    """What the parser prints where it ends the program, or nothing."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            build_parser().parse_args(arguments)
    except SystemExit:
        return said.getvalue()
    return ""


def _potstill(arguments: tuple[str, ...]) -> None:
    if said := _said_by(list(arguments)):
        raise ValueError(said.strip().splitlines()[-1])


def _make(arguments: tuple[str, ...]) -> None:
    for target in arguments:
        if "=" not in target and target not in TARGETS:
            raise ValueError(f"the Makefile has no target {target!r}")


def _python(arguments: tuple[str, ...]) -> None:
    if arguments[:2] == ("-m", "venv"):
        return
    script = ROOT / arguments[0]
    if not script.is_file():
        raise ValueError(f"there is no file {arguments[0]}")
    source = script.read_text(encoding="utf-8")
    for option in arguments[1:]:
        if option.startswith("--") and f'"{option}"' not in source:
            raise ValueError(f"{arguments[0]} has no option {option}")


def _pip(arguments: tuple[str, ...]) -> None:
    for argument in arguments[1:]:
        name, _, version = argument.partition("==")
        if version and argument not in _PINS:
            raise ValueError(f"{argument} is not the version of constraints.txt")
        extras = re.fullmatch(r"(?:\.|potstill)\[(.*)\]", name)
        for extra in extras[1].split(",") if extras else ():
            if extra not in _EXTRAS:
                raise ValueError(f"potstill has no extra {extra!r}")


def _bash(arguments: tuple[str, ...]) -> None:
    if not (ROOT / arguments[0]).is_file():
        raise ValueError(f"there is no file {arguments[0]}")


_CHECKS: dict[str, Callable[[tuple[str, ...]], None]] = {
    "potstill": _potstill, "make": _make, "python": _python, "python3": _python, "pip": _pip, "bash": _bash,
}  # fmt: skip
