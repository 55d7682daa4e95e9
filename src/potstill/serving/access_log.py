"""A line of JSON for each request, without a word of what was sent."""

import json
import logging
import sys
from contextlib import suppress
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from queue import Full, Queue
from threading import Thread

from potstill.domain.errors import PotstillError
from potstill.serving.account import Account

STDOUT = "-"
MOST_WAITING = 10_000
"""Lines. A disk or a reader that stands still must not hold up the server: then lines are lost, and counted."""
CLOSE_SECONDS = 0.5
METHODS = frozenset(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])


class AccessLog:
    """Lines to a file, which may be moved away (it is opened anew), or to standard output for `-`."""

    def __init__(self, target: str | Path) -> None:
        """Raises PotstillError where the file cannot be written."""
        try:
            self._file = logging.StreamHandler(sys.stdout) if str(target) == STDOUT else WatchedFileHandler(target)
        except OSError as error:
            raise PotstillError(f"--access-log {target} cannot be written: {error.strerror}") from error
        self._file.handleError = self._lose  # on a full disk
        self.lost = 0
        """Lines that were not written."""
        self._lines: Queue[str | None] = Queue(MOST_WAITING)
        self._writer = Thread(target=self._write_lines, name="access-log", daemon=True)
        self._writer.start()

    def write(self, identity: str, method: str, route: str, status: int, seconds: float, account: Account) -> None:
        """Note an answer. `route` is the path of a route, never one that a client made up."""
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "id": identity, "method": method if method in METHODS else "other", "route": route, "status": status,
            "ms": round(1000 * seconds, 1), "texts": account.texts, "tokens": account.tokens,
        }  # fmt: skip
        try:
            self._lines.put_nowait(json.dumps(line))
        except Full:
            self.lost += 1

    def close(self) -> None:
        """Write what waits, if that takes no longer than a moment."""
        with suppress(Full):
            self._lines.put(None, timeout=CLOSE_SECONDS)
        self._writer.join(CLOSE_SECONDS)

    def _lose(self, record: logging.LogRecord) -> None:
        self.lost += 1

    def _write_lines(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._file.handle(logging.makeLogRecord({"msg": line}))
            except OSError:  # the folder of a file that was moved away is gone
                self.lost += 1
        with suppress(OSError):
            self._file.close()  # a StreamHandler leaves its stream open
