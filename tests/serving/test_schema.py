"""Requests made up from the server's own description, and its answers held against it."""

import subprocess
import sys
from pathlib import Path

from bundles import TinyBundle
from server import running_server

EXAMPLES = 20
"""For each operation and phase; `benchmarks/endurance.py` says how to ask for thousands."""
READABLE = """
[checks]
positive_data_acceptance.expected-statuses = ["2xx", 400, 422]
"""
"""No description can say which texts a tokenizer knows a sign of; of made-up ones it often knows none, which is 4xx."""


def test_the_server_does_what_its_description_says(tiny_bundle: TinyBundle, tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text(READABLE)
    with running_server(tiny_bundle.folder) as server:
        command = [
            str(Path(sys.executable).parent / "schemathesis"), "run", f"http://127.0.0.1:{server.port}/openapi.json",
            "--checks", "all", "--max-examples", str(EXAMPLES), "--generation-deterministic", "--no-color",
        ]  # fmt: skip
        ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stdout[-3000:]
    assert "Tested: 9" in ended.stdout
