"""Which kind of file a name stands for."""

from dataclasses import dataclass
from typing import Literal

from potstill.domain.errors import DataError

Kind = Literal["csv", "jsonl", "parquet"]
KINDS: tuple[Kind, ...] = ("csv", "jsonl", "parquet")
STANDARD = "-"
"""The name of standard input and output."""


@dataclass(frozen=True)
class Format:
    """A kind of file, packed by gzip or not."""

    kind: Kind
    gzipped: bool = False


def format_of(name: str, given: Kind | None = None) -> Format:
    """The format that a file's ending says, or `given` for a file without a telling one and for `-`.

    Raises:
        DataError: neither says it.
    """
    lower = name.lower()
    gzipped = lower.endswith(".gz")
    for kind in KINDS:
        if lower.removesuffix(".gz").endswith(f".{kind}") and not (gzipped and kind == "parquet"):
            return Format(given or kind, gzipped)
    if given:
        return Format(given, gzipped)
    raise DataError(
        f"{name}: the kind of file is read from its ending (.csv, .jsonl, both also with .gz, .parquet); "
        "name it with --from or --to where the ending does not say it"
    )
