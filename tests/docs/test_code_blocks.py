"""Every block of code on the pages is run or checked, so that none of them promises what is not so.

What a block is, its language says; none is a shell's. A comment above it, `<!-- check: ... -->`, says what cannot be
seen from it:

- `fragment`: a part of a study file;
- `by tests/...`: this test runs it;
- `server`: Python that serves until it is stopped, on port 8001;
- `output of COMMAND`: what the command printed once; nothing runs it again, the command alone is checked.
"""

import argparse
import contextlib
import io
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import PAGES, ROOT, Block, blocks_of
from server import Server, running_server
from shell_lines import SHELL, check_command, command_lines, tool_of
from study_blocks import TABLES, completed, read_block

from potstill.cli.main import main

BLOCKS = [block for page in PAGES for block in blocks_of(page)]
SHOWN = [block for block in BLOCKS if block.page.parent in (ROOT, ROOT / "docs") and block.mark in ("", "server")]
"""Those whose commands and programs run; the pages of docs/results have data that does not come with the project."""
SERVES = re.compile(r"^(?:potstill\.)?serve\(", re.MULTILINE)
BUNDLE = Path("runs", "tickets", "bundle")
RUN: dict[str, list[str]] = {
    "plan": [], "run": [], "report": [], "predict": [], "layers": [], "tune": [], "pack": [], "score": [],
    "export": ["--engines", "onnx-fp32"],
}  # fmt: skip
"""The commands that run in seconds on tiny models, with what is added to them for that."""


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.place)
def test_a_block_is_what_it_says(block: Block, tmp_path: Path) -> None:
    match block.language, block.mark.split(maxsplit=1):
        case _, ["by", test]:
            assert (ROOT / test).is_file(), f"{block.place}: there is no test {test}"
            assert block.page.name in (ROOT / test).read_text(encoding="utf-8"), f"{test} does not read {block.place}"
        case "text", ["output", of]:
            check_shell(block, of.removeprefix("of "))
        case "toml", ["fragment"]:
            check_study(block, completed(block.text, TABLES), tmp_path)
        case "toml", []:
            check_study(block, block.text, tmp_path)
        case "python", ["server"]:
            assert block.text.count("8001") == 1, f"{block.place}: the port is not 8001"
        case "python", []:
            compile(block.text, block.place, "exec")  # it runs below
            assert not SERVES.search(block.text), f"{block.place}: a block that serves is marked so: server"
        case language, [] if language in SHELL:
            check_shell(block, block.text)
        case language, _:
            pytest.fail(
                f"{block.place}: no test can check a block of {language or 'no language'} marked {block.mark!r}"
            )


def check_study(block: Block, text: str, folder: Path) -> None:
    try:
        read_block(text, folder)
    except Exception as error:
        pytest.fail(f"{block.place}: {error}")


def check_shell(block: Block, text: str) -> None:
    for command in command_lines(text):
        try:
            check_command(command.words)
        except ValueError as error:
            pytest.fail(f"{block.place} + {command.line}: {shlex.join(command.words)}: {error}")


def shown_commands(tool: str) -> Iterator[tuple[str, list[str]]]:
    """The command lines of a tool, README's first, none twice, each with its page and line."""
    earlier: list[tuple[str, ...]] = []
    for block in sorted(SHOWN, key=lambda block: block.page.name != "README.md"):
        for command in command_lines(block.text) if block.language in SHELL else ():
            if tool_of(command.words) == tool and command.words not in earlier:
                earlier.append(command.words)
                yield f"{block.place} + {command.line}", list(command.words[1:])


def test_commands_and_programs_run(workplace: Path, monkeypatch: pytest.MonkeyPatch, subtests: pytest.Subtests) -> None:
    monkeypatch.chdir(workplace)
    for place, words in shown_commands("potstill"):
        if words[0] in RUN:
            with subtests.test(f"{place}: potstill {shlex.join(words)}"):
                run_command(words)
    for block in SHOWN:
        if block.language == "python":
            with subtests.test(f"{block.place}: Python"):
                run_program(block)
    with running_server(BUNDLE) as server:
        for place, words in shown_commands("curl"):
            with subtests.test(f"{place}: curl"):
                ask(server, words)


def run_program(block: Block) -> None:
    """Run it in this process; one that serves in another, until it is ready."""
    if block.mark == "server":
        with running_server(BUNDLE, start="import sys\n" + block.text.replace("8001", "int(sys.argv[4])")):
            return
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(block.text, block.place, "exec"), {"__name__": "shown"})
    assert said.getvalue()


def run_command(words: list[str]) -> None:
    """Run a command as it stands, in this process; what it writes may be there from another page's."""
    if "-o" in words:
        target = Path(words[words.index("-o") + 1])
        shutil.rmtree(target) if target.is_dir() else target.unlink(missing_ok=True)
    said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = main([*words, *RUN[words[0]]])
    said.seek(0)
    assert code == 0, said.read()


def ask(server: Server, words: list[str]) -> None:
    """Send what curl would send, to this server instead of port 8000."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("-s", action="store_true")
    parser.add_argument("-H", action="append", default=[])
    parser.add_argument("-d")
    request = parser.parse_args(words)
    address = re.fullmatch(r"(?:http://)?localhost:8000(/\S*)", request.url)
    assert address is not None, f"{request.url} is not where the page's server is"
    headers = dict(line.split(": ", 1) for line in request.H)
    method, body = ("POST", request.d.encode()) if request.d else ("GET", None)
    answer = server.send(method, address[1], body, **headers)
    assert answer.status == 200, answer.body


@pytest.mark.parametrize(
    ("language", "mark", "text", "complaint"),
    [
        ("yaml", "", "a: 1\n", "no test can check"),
        ("text", "", "a table\n", "no test can check"),
        ("toml", "", "[data]\n", "name: Field required"),
        ("toml", "fragment", "[data]\ntrian = 'x'\n", "did you mean 'train'"),
        ("", "", "potstill plan\npotstill plan --no\n", r"README.md:7 \+ 1: .* unrecognized arguments: --no"),
        ("", "", "make nothing\n", "no target 'nothing'"),
        ("", "", "python benchmarks/nowhere.py\n", "no file benchmarks/nowhere.py"),
        ("sh", "", "rm -rf runs\n", "no test knows the command 'rm'"),
        ("", "", "pip install 'potstill[lap]'\n", "no extra 'lap'"),
        ("python", "by tests/nowhere.py", "", "no test tests/nowhere.py"),
        ("python", "", "serve(['runs/tickets/bundle'])", "is marked so: server"),
    ],
)
def test_a_wrong_block_fails_and_names_its_line(
    language: str, mark: str, text: str, complaint: str, tmp_path: Path
) -> None:
    block = Block(ROOT / "README.md", 7, language, mark, text)
    with pytest.raises((pytest.fail.Exception, AssertionError), match=complaint) as caught:
        test_a_block_is_what_it_says(block, tmp_path)
    assert "README.md:7" in str(caught.value)
