"""Choosing the layers that a student keeps, before anything is trained, on rows that nothing is trained on."""

from collections.abc import Callable, Sequence
from math import comb

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import JsonValue
from transformers import PreTrainedModel

from potstill.data.rows import leak_key
from potstill.domain.dataset import Split
from potstill.domain.errors import StudyError
from potstill.domain.layer_search import Choice, LayerSearch, Novelty
from potstill.domain.measures import Calibration
from potstill.domain.task import Task
from potstill.evaluation.metrics import measure
from potstill.ledger.ledger import Ledger, digest_of
from potstill.models.forward import TokenRows, predict_logits
from potstill.models.layer_stack import depth_of
from potstill.models.subsets import Subset, all_subsets, beginnings, block_influence, subset_logits
from potstill.study.gates import chance_of
from potstill.study.progress import Display
from potstill.study.workspace import Teacher, Workspace
from potstill.training.losses import soft_label_loss, soft_target_loss

BATCH = 64
"""Rows that go through the tree of choices at once: what a kill costs at most."""
MOST = 20_000
"""Choices above which the search would take days: 16 layers to 8 are 12,870, 24 to 12 are 2.7 million."""


class Searcher:
    """Tries choices of layers of one teacher on the rows of one split; what was computed is kept in the ledger under
    names that begin with `name`, so that a search which was cut off goes on where it was."""

    def __init__(
        self, model: PreTrainedModel, tokens: TokenRows, split: Split, task: Task, *, ledger: Ledger, name: str,
        display: Display,
    ) -> None:  # fmt: skip
        self._model, self._task, self._ledger, self._name, self._display = model, task, ledger, name, display
        order = sorted(range(len(tokens)), key=lambda row: len(tokens[row]))
        self._tokens = [tokens[row] for row in order]
        self._split = split.take(order)
        self._depth = depth_of(model)
        self._whole = self._kept("whole", lambda: predict_logits(model, self._tokens, batch_size=BATCH).numpy())

    def search(self, num_layers: int) -> LayerSearch:
        """All choices of `num_layers` layers, and what each layer by itself is worth.

        Raises:
            StudyError: there are none to choose from, or too many.
        """
        if not 1 <= num_layers < self._depth:
            raise StudyError(f"{num_layers} of {self._depth} layers: there is nothing to choose")
        if comb(self._depth, num_layers) > MOST:
            raise StudyError(
                f"{num_layers} of {self._depth} layers can be chosen in {comb(self._depth, num_layers):,} ways, more "
                f"than the {MOST:,} that are tried; name the layers, or keep more or fewer"
            )
        choices = self._scored(f"{num_layers}", all_subsets(self._depth, num_layers))
        without = self._scored("without", all_subsets(self._depth, self._depth - 1))
        batches = self._batches()
        shares = [len(rows) / len(self._tokens) for rows in batches]
        influence = self._kept(
            "influence", lambda: np.array([block_influence(self._model, rows) for rows in batches], dtype=np.float32)
        )
        return LayerSearch(
            depth=self._depth,
            num_layers=num_layers,
            rows=len(self._tokens),
            pr_auc=self._pr_auc(self._whole),
            chance=chance_of(self._split, self._task),
            choices=sorted(choices, key=lambda choice: (choice.kl, choice.kept)),
            influence=np.average(influence, axis=0, weights=shares).tolist(),
            without=without[::-1],  # lexical order leaves the last layer out first
            greedy=self._greedy(num_layers),
        )

    def _greedy(self, num_layers: int) -> Choice:
        """Leave out one layer after another, always the one that is missed least."""
        kept = tuple(range(self._depth))
        best = Choice(kept=kept, kl=0.0, pr_auc=None)
        while len(kept) > num_layers:
            fewer = [tuple(layer for layer in kept if layer != gone) for gone in kept]
            tried = self._scored(f"greedy-{'.'.join(map(str, kept))}", fewer)
            best = min(tried, key=lambda choice: (choice.kl, choice.kept))
            kept = best.kept
        return best

    def _scored(self, name: str, subsets: Sequence[Subset]) -> list[Choice]:
        applied = len(beginnings(subsets))
        batches = self._batches()
        with self._display.bar(f"choosing layers: {name}", applied * len(batches)) as bar:
            pieces: list[NDArray[np.float32]] = []
            for number, rows in enumerate(batches):

                def compute(rows: TokenRows = rows) -> NDArray[np.float32]:
                    return subset_logits(self._model, rows, subsets, bar.advance).numpy()

                pieces.append(self._kept(f"{name}-{number}", compute))
        logits = np.concatenate(pieces, axis=1)
        return [self._choice(subset, answer) for subset, answer in zip(subsets, logits, strict=True)]

    def _choice(self, kept: Subset, logits: NDArray[np.float32]) -> Choice:
        divergence = soft_label_loss if self._task.multilabel else soft_target_loss
        kl = float(divergence(torch.as_tensor(logits), torch.as_tensor(self._whole), 1.0))
        return Choice(kept=kept, kl=kl, pr_auc=self._pr_auc(logits))

    def _pr_auc(self, logits: NDArray[np.float32]) -> float | None:
        rows = self._split
        return measure(logits, rows.labels, rows.weights, self._task, Calibration()).pr_auc

    def _batches(self) -> list[TokenRows]:
        return [self._tokens[start : start + BATCH] for start in range(0, len(self._tokens), BATCH)]

    def _kept(self, name: str, compute: Callable[[], NDArray[np.float32]]) -> NDArray[np.float32]:
        return self._ledger.cached(f"{self._name}-{name}", compute)


def search_held(workspace: Workspace, teacher: Teacher, held: Split, sizes: Sequence[int]) -> list[LayerSearch]:
    """Choose so many of the teacher's layers on rows that no arm is trained on; a given teacher may have been."""
    searcher, known = searcher_for(workspace, teacher, held), workspace.data.trained_on
    keys = {leak_key(text) for text in known or ()}
    seen = sum(leak_key(text) in keys for text in held.texts)
    is_doubtful = workspace.study.teacher.model is not None and known is None
    novelty: Novelty = "not known" if is_doubtful else "trained on" if seen else "held out"
    return [searcher.search(size).model_copy(update={"novelty": novelty, "trained_on": seen}) for size in sizes]


def searcher_for(workspace: Workspace, teacher: Teacher, held: Split) -> Searcher:
    """Chooses among the teacher's layers on rows that nothing is trained on."""
    identity: dict[str, JsonValue] = {
        "teacher": teacher.record.digest, "rows": held.fingerprint(), "max_length": workspace.corpus.max_length
    }  # fmt: skip
    return Searcher(
        teacher.classifier.model, workspace.corpus.encode(held.texts), held, workspace.data.task,
        ledger=workspace.ledger, name=f"layers-{digest_of(identity)[:12]}", display=workspace.display,
    )  # fmt: skip
