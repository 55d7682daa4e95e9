import pytest

from potstill.report.tables.table import score, short_count


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (999, "999"), (1000, "1.0k"), (88_640, "88.6k"), (22_713_000, "22.71M"), (1_500_000_000, "1.50G")],
)
def test_counts_are_shown_at_four_figures(count: float, text: str) -> None:
    assert short_count(count) == text


def test_a_score_that_is_not_known_is_a_dash() -> None:
    assert (score(None), score(0.12345), score(0.5, 2)) == ("-", "0.123", "0.50")
