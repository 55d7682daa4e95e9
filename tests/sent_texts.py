"""What the tests send to a server."""

from tiny import comments

SECRET = "zxqv-secret-word"
"""Sent, and never to be repeated."""
PATHS = ["/score", "/predict", "/v1/moderations", "/v1alpha1/comments:analyze"]
"""What a model answers."""
BLANK = ["", " \n\t ", "\x00\x07", "\u200b\ufeff", "\ufffd", "\u2800", "👍", "你好"]
"""Texts with nothing to read: without a mark, or with none that the tiny tokenizer knows."""
TEXTS, LABELS = comments(6)
TOXIC = TEXTS[LABELS.index(1)]
FINE = TEXTS[LABELS.index(0)]


def analyze(text: str, **more: object) -> dict[str, object]:
    """A request of Perspective's protocol."""
    return {"comment": {"text": text}, "requestedAttributes": {"TOXICITY": {}}, **more}
