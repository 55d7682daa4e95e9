"""pyarrow, which comes without types: what it gives gets one where it leaves the functions that read and write."""

from typing import Any

import pyarrow  # pyright: ignore[reportMissingTypeStubs]
import pyarrow.parquet  # pyright: ignore[reportMissingTypeStubs]

pa: Any = pyarrow
pq: Any = pyarrow.parquet
