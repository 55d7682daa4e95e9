"""How rows come into splits: samples, rows that belong together kept together, cuts that anybody can repeat."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from math import fsum

from potstill.data.rows import DataRow

SPLITS = ("train", "validation", "test")


def draw_sample(rows: Sequence[DataRow], size: int, seed: int, split: str) -> list[DataRow]:
    """`size` of the rows, drawn by `seed` and kept in order; a smaller sample is part of every larger one."""
    drawn = sorted(rows, key=lambda row: _draw(seed, f"sample\0{split}\0{row.number}\0{row.key}"))[:size]
    numbers = {row.number for row in drawn}
    return [row for row in rows if row.number in numbers]


def with_units(rows: Sequence[DataRow]) -> list[DataRow]:
    """Name in `group` the unit of each row: rows that share a text or a group, directly or through others.

    A unit is called after its first group in sorted order; one without a group after its text, shortened to a hash.
    """
    parents: dict[tuple[str, str], tuple[str, str]] = {}
    for row in rows:
        text = _find(parents, ("text", row.key))
        if row.group:
            parents[_find(parents, ("group", row.group))] = text
    names: dict[tuple[str, str], str] = {}
    for row in sorted(rows, key=lambda row: (not row.group, row.group, row.key)):
        names.setdefault(_find(parents, ("text", row.key)), row.group or f"text {sha256(_bytes(row.key)).hexdigest()}")
    return [replace(row, group=names[_find(parents, ("text", row.key))]) for row in rows]


def _find(parents: dict[tuple[str, str], tuple[str, str]], node: tuple[str, str]) -> tuple[str, str]:
    """The root of `node` in a union-find forest; paths are halved on the way, so that chains stay short."""
    parents.setdefault(node, node)
    while parents[node] != node:
        parents[node] = parents[parents[node]]
        node = parents[node]
    return node


def cut(units: Sequence[str], strata: Sequence[str], fractions: Sequence[float], seed: int) -> list[int]:
    """Deal rows out to parts of the given sizes; rows of one unit go to one part.

    Units are dealt largest first, then in the order of a hash of seed and name, each to the part that is least full of
    what the unit brings (the fullness of a part is measured for each stratum, half of the unit counted in). So the cut
    depends neither on the order of the rows nor on any library's random numbers.

    Args:
        units: for each row the name of its unit.
        strata: for each row what has to stand in every part in proportion, such as its label.
        fractions: sizes of the parts; above 0, summing to 1.

    Returns:
        For each row the index of its part.
    """
    content: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for unit, stratum in zip(units, strata, strict=True):
        content[unit][stratum] += 1
    totals = Counter(strata)
    filled: list[Counter[str]] = [Counter() for _ in fractions]
    part_of: dict[str, int] = {}
    for unit in sorted(content, key=lambda unit: (-content[unit].total(), _draw(seed, unit), unit)):
        fullness = [
            fsum(  # exact, unlike sum(), whose last bit depends on Python's version: a tie must stay a tie
                count / totals[stratum] * (have[stratum] + count / 2) / (fraction * totals[stratum])
                for stratum, count in content[unit].items()
            )
            for have, fraction in zip(filled, fractions, strict=True)
        ]
        part_of[unit] = fullness.index(min(fullness))
        filled[part_of[unit]].update(content[unit])
    return [part_of[unit] for unit in units]


def _draw(seed: int, key: str) -> bytes:
    return sha256(f"{seed}\0".encode() + _bytes(key)).digest()


def _bytes(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")
