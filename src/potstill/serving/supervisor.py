"""A process that watches the one that serves, and ends it where it cannot end by itself.

An engine or a tokenizer is C++ or Rust code that may never come back, with Python's lock in its hand: then no signal
handler and no thread of that process runs. So `potstill serve` is two processes. The first does nothing but pass
signals on and keep the time: it is small, because it forks before anything is imported.
"""

import ctypes
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

PASSED_ON = (signal.SIGTERM, signal.SIGINT)
LOOKS = 0.1
"""Seconds between two looks at a process that opens a bundle."""
KILLED = 1


@dataclass(frozen=True)
class Bounds:
    """What a process may take for opening what it serves, and for its end; seconds and bytes of resident memory."""

    open_seconds: float
    open_bytes: float
    end_seconds: float


Opened = Callable[[], None]
"""To be called once everything is open."""


def supervised(work: Callable[[Opened], int], bounds: Bounds, say: Callable[[str], None]) -> int:
    """Do `work` in a process of its own, of which this one makes sure that it ends; its exit code, here and there.

    Where processes cannot fork, it is done in this one.
    """
    if not hasattr(os, "fork"):
        return work(_nothing)
    here, there = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    with _signals() as wakeups:
        process = os.fork()
        if process:
            os.close(there)
            return _Supervisor(process, here, wakeups, bounds, say).run()
    os.close(here)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # it opens everything anyway; later it is asked to do so again
    _die_with_parent()
    return work(lambda: os.close(there))


class _Supervisor:
    """The first process's view of the second."""

    def __init__(
        self, process: int, opened: int, wakeups: socket.socket, bounds: Bounds, say: Callable[[str], None]
    ) -> None:
        self._process, self._opened, self._wakeups = process, opened, wakeups
        self._bounds, self._say = bounds, say
        self._is_opening = True
        self._began = time.monotonic()
        self._ends: float | None = None
        self._had_terminal = has_terminal()

    def run(self) -> int:
        """Wait for the process's end; its exit code."""
        while True:
            code = self._code()
            if code is not None:
                return code
            self._wait()
            if reason := self._excess():
                self._say(reason)
                os.kill(self._process, signal.SIGKILL)
                os.waitpid(self._process, 0)
                return KILLED

    def _code(self) -> int | None:
        process, status = os.waitpid(self._process, os.WNOHANG)
        if not process:
            return None
        code = os.waitstatus_to_exitcode(status)
        if code >= 0:
            return code
        if self._ends is not None and -code in PASSED_ON:
            return 0  # it had not come so far as to take the signal itself
        doing = "opened the bundle" if self._is_opening else "served"
        name = signal.Signals(-code).name
        self._say(f"{name} ended the server while it {doing}: the engine, the tokenizer or the system sent it")
        return 128 - code

    def _wait(self) -> None:
        """Until something happens, or it is time to look."""
        watched = [self._wakeups, *([self._opened] if self._is_opening else [])]
        seconds = LOOKS if self._is_opening else None
        if self._ends is not None:
            seconds = max(0.0, self._ends - time.monotonic())
        ready, _, _ = select.select(watched, [], [], seconds)
        if self._opened in ready:
            self._is_opening = False  # it was closed: by the process, or with it
        if self._wakeups in ready:
            for number in self._wakeups.recv(64):
                self._pass_on(number)

    def _pass_on(self, number: int) -> None:
        if number == signal.SIGHUP and self._had_terminal and not has_terminal():
            number = signal.SIGTERM  # nobody asks for another bundle by closing a terminal
        if number in PASSED_ON:
            if self._ends is not None and number == signal.SIGINT:
                self._ends = time.monotonic()  # somebody presses Ctrl-C again: they do not want to wait
            self._ends = self._ends or time.monotonic() + self._bounds.end_seconds
        elif number != signal.SIGHUP:
            return
        with suppress(ProcessLookupError):
            os.kill(self._process, number)

    def _excess(self) -> str | None:
        """Why the process must end, if it must."""
        now, bounds = time.monotonic(), self._bounds
        if self._ends is not None and now >= self._ends:
            return "the server did not end by itself and was killed: an engine or a tokenizer hangs"
        if not self._is_opening:
            return None
        if now - self._began > bounds.open_seconds:
            return (
                f"the bundle was not open after {bounds.open_seconds:g} s: it hangs, or this machine is too slow for "
                "it; --open-seconds allows more"
            )
        if _resident_bytes(self._process) > bounds.open_bytes:
            return (
                f"opening the bundle took more than {bounds.open_bytes / 1e9:.1f} GB of memory; --open-gb allows more"
            )
        return None


def has_terminal() -> bool:
    """Whether this process belongs to a terminal that is still there."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


@contextmanager
def _signals() -> Generator[socket.socket]:
    """A socket that can be read whenever a signal comes, one byte each. In the forked process nothing stays of it."""
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    numbers = [*PASSED_ON, signal.SIGHUP, signal.SIGCHLD]
    # A handler must be there for the byte to be written; before the fork, so that no signal gets lost.
    former = {number: signal.signal(number, _ignore) for number in numbers}
    wakeup = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in former.items():
            signal.signal(number, handler)
        reading.close()
        writing.close()


def _die_with_parent() -> None:
    """Have the system end this process if the first one is killed; only Linux does that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _resident_bytes(process: int) -> int:
    """Resident memory; 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _nothing() -> None:
    pass


def _ignore(_: int, __: FrameType | None) -> None:
    pass
