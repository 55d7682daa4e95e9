from rows import row, split_of

from potstill.data.rows import Filtered, Rejection
from potstill.data.split_rows import Note


def test_every_row_is_kept_or_counted_and_the_split_before_the_step_stays_as_it_was() -> None:
    rows = [row(text, number) for number, text in enumerate("abcd", start=1)]
    before = split_of(rows)
    results = [rows[0], Filtered("where"), Rejection("empty text", "line 4", "empty"), Filtered("where")]
    after = before.collect(results)
    assert after.rows == rows[:1]
    assert after.filtered == {"where": 2}
    assert [rejection.place for rejection in after.rejections] == ["line 4"]
    again = after.collect([Rejection("unknown label", "line 2", "odd")])
    assert [rejection.reason for rejection in again.rejections] == ["empty text", "unknown label"]
    for split in (before, after, again):
        assert len(split.table.rows) == len(split.rows) + sum(split.filtered.values()) + len(split.rejections)
    assert (before.rows, before.filtered, before.rejections) == (rows, {}, ())


def test_notes_are_added_to_a_new_split() -> None:
    before = split_of([])
    after = before.note("file", ["guessed"]).note("sample", ["too large"])
    assert after.notes == [Note("file", "guessed"), Note("sample", "too large")]
    assert before.notes == ()
