"""Commands on studies: plan, run, layers, tune, report, pack, upgrade."""

import argparse
from pathlib import Path

from potstill.api.places import RUNS, layer_search_folder
from potstill.cli.commands import Commands, add_command, add_reading, whole_number
from potstill.cli.loading import loading


def register(commands: Commands) -> None:
    """Add the commands."""
    _add_plan(commands)
    _add_run(commands)
    _add_layers(commands)
    _add_tune(commands)
    _add_report(commands)
    _add_pack(commands)
    _add_upgrade(commands)


def _add_plan(commands: Commands) -> None:
    parser = add_command(
        commands, "plan", _plan, help="show what a study would run; nothing is spent",
        description="Read a study and its data, and show every arm with its layers, seeds, parameters and expected "
        "time, and how wide the intervals will be. Nothing is trained or written.",
        example="potstill plan tickets.toml",
    )  # fmt: skip
    _add_study_file(parser)


def _add_run(commands: Commands) -> None:
    parser = add_command(
        commands, "run", _run, help="run a study, or continue it: teacher, arms, seeds, table",
        description="Run what of a study is not there yet, print its report, and keep that as report.html, report.md "
        "and report.json in the study's folder. Stopped or killed, the same command continues.",
        example="potstill run tickets.toml",
    )  # fmt: skip
    _add_study_file(parser)
    _add_runs(parser)


def _add_layers(commands: Commands) -> None:
    parser = add_command(
        commands, "layers", _layers, help="which layers of a classifier matter: try every choice, untrained",
        description="Try every choice of N layers of a classifier, untrained, and rank them by how near their answers "
        "are to its own. The tables and a picture are kept as layers-N.md, .svg and .json; a search that is stopped "
        "continues by the same command.",
        example="potstill layers runs/tickets --data more.csv --text body --label rude",
    )  # fmt: skip
    parser.add_argument("model", metavar="TEACHER", help="a model folder, a study's folder (its teacher), or a Hub id")
    parser.add_argument("--data", required=True, metavar="FILE", help="labelled rows that it was not trained on")
    parser.add_argument("--text", default="text", metavar="COLUMN", help="the column with the text (default: text)")
    parser.add_argument("--label", default="label", metavar="COLUMN", help="the column with the label (default: label)")
    parser.add_argument("-n", "--num-layers", type=int, metavar="N", help="layers to keep (default: half)")
    parser.add_argument("--rows", type=whole_number, default=512, metavar="N", help="rows to try on (default: 512)")
    add_reading(parser, max_length="tokens of a text, where the model folder does not record it")
    parser.add_argument("-o", "--out", type=Path, metavar="FOLDER", help="default: runs/layers-NAME")


def _add_tune(commands: Commands) -> None:
    parser = add_command(
        commands, "tune", _tune, help="search the settings of a study's LoRA arm; the winner becomes a recipe",
        description="Search LoRA's settings on some of the training rows, judged on validation. The winner is kept as "
        "tuned.toml in the study's folder, which an arm of a study names as its recipe. A search that is stopped "
        "continues by the same command.",
        example="potstill tune tickets.toml",
    )  # fmt: skip
    parser.add_argument("study", type=Path, metavar="STUDY.toml", help="with [tune]: trials, minutes, rows, settings")
    _add_runs(parser)


def _add_report(commands: Commands) -> None:
    parser = add_command(
        commands, "report", _report, help="show a study's table again, and write report.html, .md and .json",
        description="Print the report of a study that was run, and keep it in the study's folder as report.html (a "
        "page with pictures), report.md and report.json.",
        example="potstill report runs/tickets --format markdown > tickets.md",
    )  # fmt: skip
    _add_study_folder(parser)
    parser.add_argument(
        "--format", choices=["terminal", "markdown", "json"], default="terminal", help="what is printed (default: "
        "terminal, tables as wide as the window)",
    )  # fmt: skip


def _add_pack(commands: Commands) -> None:
    parser = add_command(
        commands, "pack", _pack, help="put a study's results into a folder small enough to commit",
        description="Copy what a report is made of: logits, labels, weights and hashes of the rows, and every run's "
        "record; no text and no weights. `potstill report FOLDER` makes every table of it.",
        example="potstill pack runs/tickets -o results/tickets",
    )  # fmt: skip
    _add_study_folder(parser)
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="FOLDER", help="the folder to make")


def _add_upgrade(commands: Commands) -> None:
    parser = add_command(
        commands, "upgrade", _upgrade, help="convert a study that an earlier version wrote",
        description="Convert study.json to the format of this version, deciding the picked arm once, by the rule "
        "that the study fixed. The file is written aside and renamed; a study of this version is left as it is.",
        example="potstill upgrade runs/tickets",
    )  # fmt: skip
    _add_study_folder(parser)


def _add_study_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("study", nargs="?", type=Path, metavar="STUDY.toml", help="default: the built-in pilot study")


def _add_study_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="runs/NAME", help="the study's folder")


def _add_runs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", type=Path, default=RUNS, metavar="FOLDER", help="where results go (default: runs)")


def _plan(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    with loading("planning"):
        from potstill.api.plan import plan
        from potstill.cli.plan_table import print_plan

        planned = plan(arguments.study)
    print_plan(planned, Console())
    return 0


def _run(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    with loading():
        from potstill.api.study import run
        from potstill.cli.report_tables import print_report
        from potstill.domain.study_folder import StudyFolder

    console = Console()
    report = run(arguments.study, runs=arguments.runs, console=console)
    print_report(report, StudyFolder(arguments.runs / report.study), console)
    return 0


def _layers(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    with loading():
        from potstill.api.study import layers
        from potstill.cli.report_tables import print_layer_search
        from potstill.data.source import Source
        from potstill.domain.read_as import ReadAs

    console, out = Console(), arguments.out or layer_search_folder(arguments.model)
    search = layers(
        arguments.model, Source(arguments.data, text=arguments.text, label=arguments.label), out,
        num_layers=arguments.num_layers, rows=arguments.rows, read_as=ReadAs(arguments.problem, arguments.max_length),
        console=console,
    )  # fmt: skip
    print_layer_search(search, arguments.model, console)
    print(f"{out / f'layers-{search.num_layers}'}: .md, .svg and .json")
    return 0


def _tune(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    with loading():
        from potstill.api.study import tune
        from potstill.cli.report_tables import print_tuning

    console = Console()
    result = tune(arguments.study, runs=arguments.runs, console=console)
    print_tuning(result.tuning, console)
    print(f"The winner as a recipe: {result.recipe}")
    return 0


def _report(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    with loading("reporting"):
        from potstill.api.results import report
        from potstill.cli.report_tables import print_report
        from potstill.domain.study_folder import StudyFolder

        reported = report(arguments.folder)
    print_report(reported, StudyFolder(arguments.folder), Console(), arguments.format)
    return 0


def _pack(arguments: argparse.Namespace) -> int:
    from potstill.api.results import pack

    size = pack(arguments.folder, arguments.out)
    print(f"{arguments.out}: {size / 1e3:.0f} kB; `potstill report {arguments.out}` makes every table of it")
    return 0


def _upgrade(arguments: argparse.Namespace) -> int:
    from potstill.api.results import upgrade

    print(f"{arguments.folder}: {upgrade(arguments.folder).describe()}")
    return 0
