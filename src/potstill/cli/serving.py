"""The command that serves bundles."""

import argparse
import os
import sys

from potstill.cli.commands import Commands, add_command, add_opening


def register(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(
        commands, "serve", _serve, help="a page to try texts on, and four protocols for programs",
        description="Serve a page to try texts on at /, its own protocol at /score, and those of text-embeddings-"
        "inference, OpenAI's moderations and Perspective; /api has a snippet for each. Ctrl-C or SIGTERM ends it. "
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
    add_opening(parser)


def _serve(arguments: argparse.Namespace) -> int:
    from potstill.api.serving import Access, serve
    from potstill.cli.opening import opening_of

    key = os.environ.get("POTSTILL_KEY") or None
    access = Access(arguments.host, arguments.port, arguments.allow_host, key, arguments.insecure)
    return serve(arguments.bundles, access, categories=arguments.map, opening=opening_of(arguments), say=_say)


def _say(line: str) -> None:
    print(line, file=sys.stderr)
