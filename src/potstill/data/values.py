"""What a value in a file says, however it is spelled."""

import re

Value = str | int | float | bool
_NUMBER = re.compile(r"[+-]?(0|[1-9][0-9]{0,14})(\.[0-9]{0,15})?")


def reading(value: Value) -> str:
    """What a value says however it is spelled: 1, "1", "1.0", "True" and true all read as "1"."""
    text = str(value).strip()
    if text.casefold() in ("true", "false"):
        return "1" if text.casefold() == "true" else "0"
    if not is_number(text):
        return text
    number = float(text)
    return str(int(number)) if number.is_integer() else repr(number)


def is_number(text: str) -> bool:
    """Whether this is a plain decimal number, short enough that a float tells it from every neighbour."""
    return _NUMBER.fullmatch(text) is not None
