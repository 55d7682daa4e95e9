"""The command line: the parser, the errors, the exit codes. What a command does stands in the file of its kind.

Handlers import what they need inside themselves, so that `potstill --help` loads nothing of it.
"""

import argparse
import gc
import logging
import os
import sys
from collections.abc import Sequence

import potstill
from potstill.cli import models, scoring, serving, study
from potstill.cli.commands import say
from potstill.domain.errors import PotstillError
from potstill.scoring.formats import STANDARD

LAB = (
    "torch", "transformers", "huggingface_hub", "datasets", "peft", "accelerate", "sklearn", "scipy", "onnx", "optuna",
    "matplotlib",
)  # fmt: skip
"""Packages that come with the extra `lab`."""
CONTINUING = ("run", "tune", "layers", "score")
"""Commands that continue where they were stopped."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code: 0 when it did what was asked, 1 for an error that the user can mend, 3 where
    `score` left rows out, 130 when interrupted, unless that is how one ends it (`serve`)."""
    arguments, unknown = build_parser().parse_known_args(argv)
    if unknown:
        arguments.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    arguments.is_process = argv is None
    logging.basicConfig(level=logging.INFO if arguments.verbose else logging.WARNING, format="%(name)s: %(message)s")
    try:
        return arguments.handler(arguments)
    except (PotstillError, OSError, ModuleNotFoundError) as error:
        return _explained(error)
    except KeyboardInterrupt:
        return _interrupted(arguments)


def command() -> int:
    """`main`, as a process of its own has it."""
    try:
        return main()
    finally:
        gc.freeze()  # Python would look through all that was loaded once more before it ends


def build_parser() -> argparse.ArgumentParser:
    """The commands and their arguments."""
    parser = argparse.ArgumentParser(
        prog="potstill",
        description="Make transformer text classifiers small, and say honestly what that cost.",
        epilog="`potstill COMMAND --help` says what a command takes. Start with `potstill run`: the built-in pilot "
        "study, a few minutes on two cores. Exit codes: 0 done, 1 an error that can be mended, 2 wrong arguments, 3 "
        "rows that `score` left out, 130 interrupted.",
    )
    parser.add_argument("--version", action="version", version=f"potstill {potstill.__version__}")
    parser.add_argument("-v", "--verbose", action="store_true", help="log what is done, on standard error")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for room in (study, models, scoring, serving):
        room.register(commands)
    return parser


def _explained(error: PotstillError | OSError | ModuleNotFoundError) -> int:
    """Say in a line what is wrong. What only a programmer can mend is raised again."""
    if isinstance(error, BrokenPipeError):
        # Whoever read our output has gone. Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    message = str(error)
    if isinstance(error, ModuleNotFoundError):
        if (error.name or "").partition(".")[0] not in LAB:
            raise error
        message = f"{error.name} is missing; this command needs the lab: pip install 'potstill[lab]'"
    say(message)
    return 1


def _interrupted(arguments: argparse.Namespace) -> int:
    streams = STANDARD in (getattr(arguments, "source", ""), getattr(arguments, "out", ""))
    continues = arguments.command in CONTINUING and not streams
    say(f"stopped{'; the same command continues where it stopped' if continues else ''}")
    return 0 if arguments.command == "serve" else 130
