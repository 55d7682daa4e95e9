"""Bundles served on a port until the server is told to stop: what `potstill serve` does, in one call."""

import asyncio
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from potstill.domain.errors import ModelError, PotstillError
from potstill.domain.language import LanguageMode
from potstill.inference.bundle import BundlePredictor, newest_bundle, open_bundle, read_info
from potstill.inference.engine import EngineName
from potstill.inference.languages import LanguageCheck
from potstill.serving.access import LOOPBACK, AccessRules, check_key, host_name, is_loopback
from potstill.serving.access_log import AccessLog
from potstill.serving.app import build_app
from potstill.serving.categories import check_categories
from potstill.serving.listening import listen, parse_address, port_of, url_of
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
    metrics: str | None = None
    """HOST:PORT at which /metrics is, and nowhere else."""
    metrics_key: str | None = None
    """What opens /metrics instead of the key."""
    root_path: str = ""
    """Where a proxy has the server, such as /mod."""
    access_log: str | None = None
    """A file for a line of JSON about each request; - is standard output."""
    categories: Mapping[str, str] = field(default_factory=dict[str, str])
    """For a label, what it is called in /v1/moderations."""
    engine: EngineName | None = None
    """None: the fastest that this processor computes rightly."""
    threads: int | None = None
    """None: as many as this process may use."""
    expect_sha256: str | None = None
    languages: LanguageMode = "warn"
    """What is done about texts in another language than a bundle declares."""
    open_seconds: int = 120
    """For opening a bundle anew, in a process of its own; the first time they are its caller's to keep."""
    open_gb: int = 8
    """Of memory, for the same."""


def to_stderr(line: str) -> None:
    """Say a line where it is not taken for output."""
    print(line, file=sys.stderr)


def serve(
    settings: ServeSettings, *, say: Callable[[str], None] = to_stderr, opened: Callable[[], None] = lambda: None
) -> int:
    """Answer until SIGTERM or Ctrl-C, then finish what was accepted; the exit code. `opened` is called once all bundles
    are open. SIGHUP opens them anew.

    Raises:
        PotstillError: other machines could ask without a key, the port is taken, a category is for a label that the
            model lacks, or a bundle does not open.
    """
    check_access(settings)
    listeners = listen(settings.host, settings.port, "--port or --host")
    try:
        figures = listen(*parse_address(settings.metrics, "--metrics"), "--metrics") if settings.metrics else []
        folders = bundles_of(settings)
        infos = [read_info(folder) for folder in folders]
        check_categories(settings.categories, infos[0].task)
        log = AccessLog(settings.access_log) if settings.access_log else None
        names = [*LOOPBACK, settings.host, *([settings.metrics] if settings.metrics else []), *settings.allow_hosts]
        rules = AccessRules(
            frozenset("*" if name == "*" else host_name(name) for name in names), settings.key, settings.metrics_key,
            port_of(figures) if figures else None,
        )  # fmt: skip
        app = build_app(
            [partial(open_served, settings, folder) for folder in folders],
            rules=rules, categories=dict(settings.categories), root_path=settings.root_path, log=log,
        )  # fmt: skip
        app.state.opened = opened
        app.state.trial = partial(try_to_open, settings)
        address = url_of(settings.host, port_of(listeners))
        say(f"potstill: {', '.join(map(str, folders))} on {address}{settings.root_path}")
        for folder, info in zip(folders, infos, strict=True):
            if note := LanguageCheck(info.languages, settings.languages).note:
                say(f"potstill: {folder}: {note}")
        try:
            return run_server(app, [*listeners, *figures])
        finally:
            if log is not None:
                log.close()
    finally:
        for listener in listeners:
            listener.close()


def bundles_of(settings: ServeSettings) -> list[Path]:
    """The bundles' folders. Raises PotstillError where there is none, or several have one hash."""
    folders = [Path(folder) for folder in settings.bundles] or [newest_bundle(settings.runs)]
    if settings.expect_sha256 and len(folders) > 1:
        raise PotstillError("--expect-sha256 is the hash of one bundle: serve one")
    return folders


def check_bundles(settings: ServeSettings, *, say: Callable[[str], None] = print) -> int:
    """Open the bundles and ask their probes, as the server does at its start; 0.

    Raises:
        PotstillError: a bundle does not open, or a category is for a label that it lacks.
    """
    folders = bundles_of(settings)
    check_categories(settings.categories, read_info(folders[0]).task)
    for folder in folders:
        bundle = open_served(settings, folder)
        say(f"{folder}: opens on {bundle.engine_name}, and answers its probes rightly")
    return 0


def open_served(settings: ServeSettings, folder: Path) -> BundlePredictor:
    """Open one of the bundles. Raises ModelError where it does not open."""
    return open_bundle(
        folder, engine=settings.engine, threads=settings.threads, expect_sha256=settings.expect_sha256,
        languages=settings.languages,
    )  # fmt: skip


async def try_to_open(settings: ServeSettings) -> None:
    """Open the bundles in a process of its own, which may hang or die of them. Raises ModelError where it does."""
    options = {
        "--engine": settings.engine, "--threads": settings.threads, "--expect-sha256": settings.expect_sha256,
        "--languages": settings.languages, "--open-seconds": settings.open_seconds, "--open-gb": settings.open_gb,
    }  # fmt: skip
    command = [
        sys.executable, "-m", "potstill", "serve", "--check", *map(str, bundles_of(settings)),
        *(f"{name}={value}" for name, value in options.items() if value is not None),
    ]  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.terminate()
    if process.returncode:
        lines = said.decode("utf-8", "replace").strip().splitlines() or [f"exit code {process.returncode}"]
        raise ModelError(lines[-1].removeprefix("potstill: "))


def check_access(settings: ServeSettings) -> None:
    """Raise PotstillError where others than those who may could ask, or a key or a path cannot be sent."""
    check_key(settings.key, "POTSTILL_KEY")
    check_key(settings.metrics_key, "POTSTILL_METRICS_KEY")
    check_exposure(settings.host, settings.key, settings.insecure)
    if settings.metrics is not None:
        host, port = parse_address(settings.metrics, "--metrics")
        if port and port == settings.port:
            raise PotstillError(f"--metrics {settings.metrics}: it needs another port than the server's")
        if settings.metrics_key is None and not settings.insecure and not is_loopback(host):
            raise PotstillError(
                f"--metrics {settings.metrics} can be reached from other machines: set POTSTILL_METRICS_KEY to a key "
                "that they must send, or pass --insecure"
            )
    if settings.root_path and not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", settings.root_path):
        raise PotstillError(f"--root-path {settings.root_path}: write it as /mod, without a slash at its end")


def check_exposure(host: str, key: str | None, insecure: bool) -> None:
    """Only this machine may ask without a key. Raises PotstillError."""
    if key is None and not insecure and not is_loopback(host):
        raise PotstillError(
            f"{host} can be reached from other machines: set POTSTILL_KEY to a key that clients must send, or pass "
            "--insecure"
        )
