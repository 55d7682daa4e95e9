"""A portion of benchmarks/folder_fuzzer.py, whose long run is made by hand."""

from pathlib import Path

import pytest
from families import tiny_of
from folder_fuzzer import attempt, mutations
from odd_folders import decoder

from potstill.models.auto import write_part

MUTATIONS = 120


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("originals")
    for family in ("bert", "roberta", "modernbert", "deberta-v2"):
        classifier = tiny_of(family, layers=2)
        write_part(classifier.model, folder / family)
        write_part(classifier.tokenizer, folder / family)
    decoder(folder / "gpt2")
    return sorted(folder.iterdir())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(4))
def test_a_folder_with_random_faults_opens_or_is_refused_in_three_lines(
    seed: int, originals: list[Path], tmp_path: Path
) -> None:
    refused = [attempt(folder) != "" for _, _, folder in mutations(originals, tmp_path, MUTATIONS // 4, seed)]
    assert 0 < sum(refused) < len(refused)
