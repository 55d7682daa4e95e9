"""How a bundle is to be opened, from the arguments that `add_opening` added."""

import argparse

from potstill.api.bundles import Opening
from potstill.inference.engine import engines_of


def opening_of(arguments: argparse.Namespace) -> Opening:
    """What they ask for.

    Raises:
        ModelError: there is no such engine.
    """
    engine = engines_of([arguments.engine])[0] if arguments.engine else None
    return Opening(engine, arguments.threads, arguments.expect_sha256, arguments.languages)
