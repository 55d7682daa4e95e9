"""Where the saved model of a study's arm lies: that of the picked one, unless another is named."""

from pathlib import Path

from potstill.analysis.pick import NONE_ELIGIBLE
from potstill.analysis.results import is_made, read_run
from potstill.domain.errors import PotstillError
from potstill.domain.study_folder import StudyFolder
from potstill.domain.study_record import StudyRecord


def picked_model(folder: Path | StudyFolder, arm: str | None = None) -> Path:
    """The saved model of the arm that the study picked, or of `arm`, at the first seed that finished.

    Raises:
        PotstillError: it is not a study folder, no arm is picked, or the arm has no saved model.
    """
    study = folder if isinstance(folder, StudyFolder) else StudyFolder(folder)
    record = study.record()
    name = arm or record.picked
    if name is None:
        raise PotstillError(
            f"{study}: {_why_none(study, record)}. An arm can be named by hand with --arm: {_there(study, record)}"
        )
    model = _model_of(study, record, name)
    if model is None:
        raise PotstillError(f'{study} has no saved model of an arm "{name}"; it has {_there(study, record)}')
    return model


def _there(study: StudyFolder, record: StudyRecord) -> str:
    """The arms that have a saved model."""
    return ", ".join(each.arm for each in record.arms if _model_of(study, record, each.arm)) or "none"


def _why_none(study: StudyFolder, record: StudyRecord) -> str:
    made = sum(is_made(study, key) for key in record.runs)
    if made < len(record.runs):
        return f"no arm is picked yet: {made} of {len(record.runs)} runs are there (`potstill run` continues the study)"
    return f"no arm is picked: {record.why_none or NONE_ELIGIBLE}"


def _model_of(study: StudyFolder, record: StudyRecord, arm: str) -> Path | None:
    """The model of the arm's first finished run, where it was saved."""
    for key in record.runs_of(arm):
        run = read_run(study, key)
        if run and run.status == "done":
            return study.model(key) if study.model(key).is_dir() else None
    return None
