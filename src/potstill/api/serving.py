"""A server of bundles. Nothing here loads torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from potstill.api.bundles import AS_IT_COMES, Opening
from potstill.api.places import RUNS
from potstill.serving.categories import parse_categories
from potstill.serving.serve import ServeSettings, check_bundles
from potstill.serving.serve import serve as serve_bundles


@dataclass(frozen=True)
class Access:
    """Who may ask a server, and where: the address and the port that it listens on, the host names that clients may use
    for it beside localhost ("*" is any), the key that they send, and whether other machines may ask without one.

    `metrics` is a HOST:PORT of their own for the figures, `metrics_key` what opens them instead of the key, `root_path`
    the path at which a proxy has the server, `log` a file for a line of JSON about each request ("-" is standard
    output).
    """

    host: str = "127.0.0.1"
    port: int = 8000
    host_names: Sequence[str] = ()
    key: str | None = None
    insecure: bool = False
    metrics: str | None = None
    metrics_key: str | None = None
    root_path: str = ""
    log: str | None = None


THIS_MACHINE = Access()


@dataclass(frozen=True)
class Reopening:
    """What opening a bundle anew may take, in seconds and in 10^9 bytes of memory."""

    seconds: int = 120
    gigabytes: int = 8


REOPENING = Reopening()


def serve(
    bundles: Sequence[str | Path] = (),
    access: Access = THIS_MACHINE,
    *,
    categories: Sequence[str] = (),
    opening: Opening = AS_IT_COMES,
    reopening: Reopening = REOPENING,
    say: Callable[[str], None] = print,
    opened: Callable[[], None] = lambda: None,
) -> int:
    """Serve bundles, with a page to try them on, until Ctrl-C or SIGTERM. SIGHUP opens them anew.

    Args:
        bundles: their folders; the first answers whoever names none. Without any it is the bundle that was exported
            last from a study under `runs`.
        access: the address, and who may ask.
        categories: what labels of the first bundle are called in /v1/moderations, each as "LABEL=CATEGORY".
        opening: the engine, the threads for each bundle, and the expected hash, which only a single bundle can have.
        reopening: what opening a bundle anew may take before the former one is kept.
        say: told the address, before anything is answered there.
        opened: called once all bundles are open.

    Returns:
        The exit code of the process: 1 where the server could not start.

    Raises:
        PotstillError: a bundle does not open, the address cannot be had, or other machines could ask without a key.
    """
    settings = _settings(bundles, access, categories, opening)
    settings = replace(settings, open_seconds=reopening.seconds, open_gb=reopening.gigabytes)
    return serve_bundles(settings, say=say, opened=opened)


def check(
    bundles: Sequence[str | Path] = (), *, categories: Sequence[str] = (), opening: Opening = AS_IT_COMES,
    say: Callable[[str], None] = print,
) -> int:  # fmt: skip
    """Open bundles as `serve` does, and serve nothing; 0. Takes and raises what `serve` does."""
    return check_bundles(_settings(bundles, THIS_MACHINE, categories, opening), say=say)


def _settings(
    bundles: Sequence[str | Path], access: Access, categories: Sequence[str], opening: Opening
) -> ServeSettings:
    return ServeSettings(
        bundles=[Path(folder) for folder in bundles], runs=RUNS, host=access.host, port=access.port,
        allow_hosts=access.host_names, key=access.key, insecure=access.insecure, metrics=access.metrics,
        metrics_key=access.metrics_key, root_path=access.root_path, access_log=access.log,
        categories=parse_categories(categories), engine=opening.engine, threads=opening.threads,
        expect_sha256=opening.expect_sha256, languages=opening.languages,
    )  # fmt: skip
