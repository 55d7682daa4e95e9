"""Which layers of a model matter: the search for layers without a study around it."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from potstill.data.loading import load_dataset
from potstill.data.pipeline import Cutting
from potstill.data.rows import leak_key
from potstill.data.source import Source, Sources
from potstill.domain.dataset import Split
from potstill.domain.errors import DataError
from potstill.domain.layer_search import LayerSearch, Novelty
from potstill.domain.read_as import AS_SAVED, ReadAs
from potstill.domain.task import Task
from potstill.ledger.files import write_file
from potstill.ledger.ledger import Ledger, digest_of
from potstill.models.encoder import fingerprint
from potstill.models.forward import encode
from potstill.models.layer_stack import depth_of
from potstill.models.predictor import decision_of, open_model_folder
from potstill.study.layer_search import Searcher
from potstill.study.progress import Display

SEED = 0
NEARLY_ALL = (0.98, 0.01, 0.01)
"""Shares of train, validation and test where only rows of one kind are asked for."""


def which_layers(
    model: str | Path, data: Source, *, num_layers: int | None = None, rows: int = 512, read_as: ReadAs = AS_SAVED,
    trained_on: frozenset[str] | None = None, out: Path, display: Display,
) -> LayerSearch:  # fmt: skip
    """Try every choice of `num_layers` (default: half) of a classifier's layers on `rows` rows of `data`, drawn by
    `SEED`. `layers-N.json` goes into the folder `out`, and what was computed, so that a search that is cut off goes on.

    The rows should be such that the model was not trained on: what it knows by heart says little about others. Those
    whose text (its `leak_key`) is in `trained_on` are left out; None says that nobody knows.

    Raises:
        PotstillError: there is no such model, its rows cannot be read, or its layers cannot be chosen from.
    """
    folder, classifier = open_model_folder(str(model))
    decision = decision_of(folder, classifier, read_as)
    split, left_out = _rows(data, decision.task, rows, trained_on or frozenset())
    length = decision.max_length
    ledger = Ledger(out / "ledger")
    name = digest_of({"model": fingerprint(folder), "rows": split.fingerprint(), "max_length": length})
    with ledger.lock(), display.open():
        searcher = Searcher(
            classifier.model, encode(classifier.tokenizer, split.texts, max_length=length), split, decision.task,
            ledger=ledger, name=f"layers-{name[:12]}", display=display,
        )  # fmt: skip
        search = searcher.search(num_layers or depth_of(classifier.model) // 2)
    novelty: Novelty = "not known" if trained_on is None else "not trained on"
    search = search.model_copy(update={"novelty": novelty, "trained_on": left_out})
    write_file(out / f"layers-{search.num_layers}.json", search.model_dump_json().encode())
    return search


def _rows(data: Source, task: Task, count: int, trained_on: frozenset[str]) -> tuple[Split, int]:
    """Some rows that the model was not trained on, labelled as it labels: by the names of its labels or by their
    numbers; with several at a time, in columns of those names. How many others were left out."""
    known = None
    if task.multilabel:
        data = replace(data, label=list(task.labels))
    else:
        known = {str(number): label for number, label in enumerate(task.labels)} | {name: name for name in task.labels}
    cutting = Cutting(NEARLY_ALL, "drop", SEED)
    loaded = load_dataset(Sources(data), labels=known, positive=task.positive, cutting=cutting)
    if loaded.task.labels != task.labels:
        raise DataError(f"{data.name} has the labels {list(loaded.task.labels)}, the model {list(task.labels)}")
    new = np.array([row for row, text in enumerate(loaded.train.texts) if leak_key(text) not in trained_on], dtype=int)
    left_out = len(loaded.train) - len(new)
    if not len(new):
        raise DataError(
            f"the model was trained on every row of {data.name}: what it knows by heart says nothing of its layers. "
            "Name labelled rows that it was not trained on"
        )
    drawn = np.random.default_rng(SEED).permutation(len(new))[:count]
    return loaded.train.take(new[np.sort(drawn)]), left_out
