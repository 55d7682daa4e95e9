"""A job of scoring: what, with what, and what has been done."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from potstill.domain.errors import DataError
from potstill.domain.measures import Calibration
from potstill.domain.predictor import Logits, predictions
from potstill.domain.task import Task
from potstill.inference.languages import LanguageCheck
from potstill.scoring.formats import Format
from potstill.scoring.incoming import Row
from potstill.scoring.limits import MOST_COLUMNS
from potstill.scoring.outgoing import json_line
from potstill.scoring.reading_rows import read_rows

PART_ROWS = 8192
"""Rows in one part: enough that texts of equal length meet, little enough to be lost gladly."""
PART_CHARACTERS = 4_000_000
"""Characters, or bytes, of rows after which a part ends before that, so that long rows do not fill the memory."""
Progress = Callable[[int, int | None, int], None]
"""Called with what is done and the total (bytes or rows, None for a stream), and the rows so far."""


NOTHING_TO_READ = "nothing to read"
"""Why a text has no score that the tokenizer knows no sign of."""
OTHER_LANGUAGE = "other language"
"""Why a text has none that is in another language than the model's, where such texts are refused."""


def _never_blank(texts: Sequence[str]) -> list[bool]:
    return [False] * len(texts)


@dataclass(frozen=True)
class Scorer:
    """What scores: `read` gives logits of texts and which of them were cut, the rest turns logits into predictions.

    `identity` names the model: parts made by another are not continued.
    """

    read: Callable[[Sequence[str]], tuple[Logits, list[bool]]]
    task: Task
    calibration: Calibration
    identity: str
    blank: Callable[[Sequence[str]], list[bool]] = _never_blank
    """For each text: whether nothing of it can be read."""
    languages: LanguageCheck | None = None
    """None where texts are not checked for theirs."""


@dataclass(frozen=True)
class Job:
    """What to score, where to, and how. The names are paths, or `-` for standard input and output."""

    source: str
    target: str
    source_format: Format
    target_format: Format
    text: str = "text"
    prefix: str = ""
    """Put before the names of the added columns, where the file has columns of those names."""
    spreadsheet_safe: bool = False
    part_rows: int = PART_ROWS


@dataclass(frozen=True)
class Tally:
    """Rows read, rows scored, rows that could not be, by reason."""

    rows: int = 0
    scored: int = 0
    rejected: dict[str, int] | None = None

    def plus(self, rows: int, scored: int, rejected: dict[str, int]) -> "Tally":
        """This tally and another part's."""
        mine = self.rejected or {}
        both = {reason: mine.get(reason, 0) + rejected.get(reason, 0) for reason in {**mine, **rejected}}
        return Tally(self.rows + rows, self.scored + scored, both)


def rejected_path(target: str) -> Path:
    """Where the rows that could not be scored are listed."""
    return Path(f"{target}.rejected.jsonl")


@dataclass(frozen=True)
class Block:
    """Some rows, scored."""

    rows: int
    scored: list[dict[str, Any]]
    rejected: list[Row]

    def reasons(self) -> dict[str, int]:
        """How many rows were rejected for each reason."""
        counts: dict[str, int] = {}
        for row in self.rejected:
            counts[row.fault] = counts.get(row.fault, 0) + 1
        return counts

    def rejected_lines(self) -> bytes:
        """The side file's lines."""
        return b"".join(
            json_line({"line": row.line, "reason": row.fault, "detail": row.detail}) for row in self.rejected
        )


def score_block(rows: Sequence[Row], scorer: Scorer, added: Sequence[str]) -> Block:
    """Score those rows that have a text that the model can read; `added` are the names of the columns for it.

    Raises:
        DataError: a row already has a column of an added column's name.
    """
    rows, logits, truncated = read_rows(_checked(rows, scorer), scorer.read)
    good = [row for row in rows if not row.fault]
    predicted = predictions(logits, scorer.calibration, scorer.task)
    scored: list[dict[str, Any]] = []
    languages = _foreign_languages(good, scorer)
    for row, prediction, cut, language in zip(good, predicted, truncated, languages, strict=True):
        each = [round(share, 6) for share in prediction.shares] if scorer.task.multilabel else []
        foreign = [language] if scorer.languages else []
        values = (prediction.label, round(prediction.score, 6), prediction.flagged, cut, *each, *foreign)
        named = dict(zip(added, values, strict=True))
        if taken := sorted(named.keys() & row.values.keys()):
            raise DataError(
                f'the file has a column "{taken[0]}" already; --prefix pred_ makes the added one pred_label'
            )
        scored.append({**row.values, **named})
    return Block(len(rows), scored, [row for row in rows if row.fault])


def _checked(rows: Sequence[Row], scorer: Scorer) -> list[Row]:
    """The rows; those whose text cannot be scored have that as their fault."""
    faults: dict[int, Row] = {}
    good = [row for row in rows if not row.fault]
    check = scorer.languages
    if check and check.is_strict:
        for row, detection in zip(good, check.detect(row.text for row in good), strict=True):
            if detection.foreign:
                faults[row.line] = Row(row.line, fault=OTHER_LANGUAGE, detail=check.refusal(detection))
    for row, blank in zip(good, scorer.blank([row.text for row in good]), strict=True):
        if blank:
            detail = "the model's tokenizer knows no sign of the text"
            faults[row.line] = Row(row.line, fault=NOTHING_TO_READ, detail=detail)
    return [faults.get(row.line, row) for row in rows]


def _foreign_languages(rows: Sequence[Row], scorer: Scorer) -> list[str | None]:
    """For each row the language that it is in if that is clearly none of the model's; where such rows are refused, none
    is left."""
    if scorer.languages is None or scorer.languages.is_strict:
        return [None] * len(rows)
    return [each.foreign_language for each in scorer.languages.detect(row.text for row in rows)]


def blocks(rows: Iterator[Row], most_rows: int) -> Iterator[list[Row]]:
    """The rows in lists of `most_rows`, or of fewer that have `PART_CHARACTERS` together."""
    block: list[Row] = []
    characters = 0
    for row in rows:
        block.append(row)
        characters += max(row.size, len(row.text))
        if len(block) == most_rows or characters >= PART_CHARACTERS:
            yield block
            block, characters = [], 0
    if block:
        yield block


def merged_columns(
    columns: list[str], rows: Sequence[dict[str, Any]], added: Sequence[str], known: int, target: Format
) -> list[str]:
    """The file's own columns so far, and the new ones of these rows; none for JSON lines, which need no table.

    `known` columns the file itself names.

    Raises:
        DataError: the rows bring so many that the table would be as good as empty, and larger than the file by far.
    """
    if target.kind == "jsonl":
        return []
    merged = list(dict.fromkeys([*columns, *(name for row in rows for name in row if name not in added)]))
    if len(merged) > max(known, MOST_COLUMNS):
        raise DataError(
            f"the rows have more than {MOST_COLUMNS:,} different keys, too many for the columns of a table; write "
            ".jsonl instead"
        )
    return merged
