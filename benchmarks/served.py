"""Servers in processes of their own, and comments of one length to ask them."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer

from potstill.data.formats import read_table
from potstill.models.encoder import find_encoder

HERE = Path(__file__).resolve().parent


@contextmanager
def running(command: Sequence[str | Path], port: int, ready: str) -> Generator[subprocess.Popen[bytes]]:
    """A server from its start, once `ready` answers with 200, to its end."""
    process = subprocess.Popen(command, env=os.environ | {"HF_HUB_OFFLINE": "1"})
    try:
        deadline = time.monotonic() + 120
        while not _is_ready(port, ready):
            assert process.poll() is None, "the server did not start"
            assert time.monotonic() < deadline, "the server is not ready"
            time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        process.wait(30)


def potstill_server(bundle: Path, port: int) -> list[str | Path]:
    """The command that serves a bundle."""
    return [sys.executable, "-m", "potstill", "serve", bundle, "--port", str(port)]


def plain_server(model: Path, port: int) -> list[str | Path]:
    """The command that serves a model folder as guides do."""
    return [sys.executable, HERE / "plain_endpoint.py", model, str(port)]


def _is_ready(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def resident_mb(process: int) -> float:
    """Resident memory of a process and those that it started: `potstill serve` is one that watches another."""
    return sum(_resident_mb(each) for each in _family(process))


def cpu_seconds(process: int) -> float:
    """Seconds of processor that a process and those that it started have spent, all their threads together."""
    return sum(_cpu_seconds(each) for each in _family(process))


def _family(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(member for child in children for member in _family(int(child)))]


def _resident_mb(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def _cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def open_tokenizer(folder: str | Path) -> Any:
    """The tokenizer of a model folder; transformers gives it no type."""
    opening: Any = AutoTokenizer
    return opening.from_pretrained(folder)


def comments_of(tokens: int, count: int, path: Path, column: str) -> list[str]:
    """The starts of real comments, cut where they have `tokens` tokens with the two special ones."""
    tokenizer = open_tokenizer(find_encoder("minilm")).backend_tokenizer
    texts: list[str] = []
    for row in read_table(str(path), Path()).rows:
        text = "" if row.fault else row.values[column] or ""
        offsets: list[tuple[int, int]] = tokenizer.encode(text, add_special_tokens=False).offsets if text else []
        if len(offsets) >= tokens - 2:
            texts.append(text[: offsets[tokens - 3][1]])
        if len(texts) == count:
            break
    return texts
