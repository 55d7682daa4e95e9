import json
from pathlib import Path

import numpy as np
import pytest
from drawn import change_record, change_runs, report_of, runs_of
from synthetic import write_study

from potstill.domain.errors import PotstillError
from potstill.domain.study_folder import StudyFolder
from potstill.report.files import write_report
from potstill.report.pack import pack


def test_a_packed_study_has_no_text(tmp_path: Path) -> None:
    folder, packed = write_study(tmp_path / "study", {"even": 0.0}, texts=["somebody's remark"]), tmp_path / "packed"
    account = StudyFolder(folder).record().account
    rejected = {"rejected": {"missing label": 1}, "examples": {"missing label": "line 7: somebody's remark"}}
    source = account.sources[0].model_copy(update={"rows": account.sources[0].rows + 1, **rejected})
    change_record(folder, account=account.model_copy(update={"sources": [source]}))
    pack(folder, packed)
    assert {path.name for path in packed.iterdir()} == {"study.json", "rows.npz", "ledger", "report.md", "report.json"}
    texts = [path for path in packed.rglob("*") if path.suffix in (".json", ".md")]
    assert [path for path in texts if "remark" in path.read_text()] == []
    assert StudyFolder(packed).record().account.sources[0].examples == {"missing label": "line 7"}


def test_a_packed_study_makes_the_same_report(tmp_path: Path) -> None:
    folder, packed = write_study(tmp_path / "study", {"even": 0.0}, texts=["a remark"]), tmp_path / "packed"
    change_record(folder, root="../..")
    (folder / "subgroups.json").write_text('{"runs": []}')
    write_report(folder)
    size = pack(folder, packed)
    assert size == sum(path.stat().st_size for path in packed.rglob("*") if path.is_file())
    assert (packed / "report.md").read_text() == (folder / "report.md").read_text()
    assert (packed / "subgroups.json").is_file()
    assert StudyFolder(packed).record().root is None, "its files are elsewhere"
    assert report_of(packed).verdicts == report_of(folder).verdicts
    with pytest.raises(PotstillError, match="exists; remove it"):
        pack(folder, packed)


def test_a_packed_run_says_its_format_and_leaves_out_what_is_usual(tmp_path: Path) -> None:
    folder, packed = write_study(tmp_path / "study", {"even": 0.0, "odd": 0.0}), tmp_path / "packed"
    change_runs(folder, "odd", status="failed", reason="no memory")
    pack(folder, packed)
    (even, *_), (odd, *_) = runs_of(folder, "even"), runs_of(folder, "odd")
    content = json.loads((StudyFolder(packed).run(even) / "run.json").read_bytes())
    assert next(iter(content)) == "format"
    assert content["format"] == 2
    assert "reason" not in content
    assert not (StudyFolder(packed).run(odd) / "logits.npz").exists()
    with np.load(StudyFolder(packed).run(even) / "logits.npz") as logits:
        assert logits["test"].dtype == np.float32, "of two labels half precision would make ties"
    with np.load(packed / "rows.npz") as rows:
        assert rows["test_labels"].dtype == np.uint8
