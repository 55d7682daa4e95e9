"""The errors that a user can mend: each says what is wrong, where, and the way out."""

from collections.abc import Iterable

from pydantic import ValidationError


class PotstillError(Exception):
    """Base of every error whose message is meant for the user; the command line prints it without a traceback."""


class DataError(PotstillError):
    """A file or its rows cannot be used as the study asks."""


class StudyError(PotstillError):
    """A study file is wrong: an unknown key, a value out of range, arms that contradict each other."""


class ModelError(PotstillError):
    """A model cannot be found, is of a family that cannot be cut, or does not survive being saved."""


class NotFiniteError(PotstillError, ValueError):
    """A loss or an answer is no finite number: training went astray, or weights are damaged."""


class GateError(PotstillError):
    """A run was refused because its result would mislead, such as a student of a random teacher."""


def in_short(error: BaseException | str, most: int = 200) -> str:
    """The first line of what a library says, of at most so many characters, and nothing in it that a terminal obeys."""
    lines = (_first_fault(error) if isinstance(error, ValidationError) else str(error)).strip().splitlines()
    line = "".join(mark if mark.isprintable() else " " for mark in lines[0].strip()) if lines else ""
    if not isinstance(error, str) and (not line or isinstance(error, LookupError)):
        line = f"{type(error).__name__} {line}".strip()  # a KeyError says the key and nothing else
    return line if len(line) <= most else f"{line[:most]}..."


def some_of(names: Iterable[str], most: int = 4) -> str:
    """A list in words: the first names, and how many more there are."""
    everything = [in_short(name, 80) for name in names]
    more = len(everything) - most
    return ", ".join(everything[:most]) + (f" and {more:,} more" if more > 0 else "")


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    place, why = ".".join(map(str, fault["loc"])), fault["msg"].removeprefix("Value error, ")
    return f"{place}: {why}" if place else why
