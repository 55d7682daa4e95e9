import gc
import os
import pty
import subprocess
import sys

import pytest

from potstill.cli.loading import PATIENCE, loading


def test_garbage_is_looked_for_less_while_modules_are_loaded_and_as_before_afterwards() -> None:
    usual = gc.get_threshold()
    with loading():
        assert gc.get_threshold() == (PATIENCE, *usual[1:])
    assert gc.get_threshold() == usual
    with pytest.raises(ValueError, match="refused"), loading():
        raise ValueError("refused")
    assert gc.get_threshold() == usual


def test_a_terminal_shows_that_something_is_loaded_and_that_it_is_done() -> None:
    code = "import time\nfrom potstill.cli.loading import loading\nwith loading('fetching it'):\n    time.sleep(1.6)\n"
    ours, theirs = pty.openpty()
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    shown = b""
    while piece := _read(ours):
        shown += piece
    os.close(ours)
    assert process.wait() == 0
    assert b"fetching it" in shown
    assert b"\x1b[2K" in shown.rpartition(b"fetching it")[2]  # at the end its line is cleared


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side is closed
        return b""
