import shutil
import subprocess
import sys
from pathlib import Path

from bundles import TinyBundle, edit_info


def test_a_text_with_nothing_to_read_has_no_label(tiny_bundle: TinyBundle) -> None:
    command = [sys.executable, "-m", "potstill", "predict", str(tiny_bundle.folder), "", " ", "\u200b", "👍", "a fool"]
    done = subprocess.run(command, capture_output=True, check=True)
    lines = done.stdout.decode("utf-8").splitlines()[:5]
    assert [line.startswith("-  -  ") for line in lines] == [True] * 4 + [False]
    said = [line for line in done.stderr.decode().splitlines() if "nothing in it" in line]
    assert [line.partition(":")[2].split(":")[0] for line in said] == [f" text {number}" for number in (1, 2, 3, 4)]


def test_a_text_in_another_language_is_told_or_has_no_label(tiny_bundle: TinyBundle, tmp_path: Path) -> None:
    shutil.copytree(tiny_bundle.folder, tmp_path / "bundle")
    edit_info(tmp_path / "bundle", languages=["en"])
    command = [sys.executable, "-m", "potstill", "predict", str(tmp_path / "bundle"), "a fool", "Das ist gut, danke."]
    for mode, label in (("warn", "fine"), ("strict", "-")):
        done = subprocess.run([*command, "--languages", mode], capture_output=True, check=True)
        german = done.stdout.decode("utf-8").splitlines()[1]
        assert (german.split()[0], german.endswith("Das ist gut, danke.")) == (label, True)
        warning = "potstill: text 2 seems to be in another language (de): the model is for en"
        assert done.stderr.decode().splitlines() == [warning]
    assert subprocess.run([*command, "--languages", "off"], capture_output=True, check=True).stderr == b""
    undeclared = [sys.executable, "-m", "potstill", "predict", str(tiny_bundle.folder), "hi"]
    assert b"declares no languages" in subprocess.run(undeclared, capture_output=True, check=True).stderr


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
