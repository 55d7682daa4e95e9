"""A server of bundles. Nothing here loads torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from potstill.api.bundles import AS_IT_COMES, Opening, open_bundle
from potstill.api.places import RUNS
from potstill.domain.errors import PotstillError
from potstill.inference.bundle import newest_bundle, read_info
from potstill.serving import run as process
from potstill.serving.app import LOOPBACK, build_app


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
    folders = [Path(folder) for folder in bundles] or [newest_bundle(RUNS)]
    if opening.expect_sha256 and len(folders) > 1:
        raise PotstillError("--expect-sha256 is the hash of one bundle: serve one")
    process.refuse_open_door(access.host, access.key, access.insecure)
    process.refuse_taken_port(access.host, access.port)
    named = process.categories(categories, read_info(folders[0]).task)
    host = f"[{access.host}]" if ":" in access.host else access.host  # as a URL has an IPv6 address
    openings = [partial(open_bundle, folder, opening) for folder in folders]
    app = build_app(openings, hosts=[*LOOPBACK, host, *access.host_names], key=access.key, categories=named)
    say(f"potstill: {', '.join(map(str, folders))} on http://{host}:{access.port}")
    return process.serve(app, host=access.host, port=access.port)
