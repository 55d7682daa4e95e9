"""Lines of the pages fold at 120 characters, so that a change shows as what it is."""

from pathlib import Path

import pytest
from pages import PAGES, lines_of, name_of, prose_of, without_targets

WIDTH = 120


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_lines_fold(page: Path) -> None:
    prose = prose_of(page)
    long = [
        f"{name_of(page)}:{number}: {len(line)} characters"
        for number, line in enumerate(lines_of(page), start=1)
        if prose[number - 1] and not line.startswith("|") and len(without_targets(line)) > WIDTH
    ]
    assert not long, "\n".join(long)
