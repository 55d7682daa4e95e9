"""Cells that a spreadsheet takes for text, whatever stands in them.

A spreadsheet computes a cell that begins with `=`, `+`, `-` or `@`, and may even start a program for it. Where a cell
begins depends on it: a file with commas, opened in much of Europe, is split at semicolons, and a quote within a cell
means nothing then. So `ok;=1+1` is as dangerous as `=1+1`.
"""

import re

_FORMULA = r"=+\-@\u207a\u207b\u207c\u208a\u208b\u208c\u2212\ufb29\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20"
"""What a formula begins with, and the wide, small, raised and lowered forms of it."""
_UNSEEN = (
    r'\s"\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-'
    r"\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-"
    r"\U0001d17a\U000e0001\U000e0020-\U000e007f"
)
"""What may be taken for nothing: white space, control and format characters, and quotes."""
_WITHIN = re.compile(r"\r\n|[\t\r\n]")
"""Separators of cells or rows that are white space too."""
_BEFORE = re.compile(rf"(?<![{_UNSEEN}])[{_UNSEEN}]*+(?=[{_FORMULA}])|^(?=[\t\r\n])")
"""All that stands unseen before a formula, if it is one, or before a cell that begins with a separator."""
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def guarded(cell: str) -> str:
    """The cell with an apostrophe wherever a cell may begin as a formula does: at its start, and after a comma, a
    semicolon, a bar, a tab or a line end. A plain number is left as it is."""
    return cell if _NUMBER.fullmatch(cell) else _BEFORE.sub(_with_apostrophes, cell)


def _with_apostrophes(unseen: re.Match[str]) -> str:
    begins = unseen.start() == 0 or unseen.string[unseen.start() - 1] in ",;|"
    return ("'" if begins else "") + _WITHIN.sub(r"\g<0>'", unseen[0])
