from collections import Counter, defaultdict

import pytest

from potstill.data.loading import load_dataset
from potstill.data.pilot import PILOT, PilotRow, parse_pilot, pilot_parts, pilot_rows, pilot_table
from potstill.data.pipeline import Cutting
from potstill.data.rows import leak_key
from potstill.data.source import Source, Sources
from potstill.domain.dataset import Dataset
from potstill.domain.errors import DataError
from potstill.domain.normalise import normalise


@pytest.fixture(scope="module")
def corpus() -> list[PilotRow]:
    return pilot_rows()


@pytest.fixture(scope="module")
def pilot() -> Dataset:
    return load_dataset(Sources(Source(PILOT)))


# --- the format


def test_groups_are_separated_by_blank_lines_and_numbered() -> None:
    content = b"\n0 I hate Mondays.\r\n1 I hate you.\n\n \n1 0 again\n0 caf\xc3\xa9"
    rows = parse_pilot("mondays", content)
    assert [(row.id, row.group, row.label, row.text) for row in rows] == [
        ("mondays-1-1", "mondays-1", "not toxic", "I hate Mondays."),
        ("mondays-1-2", "mondays-1", "toxic", "I hate you."),
        ("mondays-2-1", "mondays-2", "toxic", "0 again"),
        ("mondays-2-2", "mondays-2", "not toxic", "café"),
    ]
    assert {row.category for row in rows} == {"mondays"}


@pytest.mark.parametrize("line", ["2 two", "toxic", "1", "1 ", "0  two spaces", "1\ttab", "# comment", "01 x"])
def test_a_malformed_line_is_named(line: str) -> None:
    with pytest.raises(DataError, match=r"pilot/some\.txt, line 3: "):
        parse_pilot("some", f"0 fine\n\n{line}\n".encode())


def test_bad_bytes_are_named() -> None:
    with pytest.raises(DataError, match=r"pilot/some\.txt, line 2: not UTF-8"):
        parse_pilot("some", b"0 fine\n1 caf\xe9\n")


# --- the corpus


def test_the_corpus_is_large_varied_and_one_third_toxic(corpus: list[PilotRow]) -> None:
    assert len(corpus) >= 2_000
    assert len({row.category for row in corpus}) >= 16
    assert 0.28 <= sum(row.label == "toxic" for row in corpus) / len(corpus) <= 0.40


def test_no_text_and_no_id_is_repeated(corpus: list[PilotRow]) -> None:
    repeated = [key for key, count in Counter(leak_key(row.text) for row in corpus).items() if count > 1]
    assert repeated == []
    assert len({row.id for row in corpus}) == len(corpus)


def test_every_text_is_normalised_already(corpus: list[PilotRow]) -> None:
    """Disguised spelling may use odd letters, but invisible characters in the corpus would be an accident."""
    assert [row.id for row in corpus if normalise(row.text) != row.text] == []


def test_groups_are_contrasts(corpus: list[PilotRow]) -> None:
    labels: defaultdict[str, set[str]] = defaultdict(set)
    for row in corpus:
        labels[row.group].add(row.label)
    assert sum(len(both) == 2 for both in labels.values()) / len(labels) > 0.85


# --- the cut


def test_the_test_split_is_large_enough(pilot: Dataset) -> None:
    assert len(pilot.test) >= 650
    assert pilot.account.positives["test"][pilot.task.positive_index] >= 200


def test_the_cut_is_50_15_35(pilot: Dataset) -> None:
    total = sum(pilot.account.rows.values())
    for role, share in {"train": 0.50, "validation": 0.15, "test": 0.35}.items():
        assert abs(pilot.account.rows[role] / total - share) < 0.015
        rate = pilot.account.positives[role][pilot.task.positive_index] / pilot.account.rows[role]
        overall = sum(counts[1] for counts in pilot.account.positives.values()) / total
        assert abs(rate - overall) < 0.02


def test_no_group_stands_in_two_splits(pilot: Dataset) -> None:
    groups = [set(split.groups) for split in (pilot.train, pilot.validation, pilot.test)]
    assert sum(len(part) for part in groups) == len(set[str]().union(*groups))


def test_every_category_stands_in_every_split_with_both_labels(pilot: Dataset) -> None:
    categories = set(pilot.train.categories)
    for split in (pilot.train, pilot.validation, pilot.test):
        present = set(zip(split.categories, split.labels.tolist(), strict=True))
        assert present == {(category, label) for category in categories for label in (0, 1)}


def test_every_row_is_used_and_nothing_is_noteworthy(pilot: Dataset, corpus: list[PilotRow]) -> None:
    (source,) = pilot.account.sources
    assert (source.rows, source.used) == (len(corpus), len(corpus))
    assert pilot.account.notes == []
    assert pilot.task.labels == ("not toxic", "toxic")
    assert pilot.task.positive == "toxic"
    assert source.fingerprint == pilot_table().fingerprint


def test_the_cut_is_everybodys_whatever_the_study_asks(pilot: Dataset, corpus: list[PilotRow]) -> None:
    """Neither seed nor fractions nor a filter nor a sample moves a row to another split."""
    home = {row_id: role for role in ("train", "validation", "test") for row_id in getattr(pilot, role).ids}
    names = ("train", "validation", "test")
    assert home == {row_id: names[part] for row_id, part in pilot_parts(corpus).items()}
    some = min(row.category for row in corpus)
    for data in (
        load_dataset(Sources(Source(PILOT)), cutting=Cutting(seed=9, fractions=(0.8, 0.1, 0.1))),
        load_dataset(Sources(Source(PILOT, where={"category": some}))),
        load_dataset(Sources(Source(PILOT, sample=300)), cutting=Cutting(seed=4)),
    ):
        for role in names:
            assert {home[row_id] for row_id in getattr(data, role).ids} == {role}
