"""The areas around groups of people, for the teacher and every compressed arm of a study."""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from potstill.data.mentions import Mentions, mentions_in_test, read_mentions
from potstill.data.source import Source
from potstill.domain.dataset import Dataset, Split
from potstill.domain.errors import StudyError
from potstill.domain.measures import GroupAreas, GroupFile
from potstill.domain.predictor import ranked_scores
from potstill.evaluation.subgroups import areas
from potstill.study.planned_run import PlannedRun
from potstill.study.tables import DataTable, SplitTable, SubgroupsTable
from potstill.study.workspace import Workspace


def mentions_of(
    table: SubgroupsTable, rows: DataTable, data: Dataset, held: Split | None, root: Path
) -> tuple[Mentions, Dataset]:
    """The rows that `[subgroups]` names, or those of test; the data set with their account.

    `held` are the rows of train that layers are chosen on, if the study does.

    Raises:
        DataError: its file cannot be used.
        StudyError: the task has other than two labels.
    """
    if data.task.problem != "binary":
        raise StudyError("[subgroups] asks for a task of two labels: its areas are those of one positive label")
    if table.path is None:
        return mentions_in_test(data.test, data.task, table.terms), data
    own = table.path if isinstance(table.path, SplitTable) else SplitTable(path=table.path)
    source = Source(
        path=own.path, text=table.text or rows.text, label=table.label or rows.label, where=own.where,
        sample=own.sample, encoding=own.encoding or rows.encoding,
    )  # fmt: skip
    labels = table.labels or (rows.labels if isinstance(rows.labels, dict) else None)
    seen = chain(
        data.train.texts, data.validation.texts, data.unlabelled, held.texts if held else (), data.trained_on or ()
    )  # fmt: skip
    mentions, account = read_mentions(
        source, data.task, seen=seen, labels=labels, terms=table.terms, column=table.column, seed=rows.seed, root=root
    )
    return mentions, data.with_source(account)


def measure_groups(workspace: Workspace, mentions: Mentions, runs: Sequence[PlannedRun]) -> GroupFile:
    """The areas of every group for each run that has a model; logits are computed once and kept beside the runs."""
    return GroupFile(runs=[areas for run in runs for areas in _of_run(workspace, mentions, run)])


def _of_run(workspace: Workspace, mentions: Mentions, run: PlannedRun) -> Iterator[GroupAreas]:
    logits = workspace.logits_on(run, mentions.texts)
    if logits is None:
        return
    (scores,) = ranked_scores(logits, workspace.data.task)
    for group, mask in mentions.groups.items():
        around = areas(scores, mentions.positive, mentions.weights, mask)
        if any(area is not None for area in around.model_dump().values()):
            yield GroupAreas(
                group=group, source=mentions.source, rows=int(mask.sum()),
                positives=int((mask & mentions.positive).sum()), arm=run.key.arm, seed=run.key.seed,
                digest=run.key.digest, areas=around,
            )  # fmt: skip
