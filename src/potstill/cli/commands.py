"""How a command comes onto the command line: its help, its handler, and its own usage where its arguments are wrong."""

import argparse
import sys
from collections.abc import Callable
from typing import Protocol

Handler = Callable[[argparse.Namespace], int]
"""Does what the arguments ask, prints the result, returns the exit code."""


class Commands(Protocol):
    """What `add_subparsers` gives: the place where commands are added."""

    def add_parser(self, name: str, /, *, help: str, description: str, epilog: str) -> argparse.ArgumentParser:
        """A parser for one command."""
        ...


def say(line: str) -> None:
    """Say a line on standard error, where it is not taken for output."""
    print(f"potstill: {line}", file=sys.stderr)


def add_command(
    commands: Commands, name: str, handler: Handler, *, help: str, description: str, example: str
) -> argparse.ArgumentParser:
    """Add a command; its parser, which lacks the arguments. `description` and `example` stand in its own help."""
    parser = commands.add_parser(name, help=help, description=description, epilog=f"Example: {example}")
    parser.set_defaults(handler=handler, parser=parser)
    return parser


def whole_number(text: str) -> int:
    """A whole number from 1 on, as the type of an argument."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of at least 1")
    return int(text)


PROBLEMS = ("binary", "multiclass", "multilabel")
"""What a model may answer: one of two labels, one of several, or any number of them."""


def add_reading(parser: argparse.ArgumentParser, *, max_length: str = "") -> None:
    """Add the arguments of commands that open a model folder; `max_length` is the help of `--max-length`, if any."""
    parser.add_argument(
        "--problem", choices=PROBLEMS, help="what the classifier in a model folder answers, where its config.json does "
        "not say it (problem_type): one of two labels, one of several, or any number of them",
    )  # fmt: skip
    if max_length:
        parser.add_argument("--max-length", type=whole_number, metavar="N", help=max_length)


ENGINES = ("onnx-fp32", "onnx-int8", "onnx-w8", "openvino-bf16", "openvino-int8")
"""The names of all engines; where they are made is no place to look before one is asked for."""


def add_opening(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of commands that open a bundle."""
    parser.add_argument("--engine", help=f"one of {', '.join(ENGINES)}, if the bundle has it (default: the fastest "
        "that this processor computes rightly)")  # fmt: skip
    parser.add_argument("--threads", type=whole_number, metavar="N", help="default: as many as this process may use")
    parser.add_argument(
        "--expect-sha256", metavar="HASH", help="refuse any bundle but the one whose manifest.json has this hash"
    )
    add_languages(parser)


def add_languages(parser: argparse.ArgumentParser) -> None:
    """Add what is to be done about texts in another language."""
    modes = ["off", "warn", "strict"]
    parser.add_argument("--languages", choices=modes, default="warn", help="texts in another language than those that "
        "the model declares: answer them with a warning, refuse them (strict), or do not look (off); takes the extra "
        "`languages` (default: warn)")  # fmt: skip
