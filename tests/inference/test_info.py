import json
from pathlib import Path

import pytest
from bundles import BUNDLE_ENGINES, TinyBundle, edit_info, reseal
from tiny import comments

from potstill.domain.errors import ModelError
from potstill.inference.bundle import open_bundle, read_info
from potstill.inference.info import FORMAT, parse_info
from potstill.inference.manifest import INFO


@pytest.mark.parametrize(
    "calibration",
    [
        {"temperature": 0}, {"temperature": -1}, {"temperature": "NaN"}, {"temperature": 1e-320},
        {"threshold": {"value": 2, "rule": "", "precision": 1, "recall": 1}},
        {"threshold": {"value": "NaN", "rule": "", "precision": 1, "recall": 1}},
    ],
)  # fmt: skip
def test_a_calibration_that_would_turn_predictions_is_refused(copy: Path, calibration: dict[str, object]) -> None:
    edit_info(copy, calibration=calibration)
    with pytest.raises(ModelError, match=r"bundle\.json is damaged"):
        open_bundle(copy)


@pytest.mark.parametrize(
    "probes",
    [{"texts": [], "logits": []}, {"texts": ["a"], "logits": [[1.0]]}, {"texts": ["a", "b"], "logits": [[1.0, 2.0]]}],
)
def test_probes_that_prove_nothing_are_refused(copy: Path, probes: dict[str, object]) -> None:
    edit_info(copy, probes=probes)
    with pytest.raises(ModelError, match=r"bundle\.json is damaged"):
        open_bundle(copy)


def test_a_bundle_of_another_normalisation_is_refused(copy: Path) -> None:
    info = json.loads((copy / "bundle.json").read_text())
    (copy / "bundle.json").write_text(json.dumps({**info, "normalise": 99}))
    reseal(copy)
    with pytest.raises(ModelError, match="normalisation 99"):
        open_bundle(copy)


def as_format_1(folder: Path) -> None:
    """Write what the bundle says of itself as earlier versions did, hashes and all."""
    info = json.loads((folder / INFO).read_text())
    del info["format"]
    info["words"] = info.pop("description")
    for engine in [*info["engines"].values(), info["torch"]]:
        engine["comments_per_second"] = engine.pop("texts_per_second")
    (folder / INFO).write_text(json.dumps(info))
    reseal(folder)


def test_a_bundle_of_format_1_opens_and_answers_as_before(tiny_bundle: TinyBundle, copy: Path) -> None:
    as_format_1(copy)
    assert read_info(copy) == read_info(tiny_bundle.folder)
    texts = comments(12)[0]
    for engine in BUNDLE_ENGINES:
        before = open_bundle(tiny_bundle.folder, engine=engine, threads=1)
        assert open_bundle(copy, engine=engine, threads=1).predict(texts) == before.predict(texts)


def test_the_format_is_written(tiny_bundle: TinyBundle) -> None:
    assert json.loads((tiny_bundle.folder / INFO).read_text())["format"] == FORMAT == 2


def test_a_later_format_is_refused_with_the_reason(copy: Path) -> None:
    edit_info(copy, format=FORMAT + 1, something_new=True)
    with pytest.raises(ModelError, match=r"bundle\.json is of format 3, which a later potstill wrote; .*upgrade"):
        open_bundle(copy)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"format": "two"}', b'{"format": 0}', b'{"engines": 1}'])
def test_a_description_that_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match=r"bundle\.json is damaged"):
        parse_info(content, Path("bundle.json"))
