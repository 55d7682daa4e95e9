"""The pilot corpus: comments written for this project, in contrast groups whose twins differ in label."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.resources import files

from potstill.data.formats import Table
from potstill.data.rows import TableRow, excerpt
from potstill.data.splits import cut
from potstill.domain.errors import DataError

PILOT = "builtin:pilot"
PILOT_LABELS = ("not toxic", "toxic")
PILOT_FRACTIONS = (0.5, 0.15, 0.35)
_LINE = re.compile(r"([01]) (\S.*)")


@dataclass(frozen=True)
class PilotRow:
    """One comment. `group` holds near-twins together, `category` says what they test."""

    id: str
    text: str
    label: str
    group: str
    category: str


def pilot_rows() -> list[PilotRow]:
    """All comments of the corpus, category by category.

    Raises:
        DataError: a line is malformed, or the corpus is not part of this installation.
    """
    folder = files("potstill.data").joinpath("pilot")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".txt")) if folder.is_dir() else []
    if not names:
        raise DataError(f"{PILOT} is not part of this installation; install potstill again")
    rows: list[PilotRow] = []
    for name in names:
        rows += parse_pilot(name.removesuffix(".txt"), folder.joinpath(name).read_bytes())
    return rows


def parse_pilot(category: str, content: bytes) -> list[PilotRow]:
    """The comments of one category: a line is "0 text" or "1 text", an empty line ends a group."""
    rows: list[PilotRow] = []
    group, place = 1, 0
    for number, raw in enumerate(content.split(b"\n"), start=1):
        line = _decoded(category, number, raw)
        if not line:
            group, place = (group + 1, 0) if place else (group, 0)
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise DataError(f'pilot/{category}.txt, line {number}: not "0 text" or "1 text": {excerpt(line)}')
        place += 1
        name = f"{category}-{group}"
        rows.append(PilotRow(f"{name}-{place}", match[2], PILOT_LABELS[int(match[1])], name, category))
    return rows


def _decoded(category: str, number: int, raw: bytes) -> str:
    try:
        return raw.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise DataError(f"pilot/{category}.txt, line {number}: not UTF-8") from error


def pilot_table() -> Table:
    """The corpus as any other source: columns id, text, label, group, category; a row's line is its number."""
    rows = pilot_rows()
    digest = sha256()
    for row in rows:
        digest.update("\t".join(asdict(row).values()).encode() + b"\n")
    table_rows = [TableRow(number, number, asdict(row)) for number, row in enumerate(rows, start=1)]
    return Table(PILOT, ("id", "text", "label", "group", "category"), table_rows, f"sha256:{digest.hexdigest()}")


def pilot_parts(rows: Sequence[PilotRow]) -> dict[str, int]:
    """For each id its split (0 train, 1 validation, 2 test): the same for everybody, whatever a study filters."""
    strata = [f"{row.category}\0{row.label}" for row in rows]
    parts = cut([row.group for row in rows], strata, PILOT_FRACTIONS, seed=0)
    return dict(zip([row.id for row in rows], parts, strict=True))
