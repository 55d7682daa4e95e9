import subprocess
import sys

from bundles import TinyBundle


def test_a_text_with_nothing_to_read_has_no_label(tiny_bundle: TinyBundle) -> None:
    command = [sys.executable, "-m", "potstill", "predict", str(tiny_bundle.folder), "", " ", "\u200b", "👍", "a fool"]
    done = subprocess.run(command, capture_output=True, check=True)
    lines = done.stdout.decode("utf-8").splitlines()[:5]
    assert [line.startswith("-  (nothing to read)") for line in lines] == [True] * 4 + [False]


def test_predict_prints_a_line_for_each_text_and_nothing_that_the_text_asks_for(tiny_bundle: TinyBundle) -> None:
    comments = ["you are a fool " * 20, "thanks :fire: [bold]all[/bold]", "\x1b[31m red", "caf\xe9\xa0latin\t!"]
    sent = "\r\n".join(comments).encode("latin-1")
    command = [sys.executable, "-m", "potstill", "predict", str(tiny_bundle.folder), "-"]
    done = subprocess.run(command, input=sent, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode("utf-8").splitlines()[:4]
    assert [line.split(None, 2)[2].strip() for line in lines] == [
        comments[0].strip(), comments[1], "\ufffd[31m red", "caf\ufffdlatin !"
    ]  # fmt: skip
