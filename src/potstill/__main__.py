"""`python -m potstill`."""

import sys

from potstill.cli.main import main

sys.exit(main())
