"""How much JSON a body may hold, counted before any of it is parsed.

The event loop parses bodies, and whatever it does meanwhile waits: a probe, an answer, a refusal. A megabyte of JSON is
half a million values, and a second of work for what validates them or says what is wrong. No request needs more than a
few for each text, so a body of more is refused after a scan that Python's C code does: a few milliseconds at most.
"""

import re

from potstill.serving.errors import RequestError

DEEPEST = 32
MOST_VALUES = 2_048
"""Counted as commas and opening brackets outside of strings: twice what 256 parts of a message have, the most that a
request of any protocol needs."""
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
"""A string. One that is never closed is one too: else each quote in it would be tried as the beginning of another."""
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def check_bounds(body: bytes) -> None:
    """Raise RequestError for JSON of too many values or nested too deep; what is no JSON may pass."""
    bare = _without_strings(body)
    if bare is None or bare.count(b",") + bare.count(b"[") + bare.count(b"{") > MOST_VALUES:
        raise RequestError(400, f"the body has more than {MOST_VALUES:,} values")
    if _depth(bare) > DEEPEST:
        raise RequestError(400, f"the body is nested more than {DEEPEST} deep")


def _without_strings(body: bytes) -> bytes | None:
    """What stands between the strings; None where there are more of them than so many values have."""
    between: list[bytes] = []
    end = 0
    for match in _STRING.finditer(body):
        if len(between) > 2 * MOST_VALUES:  # a value may have a key
            return None
        between.append(body[end : match.start()])
        end = match.end()
    return b"".join([*between, body[end:]])


def _depth(bare: bytes) -> int:
    """How deep brackets stand in each other."""
    deepest = depth = 0
    for bracket in bare.translate(None, _NOT_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest
