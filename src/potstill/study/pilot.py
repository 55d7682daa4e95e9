"""The study that runs when no file is named."""

import tomllib
from importlib.resources import files
from pathlib import Path

from potstill.study.config import Study
from potstill.study.study_file import parse_study, read_study


def open_study(path: str | Path | None) -> tuple[Study, Path]:
    """The study in `path`, or the pilot, and the folder that its paths are relative to.

    Raises:
        StudyError: there is no such file, or it is not a study.
    """
    if path is None:
        return pilot_study(), Path(".")
    return read_study(Path(path)), Path(path).parent


def pilot_study() -> Study:
    """The built-in study on the pilot corpus."""
    content = tomllib.loads(files("potstill.study").joinpath("pilot.toml").read_text(encoding="utf-8"))
    return parse_study(content, "the pilot study")
