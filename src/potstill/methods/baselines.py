"""The rows that always stand in the table and need no transformer: what is there to beat."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from potstill.domain.dataset import Dataset, Split

Units = Literal["words", "characters"]


@dataclass(frozen=True)
class BaselineLogits:
    """Logits on validation and test, (rows, labels) float32, and how many numbers the model holds."""

    validation: NDArray[np.float32]
    test: NDArray[np.float32]
    parameters: int


def majority(data: Dataset) -> BaselineLogits:
    """Always the most frequent label of train: every row has the label frequencies as its answer."""
    counts = np.bincount(data.train.labels, minlength=len(data.task.labels))
    logits = np.log(np.maximum(counts, 1e-9) / counts.sum()).astype(np.float32)
    return BaselineLogits(
        np.tile(logits, (len(data.validation), 1)), np.tile(logits, (len(data.test), 1)), len(data.task.labels)
    )


def tfidf(data: Dataset, units: Units, *, seed: int = 0) -> BaselineLogits:
    """TF-IDF and logistic regression on the training rows: pairs of words, or 2 to 5 characters inside words."""
    vectorizer = TfidfVectorizer(
        analyzer="word" if units == "words" else "char_wb",
        ngram_range=(1, 2) if units == "words" else (2, 5),
        min_df=2,
        sublinear_tf=True,
        max_features=200_000,
        strip_accents="unicode",
    )
    features = vectorizer.fit_transform(data.train.texts)
    model = LogisticRegression(C=10, max_iter=1000, random_state=seed).fit(features, data.train.labels)

    def answer(split: Split) -> NDArray[np.float32]:
        scores = model.decision_function(vectorizer.transform(split.texts))
        # Two labels come as one column, the log-odds of the second; the softmax of (0, x) gives them back.
        columns = scores if scores.ndim == 2 else np.stack([np.zeros_like(scores), scores], axis=1)
        return columns.astype(np.float32)

    return BaselineLogits(answer(data.validation), answer(data.test), int(model.coef_.size + model.intercept_.size))
