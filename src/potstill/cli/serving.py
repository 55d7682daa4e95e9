"""The command that serves bundles."""

import argparse
import os
from collections.abc import Callable
from functools import partial

from potstill.cli.commands import Commands, add_command, add_opening, say, whole_number

END_SECONDS = 8
"""After which a server that was told to end is killed."""


def register(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(
        commands, "serve", _serve, help="a page to try texts on, and four protocols for programs",
        description="Serve a page to try texts on at /, its own protocol at /score, and those of text-embeddings-"
        "inference, OpenAI's moderations and Perspective; /api has a snippet for each. Ctrl-C or SIGTERM ends it, "
        "SIGHUP opens the bundles anew and switches to them. "
        "Clients on other machines send the key that the environment variable POTSTILL_KEY holds.",
        example="potstill serve runs/tickets/bundle",
    )  # fmt: skip
    parser.add_argument("bundles", nargs="*", metavar="BUNDLE", help="default: the newest one under runs; the page "
        "shows several side by side, programs get the first unless they name another")  # fmt: skip
    parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1, this machine alone; others need a key")
    parser.add_argument("--port", type=int, default=8000, help="default: 8000")
    parser.add_argument("--allow-host", action="append", default=[], metavar="NAME", help="a host name that clients "
        "may use for this server, or * for any; beside localhost; may be repeated")  # fmt: skip
    parser.add_argument("--insecure", action="store_true", help="let other machines ask without a key")
    parser.add_argument("--map", action="append", default=[], metavar="LABEL=CATEGORY", help="what a label is called "
        "in /v1/moderations, such as toxic=harassment; may be repeated")  # fmt: skip
    parser.add_argument("--root-path", default="", metavar="/PATH", help="where a proxy has this server, such as /mod; "
        "it may pass the path on or strip it")  # fmt: skip
    parser.add_argument("--metrics", metavar="HOST:PORT", help="an address of its own for /metrics, which is nowhere "
        "else then; or set POTSTILL_METRICS_KEY to a key of its own")  # fmt: skip
    parser.add_argument("--access-log", metavar="FILE", help="a line of JSON for each request, without its texts; - is "
        "standard output")  # fmt: skip
    parser.add_argument("--check", action="store_true", help="open the bundles, ask their probes, and end")
    parser.add_argument("--open-seconds", type=whole_number, default=120, metavar="N", help="for opening a bundle; "
        "then the server ends with an error (default: 120)")  # fmt: skip
    parser.add_argument("--open-gb", type=whole_number, default=8, metavar="N", help="of memory, while bundles are "
        "opened (default: 8)")  # fmt: skip
    add_opening(parser)


def _serve(arguments: argparse.Namespace) -> int:
    from potstill.serving.supervisor import Bounds, supervised

    bounds = Bounds(arguments.open_seconds * max(1, len(arguments.bundles)), arguments.open_gb * 1e9, END_SECONDS)
    work = partial(_check if arguments.check else _serve_here, arguments)
    # Called as a function, it stays in its caller's process, whose threads a fork would leave behind.
    return supervised(work, bounds, _say) if arguments.is_process else work(lambda: None)


def _serve_here(arguments: argparse.Namespace, opened: Callable[[], None]) -> int:
    from potstill.api.serving import Access, Reopening, serve
    from potstill.cli.opening import opening_of

    access = Access(
        arguments.host, arguments.port, arguments.allow_host, os.environ.get("POTSTILL_KEY"), arguments.insecure,
        arguments.metrics, os.environ.get("POTSTILL_METRICS_KEY"), arguments.root_path, arguments.access_log,
    )  # fmt: skip
    return serve(
        arguments.bundles, access, categories=arguments.map, opening=opening_of(arguments),
        reopening=Reopening(arguments.open_seconds, arguments.open_gb), say=_say, opened=opened,
    )  # fmt: skip


def _check(arguments: argparse.Namespace, _: Callable[[], None]) -> int:
    from potstill.api.serving import check
    from potstill.cli.opening import opening_of

    return check(arguments.bundles, categories=arguments.map, opening=opening_of(arguments), say=print)


def _say(line: str) -> None:
    say(line.removeprefix("potstill: "))  # as the server's own lines begin
