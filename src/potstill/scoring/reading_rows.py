"""Rows to logits, where a row that the model fails on costs no other row anything."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from potstill.domain.errors import in_short
from potstill.domain.predictor import Logits
from potstill.scoring.incoming import Row

FAULT = "the model fails on it"
Reading = Callable[[Sequence[str]], tuple[Logits, list[bool]]]
"""Logits of texts, and which of them were cut."""


def read_rows(rows: Sequence[Row], read: Reading) -> tuple[list[Row], Logits, list[bool]]:
    """The rows, with a fault where the model fails on them; the logits of those without a fault, and which were cut.

    All are read together. Where that fails each is read by itself; where all fail it is the model, and the error is
    raised.
    """
    good = [row.text for row in rows if not row.fault]
    try:
        logits, cut = read(good)
        _check_finite(logits)
        return list(rows), logits, cut
    except Exception as error:  # whatever a library raises
        checked = [row if row.fault else _alone(row, read) for row in rows]
        left = [row.text for row in checked if not row.fault]
        if not left:
            raise error
        return checked, *read(left)


def _alone(row: Row, read: Reading) -> Row:
    try:
        _check_finite(read([row.text])[0])
    except Exception as error:
        return replace(row, fault=FAULT, detail=in_short(error))
    return row


def _check_finite(logits: Logits) -> None:
    if not np.isfinite(logits).all():
        raise ValueError("a logit is not finite")
