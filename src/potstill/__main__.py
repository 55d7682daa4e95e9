"""`python -m potstill`."""

import sys

from potstill.cli.main import command

sys.exit(command())
