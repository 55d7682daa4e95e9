"""A server of bundles. Nothing here loads torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from potstill.api.bundles import AS_IT_COMES, Opening
from potstill.api.places import RUNS
from potstill.serving.serve import ServeSettings, parse_categories
from potstill.serving.serve import serve as serve_bundles


@dataclass(frozen=True)
class Access:
    """Who may ask a server, and where: the address and the port that it listens on, the host names that clients may use
    for it beside localhost ("*" is any), the key that they send, and whether other machines may ask without one."""

    host: str = "127.0.0.1"
    port: int = 8000
    host_names: Sequence[str] = ()
    key: str | None = None
    insecure: bool = False


THIS_MACHINE = Access()


def serve(
    bundles: Sequence[str | Path] = (),
    access: Access = THIS_MACHINE,
    *,
    categories: Sequence[str] = (),
    opening: Opening = AS_IT_COMES,
    say: Callable[[str], None] = print,
) -> int:
    """Serve bundles, with a page to try them on, until Ctrl-C or SIGTERM.

    Args:
        bundles: their folders; the first answers whoever names none. Without any it is the bundle that was exported
            last from a study under `runs`.
        access: the address, and who may ask.
        categories: what labels of the first bundle are called in /v1/moderations, each as "LABEL=CATEGORY".
        opening: the engine, the threads for each bundle, and the expected hash, which only a single bundle can have.
        say: told the address, before anything is answered there.

    Returns:
        The exit code of the process: 1 where the server could not start.

    Raises:
        PotstillError: a bundle does not open, the address cannot be had, or other machines could ask without a key.
    """
    settings = ServeSettings(
        [Path(folder) for folder in bundles], RUNS, access.host, access.port, access.host_names, access.key,
        access.insecure, parse_categories(categories), opening.engine, opening.threads, opening.expect_sha256,
        opening.languages,
    )  # fmt: skip
    return serve_bundles(settings, say=say)
