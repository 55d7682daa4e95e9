"""A study file: TOML, one class per table, unknown keys refused with the nearest right name."""

import difflib
import tomllib
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from potstill.domain.errors import StudyError
from potstill.domain.study_record import Rule
from potstill.recipes.training import TrainingSettings
from potstill.recipes.union import RECIPES
from potstill.study.config import Study
from potstill.study.tables import (
    DataTable,
    GatesTable,
    LayerSearchTable,
    SearchTable,
    SplitTable,
    SubgroupsTable,
    TeacherTable,
    TuneTable,
)


def read_study(path: Path) -> Study:
    """Read and check a study file.

    Raises:
        StudyError: with the file, the path of each wrong key, and the nearest right name.
    """
    content = _read_toml(path)
    return parse_study(_with_recipes(content, path), str(path))


def _with_recipes(content: dict[str, Any], path: Path) -> dict[str, Any]:
    """The content with the settings of each arm that names a `recipe`, a TOML file beside the study; what the arm says
    itself goes first."""
    arms = content.get("arms")
    if not isinstance(arms, dict):
        return content
    filled: dict[str, Any] = {}
    for name, arm in cast(dict[str, Any], arms).items():
        if isinstance(arm, dict) and "recipe" in arm:
            own = cast(dict[str, Any], arm)
            filled[name] = _read_toml(path.parent / str(own["recipe"])) | {
                k: v for k, v in own.items() if k != "recipe"
            }
        else:
            filled[name] = arm
    return content | {"arms": filled}


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StudyError(f"{path} is not valid TOML: {error}") from error


def parse_study(content: dict[str, Any], source: str) -> Study:
    """The study in `content`, which came from `source`; raises StudyError as `read_study` does."""
    try:
        return Study.model_validate(content)
    except ValidationError as error:
        lines = [_explain(detail["loc"], detail["type"], detail["msg"]) for detail in error.errors()]
        raise StudyError("\n".join(f"{source}: {line}" for line in dict.fromkeys(lines))) from error


def _explain(place: tuple[str | int, ...], kind: str, message: str) -> str:
    # Pydantic puts the union's tag into the place: arms.even.student.kep is arms.even.kep in the file.
    parts = [str(part) for part in place]
    if len(parts) > 3 and parts[0] == "arms":
        del parts[2]
    where = ".".join(parts) or "the file"
    if kind != "extra_forbidden":
        return f"{where}: {message.removeprefix('Value error, ')}"
    near = difflib.get_close_matches(parts[-1], _keys_at(place), n=1, cutoff=0.5)
    return f"{where}: there is no such key" + (f"; did you mean {near[0]!r}?" if near else "")


def _keys_at(place: tuple[str | int, ...]) -> list[str]:
    """The keys that the table around `place` knows."""
    tables: dict[str, type[BaseModel]] = {
        "data": DataTable, "teacher": TeacherTable, "training": TrainingSettings, "search": SearchTable, "rule": Rule,
        "gates": GatesTable, "layer_search": LayerSearchTable, "tune": TuneTable, "subgroups": SubgroupsTable,
    }  # fmt: skip
    table, *inner = [str(part) for part in place]
    if not inner:
        return list(Study.model_fields)
    if table == "arms":
        kinds = [recipe for recipe in RECIPES if recipe.model_fields["kind"].default == inner[1]]
        return [key for recipe in kinds for key in recipe.model_fields]
    is_split = table in ("data", "subgroups", "teacher") and len(inner) > 1
    return list((SplitTable if is_split else tables[table]).model_fields)
