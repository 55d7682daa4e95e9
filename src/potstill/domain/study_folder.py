"""A study's folder: the one place that knows what its files are called."""

import json
from pathlib import Path

from pydantic import ValidationError

from potstill.domain.errors import PotstillError
from potstill.domain.run_key import RunKey
from potstill.domain.study_record import FORMAT, StudyRecord

RUN_FILE = "run.json"
"""What a run's folder has when the run is there, finished or failed."""


class StudyFolder:
    """Where everything of one study lies. Nothing is read until it is asked for."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.record_file = self.path / "study.json"
        """What `record` reads."""
        self.rows_file = self.path / "rows.npz"
        """Labels, weights and hashes of validation and test, in the order of the runs' logits."""
        self.texts_file = self.path / "texts.jsonl.gz"
        """The texts of the test rows; a packed study has none."""
        self.subgroups_file = self.path / "subgroups.json"
        """The areas around groups of rows, where the study asks for them."""
        self.tuning_file = self.path / "tuned.json"
        """Every trial of `potstill tune`."""
        self.tuned_recipe_file = self.path / "tuned.toml"
        """The best trial's settings, as an arm."""
        self.tuning_database = self.path / "tune.db"
        """Optuna's own file."""
        self.ledger = self.path / "ledger"
        """The folder of the runs."""

    def __str__(self) -> str:
        return str(self.path)

    def layer_search_file(self, num_layers: int) -> Path:
        """What a search for so many layers tried."""
        return self.path / f"layers-{num_layers}.json"

    def layer_search_files(self) -> list[Path]:
        """Those that there are."""
        return sorted(self.path.glob("layers-*.json"))

    def report_file(self, ending: str) -> Path:
        """The report as "html", "md" or "json"."""
        return self.path / f"report.{ending}"

    def run(self, key: RunKey) -> Path:
        """The folder of a run."""
        return self.ledger / key.folder

    def model(self, key: RunKey) -> Path:
        """The saved model of a run, as a Hugging Face folder."""
        return self.run(key) / "model"

    def bundle(self, arm: str | None = None) -> Path:
        """Where an arm is exported to; None stands for the picked one."""
        return self.path / (f"bundle-{arm}" if arm else "bundle")

    def bundles(self) -> list[Path]:
        """Those that there are, of any arm."""
        return sorted(info.parent for info in self.path.glob("bundle*/bundle.json"))

    def is_study(self) -> bool:
        """Whether this is the folder of a study."""
        return self.record_file.is_file()

    def record(self) -> StudyRecord:
        """What the study says about itself.

        Raises:
            PotstillError: it is not a study folder, its record is damaged, or of another format.
        """
        try:
            content = self.record_file.read_bytes()
        except FileNotFoundError as error:
            raise PotstillError(
                f"{self} is not a study folder: it has no study.json. `potstill run` makes one"
            ) from error
        except OSError as error:
            raise PotstillError(f"{self.record_file} cannot be read: {error.strerror}") from error
        try:
            self._check_format(content)
            return StudyRecord.model_validate_json(content)
        except (ValidationError, ValueError) as error:
            raise PotstillError(f"{self.record_file} is damaged: {error}; run the study again") from error

    def _check_format(self, content: bytes) -> None:
        """Raise PotstillError for a format that is not this version's; ValueError for what is no JSON object."""
        parsed = json.loads(content)
        if not isinstance(parsed, dict):
            raise ValueError("it is not a JSON object")
        number = parsed.get("format", 1)  # type: ignore[reportUnknownMemberType]
        if number == 1:
            raise PotstillError(
                f"{self.record_file} is of format 1, which an earlier potstill wrote: `potstill upgrade {self}` "
                f"converts it to format {FORMAT}"
            )
        if number != FORMAT:
            raise PotstillError(
                f"{self.record_file} is of format {number}, which a later potstill wrote; this version reads {FORMAT}: "
                "upgrade potstill"
            )
