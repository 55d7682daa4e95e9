"""pyarrow, which comes without types: what the rooms that read files take from it, typed where it enters."""

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Protocol

import pyarrow  # pyright: ignore[reportMissingTypeStubs]
from pyarrow import parquet  # pyright: ignore[reportMissingTypeStubs]

_arrow: Any = pyarrow
_parquet: Any = parquet
ARROW_ERRORS: tuple[type[Exception], ...] = (_arrow.ArrowException, OSError, ValueError, OverflowError)
"""What pyarrow raises where it cannot read."""


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
        self.rows: int = self._file.metadata.num_rows

    def batches(self, rows: int) -> Iterator[list[dict[str, Any]]]:
        """All rows, at most so many at a time, as values by column."""
        return (batch.to_pylist() for batch in self._file.iter_batches(batch_size=rows))


def read_parquet(content: bytes) -> ArrowTable:
    """All of a Parquet file. Raises `ARROW_ERRORS`."""
    return _parquet.read_table(_arrow.BufferReader(content))


def string_column(values: Sequence[str | None]) -> object:
    """The values as a pyarrow.StringArray."""
    return _arrow.array(values, _arrow.string())
