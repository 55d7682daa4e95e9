"""Invented texts that any processor's engines must answer as the fp32 model does."""

from potstill.data.pilot import pilot_rows

_ODD = (
    "",
    ".",
    "👍👍🏽 👩‍👩‍👧 ok",
    "مرحبا بك في الحديقة، شكرا على المساعدة",
    "תודה רבה על התיקון המהיר",
    "c a n ' t   y o u   r e a d",
    "Ünïcödé wörds ánd ñ, ﬁne ligatures, \u200bhidden spaces",
    "This remark about a garden goes on and on, " * 40,
)
COUNT = 64


def probe_texts() -> list[str]:
    """64 texts: some of the pilot corpus, evenly spread over its categories, and some odd ones."""
    rows = pilot_rows()
    wanted = COUNT - len(_ODD)
    return [*(rows[place * len(rows) // wanted].text for place in range(wanted)), *_ODD]
