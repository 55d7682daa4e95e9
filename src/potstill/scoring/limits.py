"""What a table is not made larger than."""

MOST_COLUMNS = 1_000
"""Of a table made of rows that each name their own: more are keys that differ from row to row, and rows times keys grow
with the square of the file."""
