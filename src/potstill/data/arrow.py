"""pyarrow, which comes without types: what the rooms that read files take from it, typed where it enters."""

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Protocol

import pyarrow  # pyright: ignore[reportMissingTypeStubs]
from pyarrow import parquet  # pyright: ignore[reportMissingTypeStubs]

_arrow: Any = pyarrow
_parquet: Any = parquet
ARROW_ERRORS: tuple[type[Exception], ...] = (_arrow.ArrowException, OSError, ValueError, OverflowError)
"""What pyarrow raises where it cannot read."""
_AT_ONCE = 16


class ArrowColumn(Protocol):
    """A pyarrow.ChunkedArray."""

    def to_pylist(self) -> list[Any]:
        """The values; None where there is none."""
        ...


class ArrowTable(Protocol):
    """A pyarrow.Table."""

    @property
    def column_names(self) -> list[str]:
        """The names, in order."""
        ...

    @property
    def columns(self) -> Sequence[ArrowColumn]:
        """The columns, in order."""
        ...

    def column(self, i: int, /) -> ArrowColumn:
        """The column at a place."""
        ...

    def set_column(self, i: int, name: str, column: object, /) -> "ArrowTable":
        """The table with another column at a place."""
        ...


class ParquetFile:
    """An open Parquet file. `schema` is a pyarrow.Schema. Raises `ARROW_ERRORS`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file: Any = _parquet.ParquetFile(file)
        self.schema: Any = self._file.schema_arrow
        self.columns: list[str] = list(self.schema.names)
        self.num_rows: int = self._file.metadata.num_rows

    def rows(self) -> Iterator[tuple[dict[str, Any], int]]:
        """All rows, as values by column, each with its size in bytes as it lies in memory.

        A few are unpacked at a time: a text that stands in every row is stored once, and 50 kB of file may be
        gigabytes.
        """
        for batch in self._file.iter_batches(batch_size=_AT_ONCE):
            size = batch.nbytes // max(1, batch.num_rows)
            yield from ((row, size) for row in batch.to_pylist())


def string_column(values: Sequence[str | None]) -> object:
    """The values as a pyarrow.StringArray."""
    return _arrow.array(values, _arrow.string())
