"""Study files as the pages show them: whole, or a part that is completed to the smallest study around it."""

import tomllib
from pathlib import Path

from potstill.study.config import Study
from potstill.study.study_file import read_study

TOP = {"name": '"tickets"'}
TABLES = {
    "data": 'train = "tickets.csv.gz"\ntext = "body"\nlabel = "rude"',
    "teacher": 'encoder = "minilm"',
    "arms.even": 'kind = "student"',
}
"""What a study needs."""
RECIPE = 'kind = "lora"\nr = 4\n'


def completed(text: str, tables: dict[str, str]) -> str:
    """A study file with the text as it stands, and those of the tables before and after it that it lacks."""
    given = tomllib.loads(text)
    top = [f"{key} = {value}" for key, value in TOP.items() if key not in given]
    added = [f"[{name}]\n{keys}" for name, keys in tables.items() if name.partition(".")[0] not in given]
    return "\n".join([*top, text, *added, ""])


def read_block(text: str, folder: Path) -> Study:
    """The study that the text is, read from a file in the folder; the recipes that its arms name lie beside it.

    Raises:
        StudyError: it is refused.
    """
    for arm in tomllib.loads(text).get("arms", {}).values():
        if "recipe" in arm:
            recipe = folder / arm["recipe"]
            recipe.parent.mkdir(parents=True, exist_ok=True)
            recipe.write_text(RECIPE, encoding="utf-8")
    file = folder / "study.toml"
    file.write_text(text, encoding="utf-8")
    return read_study(file)
