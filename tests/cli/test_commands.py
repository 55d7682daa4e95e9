import argparse

import pytest

from potstill.cli.commands import ENGINES, add_command, add_opening, whole_number
from potstill.cli.main import main
from potstill.inference import engine


def test_the_engines_in_the_help_are_those_that_there_are() -> None:
    assert ENGINES == engine.ENGINES


def test_a_command_knows_its_own_parser() -> None:
    parser = argparse.ArgumentParser(prog="potstill")
    added = add_command(
        parser.add_subparsers(), "count", lambda arguments: 7, help="h", description="d", example="potstill count"
    )
    add_opening(added)
    arguments = parser.parse_args(["count", "--threads", "2"])
    assert (arguments.parser, arguments.threads, arguments.engine) == (added, 2, None)
    assert arguments.handler(arguments) == 7
    assert "Example: potstill count" in added.format_help()


def test_a_whole_number_begins_with_one() -> None:
    assert whole_number("12") == 12
    for wrong in ("0", "-1", "two", "1.5", ""):
        with pytest.raises(argparse.ArgumentTypeError):
            whole_number(wrong)


@pytest.mark.parametrize("count", ["0", "-1", "two"])
def test_no_threads_is_an_error_with_usage(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["serve", "nowhere", "--threads", count])
    assert caught.value.code == 2
    assert "--threads" in capsys.readouterr().err
