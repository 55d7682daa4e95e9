import random
from collections import Counter

import pytest
from rows import row, rows

from potstill.data.splits import cut, draw_sample, with_units

FRACTIONS = (0.5, 0.15, 0.35)


# --- samples


def test_a_sample_is_seeded_keeps_the_order_and_grows_by_adding() -> None:
    given = rows(*(str(n) for n in range(500)))
    drawn = draw_sample(given, 100, 1, "train")
    assert len(drawn) == 100
    assert drawn == sorted(drawn, key=lambda it: it.number)
    assert drawn == draw_sample(given, 100, 1, "train")
    assert drawn != draw_sample(given, 100, 2, "train")
    assert {it.number for it in drawn} < {it.number for it in draw_sample(given, 200, 1, "train")}
    assert draw_sample(given, 999, 1, "train") == given


def test_every_row_has_the_same_chance() -> None:
    given = rows(*(str(n) for n in range(40)))
    drawn = Counter(it.number for seed in range(500) for it in draw_sample(given, 10, seed, "train"))
    assert all(80 < drawn[number] < 180 for number in range(1, 41)), "expected 125 of 500"


# --- units


def test_units_join_rows_through_texts_and_groups() -> None:
    given = [
        row("a", 1, "g2"),
        row("A", 2, "g1"),
        row("b", 3, "g1"),
        row("b", 4),
        row("c", 5),
        row("C ", 6),
        row("d", 7),
    ]
    groups = [it.group for it in with_units(given)]
    assert groups[:4] == ["g1"] * 4
    assert groups[4] == groups[5]
    assert len(set(groups)) == 3


def test_a_long_chain_is_one_unit_and_quick() -> None:
    chain = [row(f"t{(n + 1) // 2}", n, f"g{n // 2}") for n in range(20_000)]
    assert len({it.group for it in with_units(chain)}) == 1


def test_units_do_not_depend_on_the_order_of_the_rows() -> None:
    rng = random.Random(3)
    given = [row(f"t{rng.randrange(60)}", n, rng.choice(["", f"g{rng.randrange(40)}"])) for n in range(100)]
    expected = {it.number: it.group for it in with_units(given)}
    for _ in range(5):
        rng.shuffle(given)
        assert {it.number: it.group for it in with_units(given)} == expected


# --- cuts


@pytest.mark.parametrize("seed", range(20))
def test_a_cut_keeps_units_whole_hits_the_sizes_and_the_strata(seed: int) -> None:
    rng = random.Random(seed)
    units = [f"u{n}" for n in range(300) for _ in range(rng.randint(1, 5))]
    strata = [rng.choices(["0", "1"], [9, 1])[0] for _ in units]
    parts = cut(units, strata, FRACTIONS, seed)
    assert len(set(zip(units, parts, strict=True))) == 300, "no unit stands in two parts"
    for stratum in ("0", "1"):
        counts = Counter(part for part, it in zip(parts, strata, strict=True) if it == stratum)
        for part, fraction in enumerate(FRACTIONS):
            assert abs(counts[part] - fraction * counts.total()) <= 5


def test_a_cut_is_repeated_by_anybody() -> None:
    """Pinned: another result means that everybody's splits have changed."""
    units = [f"u{n}" for n in range(24)]
    parts = cut(units, ["a", "b"] * 12, FRACTIONS, 0)
    assert "".join(str(part) for part in parts) == "222002200001021210012000"
    assert cut(units, ["a", "b"] * 12, FRACTIONS, 1) != parts


def test_a_cut_does_not_depend_on_the_order_of_the_rows() -> None:
    rng = random.Random(5)
    table = [(f"u{rng.randrange(80)}", rng.choice("abc")) for _ in range(200)]

    def part_of() -> dict[str, int]:
        units, strata = [unit for unit, _ in table], [stratum for _, stratum in table]
        return dict(zip(units, cut(units, strata, FRACTIONS, 7), strict=True))

    expected = part_of()
    rng.shuffle(table)
    assert part_of() == expected


def test_one_huge_unit_goes_to_the_largest_part_and_the_rest_is_filled_up() -> None:
    units = ["huge"] * 45 + [f"u{n}" for n in range(55)]
    counts = Counter(cut(units, ["x"] * 100, FRACTIONS, 0))
    assert dict(counts) == {0: 50, 1: 15, 2: 35}


def test_unit_sizes_are_spread_over_the_parts() -> None:
    """Dealing large units first must not send them all to train."""
    units = [f"big{n}" for n in range(100) for _ in range(5)] + [f"small{n}" for n in range(500)]
    parts = dict(zip(units, cut(units, ["x"] * 1000, FRACTIONS, 0), strict=True))
    big = Counter(part for unit, part in parts.items() if unit.startswith("big"))
    assert dict(big) == {0: 50, 1: 15, 2: 35}
