"""The parser, the errors, the exit codes, and what a command loads."""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bundles import TinyBundle
from server import running_server
from startup import COMMANDS

from potstill.cli.main import build_parser, main
from potstill.domain.errors import PotstillError

HEAVY = "{'torch', 'transformers', 'peft', 'accelerate', 'datasets'}"


def potstill(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "potstill", *arguments], capture_output=True, text=True, check=False)


def loaded_by(*arguments: str) -> str:
    """Which heavy packages a command loads; it must do its work."""
    code = (
        "import sys\nfrom potstill.cli.main import main\n"
        "try:\n    code = main(sys.argv[1:])\nexcept SystemExit as done:\n    code = done.code\n"
        f"print('LOADED', code or 0, *sorted({HEAVY} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert "LOADED 0" in done.stdout, done.stderr
    return done.stdout.rpartition("LOADED 0")[2].strip()


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom potstill.cli.main import build_parser\nbuild_parser().format_help()\n"
        "print(sorted({'torch', 'transformers', 'sklearn', 'numpy', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert loaded_by("--help") == loaded_by("run", "--help") == ""


def test_what_needs_no_torch_does_not_load_it(tiny_bundle: TinyBundle, finished: Path, tmp_path: Path) -> None:
    bundle, rows = str(tiny_bundle.folder), tmp_path / "rows.csv"
    rows.write_text("text\nyou are a fool\n")
    shutil.copytree(finished / "runs" / "tiny", tmp_path / "tiny")
    assert loaded_by("predict", bundle, "you are a fool") == ""
    assert loaded_by("score", str(rows), "-o", str(tmp_path / "out.csv"), "--bundle", bundle) == ""
    assert loaded_by("report", str(tmp_path / "tiny")) == ""
    assert loaded_by("pack", str(tmp_path / "tiny"), "-o", str(tmp_path / "packed")) == ""


def test_a_server_does_not_load_torch(tiny_bundle: TinyBundle, tmp_path: Path) -> None:
    note = tmp_path / "loaded"
    start = (
        "import atexit, sys, pathlib\nfrom potstill.cli.main import main\n"
        f"atexit.register(lambda: pathlib.Path({str(note)!r}).write_text(repr(sorted({HEAVY} & set(sys.modules)))))\n"
        "sys.exit(main())"
    )
    with running_server(tiny_bundle.folder, start=start) as server:
        assert server.post("/score", {"texts": ["you are a fool"]}).status == 200
    assert note.read_text() == "[]"


def test_help_names_every_command() -> None:
    done = potstill("--help")
    for command in COMMANDS:
        assert f"  {command}  " in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_suffices_to_use_it(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert shown.startswith(f"usage: potstill {command} ")
    assert f"Example: potstill {command} " in shown
    parser = build_parser().parse_known_args(shown.partition("Example: potstill ")[2].split(" >")[0].split())[0].parser
    for action in parser._actions:
        assert action.help, f"{command}: {action.dest} is not explained"
        default = "default" in action.help or action.default in (None, False, "", []) or action.dest == "help"
        assert default, f"{command}: the default of {action.dest} is not said"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "nowhere.toml"], "nowhere.toml cannot be read"),
        (["report", "nowhere"], "is not a study folder"),
        (["predict", "./nowhere", "hello"], "neither a folder nor a Hub id"),
    ],
)
def test_an_error_is_one_line_and_exit_code_1(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("potstill: ")
    assert message in shown
    assert "Traceback" not in shown


def test_no_command_is_an_error_with_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert "usage: potstill" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["report"], "required: runs/NAME"),
        (["report", "runs/tiny", "more"], "unrecognized arguments: more"),
        (["run", "--sedes", "3"], "unrecognized arguments: --sedes"),
        (["export", "runs/tiny", "--long", "ignore"], "argument --long: invalid choice: 'ignore'"),
        (["layers", "runs/tiny", "--data", "more.csv", "--rows", "0"], "--rows: 0 is not a whole number"),
    ],
)
def test_wrong_arguments_are_answered_with_the_usage_of_their_command(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    shown = capsys.readouterr().err
    assert shown.startswith(f"usage: potstill {arguments[0]} ")
    assert message in shown


def raising(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `plan` fail so."""

    def fail(arguments: argparse.Namespace) -> int:
        raise error

    monkeypatch.setattr("potstill.cli.study._plan", fail)
    monkeypatch.setattr("potstill.cli.study._run", fail)


def test_a_missing_package_of_the_lab_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raising(ModuleNotFoundError("No module named 'peft'", name="peft.tuners"), monkeypatch)
    assert main(["plan"]) == 1
    assert capsys.readouterr().err == (
        "potstill: peft.tuners is missing; this command needs the lab: pip install 'potstill[lab]'\n"
    )
    raising(ModuleNotFoundError("No module named 'potstil'", name="potstil"), monkeypatch)
    with pytest.raises(ModuleNotFoundError):
        main(["plan"])


def test_what_the_system_refuses_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raising(PermissionError(13, "Permission denied", "runs"), monkeypatch)
    assert main(["plan"]) == 1
    assert capsys.readouterr().err == "potstill: [Errno 13] Permission denied: 'runs'\n"
    raising(PotstillError("no"), monkeypatch)
    assert main(["run"]) == 1


def test_an_interrupted_command_says_whether_it_continues(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raising(KeyboardInterrupt(), monkeypatch)
    assert main(["run"]) == 130
    assert capsys.readouterr().err == "potstill: stopped; the same command continues where it stopped\n"
    assert main(["plan"]) == 130
    assert capsys.readouterr().err == "potstill: stopped\n"


def test_an_interrupted_server_has_done_what_it_was_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(arguments: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("potstill.cli.serving._serve", stop)
    monkeypatch.setattr("potstill.cli.scoring._score", stop)
    assert main(["serve"]) == 0
    assert main(["score", "-", "-o", "out.csv"]) == 130
    assert capsys.readouterr().err == "potstill: stopped\n" * 2, "a stream cannot be continued"


def test_whoever_stops_reading_is_not_complained_to() -> None:
    code = "import sys\nfrom potstill.cli.main import main\nimport potstill.cli.study as s\n" + (
        "def flood(arguments):\n    while True:\n        print('x' * 100)\ns._plan = flood\nsys.exit(main(['plan']))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stderr is not None
        assert writer.stdout.readline()
        writer.stdout.close()
        assert writer.stderr.read() == b""
    assert writer.returncode == 1
