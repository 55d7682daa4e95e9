import subprocess
import sys

import pytest

from potstill.cli.main import main


def potstill(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "potstill", *arguments], capture_output=True, text=True, check=False)


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom potstill.cli.main import build_parser\nbuild_parser().format_help()\n"
        "print(sorted({'torch', 'transformers', 'sklearn', 'numpy', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_script_that_imports_it_keeps_its_own_logging() -> None:
    code = "import logging, potstill.api; print(logging.root.handlers, logging.root.level)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["[]", "30"]


def test_help_names_every_command() -> None:
    done = potstill("--help")
    for command in ("plan", "run", "report", "predict", "export", "score", "serve", "fetch"):
        assert f"  {command}  " in done.stdout


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


@pytest.mark.parametrize("count", ["0", "-1", "two"])
def test_no_threads_is_an_error_with_usage(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["serve", "nowhere", "--threads", count])
    assert caught.value.code == 2
    assert "--threads" in capsys.readouterr().err
