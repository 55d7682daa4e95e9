from dataclasses import replace

import numpy as np

from potstill.domain.dataset import Split


def test_the_fingerprint_is_of_text_label_and_weight() -> None:
    split = Split(["1"], ["a"], np.array([0]), np.array([1.0]), [""])
    changed = [
        replace(split, texts=["b"]),
        replace(split, labels=np.array([1])),
        replace(split, weights=np.array([2.0])),
    ]
    assert len({it.fingerprint() for it in (split, *changed)}) == 4
