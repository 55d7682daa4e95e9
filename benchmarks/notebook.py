"""Measurements that outlive the process."""

import json
from pathlib import Path
from typing import Any


class Notebook:
    """Measurements, a line each, appended as they come."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.lines: list[dict[str, Any]] = []
        if path.is_file():
            self.lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    def has(self, **wanted: object) -> bool:
        """Whether a measurement with these values stands here."""
        return any(all(line.get(key) == value for key, value in wanted.items()) for line in self.lines)

    def add(self, **line: object) -> None:
        """Write a measurement down."""
        self.lines.append(line)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
