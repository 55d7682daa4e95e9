"""Bundles served on a port until the server is told to stop: what `potstill serve` does, in one call."""

import ipaddress
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from potstill.domain.errors import PotstillError
from potstill.domain.language import LanguageMode
from potstill.domain.task import Task
from potstill.inference.bundle import newest_bundle, open_bundle, read_info
from potstill.inference.engine import EngineName
from potstill.inference.languages import LanguageCheck
from potstill.serving.app import LOOPBACK, build_app
from potstill.serving.server import run_server

RUNS = Path("runs")


@dataclass(frozen=True)
class ServeSettings:
    """What to serve, where, and to whom. Without `bundles` it is the newest one of the studies in `runs`."""

    bundles: Sequence[str | Path] = ()
    """The page shows several side by side; programs get the first unless they name another."""
    runs: Path = RUNS
    host: str = "127.0.0.1"
    port: int = 8000
    allow_hosts: Sequence[str] = ()
    """Host names that clients may use for this server beside localhost, or `*` for any."""
    key: str | None = None
    """What clients must send; only this machine may ask without one, unless `insecure` says otherwise."""
    insecure: bool = False
    categories: Mapping[str, str] = field(default_factory=dict[str, str])
    """For a label, what it is called in /v1/moderations."""
    engine: EngineName | None = None
    """None: the fastest that this processor computes rightly."""
    threads: int | None = None
    """None: as many as this process may use."""
    expect_sha256: str | None = None
    languages: LanguageMode = "warn"
    """What is done about texts in another language than a bundle declares."""


def to_stderr(line: str) -> None:
    """Say a line where it is not taken for output."""
    print(line, file=sys.stderr)


def serve(settings: ServeSettings, *, say: Callable[[str], None] = to_stderr) -> int:
    """Answer until SIGTERM or Ctrl-C, then finish what was accepted; the exit code.

    Raises:
        PotstillError: other machines could ask without a key, the port is taken, a category is for a label that the
            model lacks, or a bundle does not open.
    """
    folders = [Path(folder) for folder in settings.bundles] or [newest_bundle(settings.runs)]
    if settings.expect_sha256 and len(folders) > 1:
        raise PotstillError("--expect-sha256 is the hash of one bundle: serve one")
    check_exposure(settings.host, settings.key, settings.insecure)
    check_port(settings.host, settings.port)
    check_categories(settings.categories, read_info(folders[0]).task)
    notes = {folder: LanguageCheck(read_info(folder).languages, settings.languages).note for folder in folders}
    openings = [
        partial(
            open_bundle,
            folder,
            engine=settings.engine,
            threads=settings.threads,
            expect_sha256=settings.expect_sha256,
            languages=settings.languages,
        )
        for folder in folders
    ]
    host = f"[{settings.host}]" if ":" in settings.host else settings.host  # as a URL has an IPv6 address
    hosts = [*LOOPBACK, host, *settings.allow_hosts]
    app = build_app(openings, hosts=hosts, key=settings.key, categories=dict(settings.categories))
    say(f"potstill: {', '.join(map(str, folders))} on http://{host}:{settings.port}")
    for folder, note in notes.items():
        if note:
            say(f"potstill: {folder}: {note}")
    return run_server(app, host=settings.host, port=settings.port)


def check_exposure(host: str, key: str | None, insecure: bool) -> None:
    """Only this machine may ask without a key. Raises PotstillError."""
    if key is None and not insecure and not _is_loopback(host):
        raise PotstillError(
            f"{host} can be reached from other machines: set POTSTILL_KEY to a key that clients must send, or pass "
            "--insecure"
        )


def check_port(host: str, port: int) -> None:
    """Try the port before the address is announced. Raises PotstillError where it cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        socket.create_server(address, family=family).close()
    except OSError as error:
        raise PotstillError(f"{host}, port {port}: {error.strerror}; name another with --port or --host") from error


def parse_categories(items: Sequence[str]) -> dict[str, str]:
    """The category of each label, from LABEL=CATEGORY. Raises PotstillError for an item that is not of that form."""
    categories: dict[str, str] = {}
    for item in items:
        label, equals, category = item.partition("=")
        if not equals or not category:
            raise PotstillError(f"--map {item}: write LABEL=CATEGORY")
        categories[label] = category
    return categories


def check_categories(categories: Mapping[str, str], task: Task) -> None:
    """Raise PotstillError for a label that the model lacks."""
    for label, category in categories.items():
        if label not in task.labels:
            raise PotstillError(
                f"--map {label}={category}: write LABEL=CATEGORY; the labels are {', '.join(task.labels)}"
            )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
