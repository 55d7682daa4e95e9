"""Lines of the pages fold at 120 characters, so that a change shows as what it is."""

from pathlib import Path

import pytest
from pages import ROOT, lines_of, name_of, prose_of, without_targets

WIDTH = 120

# ---------------------------------------------------------------------------------------------------------------------
# The pages that comply. A page that was folded is added here; when all are, the list becomes PAGES.
FOLDED = [
    "CONTRIBUTING.md",
    "SECURITY.md",
]
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [ROOT / name for name in FOLDED], ids=name_of)
def test_lines_fold(page: Path) -> None:
    prose = prose_of(page)
    long = [
        f"{name_of(page)}:{number}: {len(line)} characters"
        for number, line in enumerate(lines_of(page), start=1)
        if prose[number - 1] and not line.startswith("|") and len(without_targets(line)) > WIDTH
    ]
    assert not long, "\n".join(long)
