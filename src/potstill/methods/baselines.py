"""The rows that always stand in the table and need no transformer: what is there to beat."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer  # pyright: ignore[reportMissingTypeStubs]
from sklearn.linear_model import LogisticRegression  # pyright: ignore[reportMissingTypeStubs]
from sklearn.multiclass import OneVsRestClassifier  # pyright: ignore[reportMissingTypeStubs]

from potstill.domain.baselines import Baseline, TextUnits
from potstill.domain.dataset import Dataset, Split


@dataclass(frozen=True)
class BaselineLogits:
    """Logits on validation and test, (rows, labels) float32, and how many numbers the model holds."""

    validation: NDArray[np.float32]
    test: NDArray[np.float32]
    parameters: int


def baseline_logits(baseline: Baseline, data: Dataset) -> BaselineLogits:
    """What a baseline answers, made from the training rows."""
    return majority(data) if baseline.units is None else tfidf(data, baseline.units)


def majority(data: Dataset) -> BaselineLogits:
    """Always the most frequent label of train: every row has the label frequencies as its answer."""
    task, labels = data.task, data.train.labels
    shares = np.array([task.carries(labels, column).mean() for column in range(len(task.labels))]).clip(1e-9, 1 - 1e-9)
    logits = (np.log(shares / (1 - shares)) if task.multilabel else np.log(shares)).astype(np.float32)
    return BaselineLogits(
        np.tile(logits, (len(data.validation), 1)), np.tile(logits, (len(data.test), 1)), len(data.task.labels)
    )


def tfidf(data: Dataset, units: TextUnits, *, seed: int = 0) -> BaselineLogits:
    """TF-IDF and logistic regression on the training rows: pairs of words, or 2 to 5 characters inside words.

    Of a multi-label task each label has a regression of its own.
    """
    # scikit-learn comes without types: what it answers is given one below.
    vectorizer: Any = TfidfVectorizer(
        analyzer="word" if units == "words" else "char_wb",
        ngram_range=(1, 2) if units == "words" else (2, 5),
        min_df=2,
        sublinear_tf=True,
        max_features=200_000,
        strip_accents="unicode",
    )
    features = vectorizer.fit_transform(data.train.texts)
    regression: Any = LogisticRegression(C=10, max_iter=1000, random_state=seed)
    model = cast(Any, OneVsRestClassifier(regression)) if data.task.multilabel else regression
    model.fit(features, data.train.labels)
    fitted: list[Any] = list(model.estimators_) if data.task.multilabel else [model]

    def answer(split: Split) -> NDArray[np.float32]:
        scores: NDArray[np.float64] = model.decision_function(vectorizer.transform(split.texts))
        # Two labels come as one column, the log-odds of the second; the softmax of (0, x) gives them back.
        columns = scores if scores.ndim == 2 else np.stack([np.zeros_like(scores), scores], axis=1)
        return columns.astype(np.float32)

    return BaselineLogits(
        answer(data.validation), answer(data.test), sum(part.coef_.size + part.intercept_.size for part in fitted)
    )
