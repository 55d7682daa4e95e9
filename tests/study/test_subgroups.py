from pathlib import Path

from potstill.study.config import Study
from potstill.study.datasets import rows_of
from potstill.study.subgroups import mentions_of


def test_a_row_that_layers_were_chosen_on_tells_nothing_of_groups(tmp_path: Path) -> None:
    lines = [f"the old {word} number {n},{bad}" for n in range(60) for word, bad in (("fool", 1), ("friend", 0))]
    (tmp_path / "train.csv").write_text("text,label\n" + "\n".join(lines) + "\n")
    study = Study.model_validate(
        {
            "name": "tiny",
            "data": {"train": "train.csv", "labels": {"0": "fine", "1": "toxic"}},
            "teacher": {"encoder": "minilm"},
            "arms": {"searched": {"kind": "student", "keep": "search", "num_layers": 1}},
            "subgroups": {"path": "people.csv"},
        }
    )
    data, held = rows_of(study, tmp_path)
    assert held is not None
    known = [data.train.texts[0], data.validation.texts[0], held.texts[0]]
    texts = [*known, data.test.texts[0], "an old fool", "my old friend"]
    people = "text,label\n" + "".join(f"{text},{n % 2}\n" for n, text in enumerate(texts))
    (tmp_path / "people.csv").write_text(people)
    assert study.subgroups is not None
    mentions, account = mentions_of(study.subgroups, study.data, data, held, tmp_path)
    assert list(mentions.texts) == texts[3:]
    assert account.account.sources[-1].filtered == {"trained on or chosen by": 3}
