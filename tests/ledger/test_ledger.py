from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from potstill.domain.errors import PotstillError
from potstill.domain.record import RunRecord, RunStatus
from potstill.domain.run_key import RunKey
from potstill.ledger.ledger import Ledger, digest_of, read_record

DIGEST = digest_of({"arm": "even"})
EVEN = RunKey(arm="even", seed=0, digest=DIGEST)


def write(ledger: Ledger, status: RunStatus = "done", reason: str = "") -> Path:
    record = RunRecord(arm="even", kind="student", seed=0, digest=DIGEST, status=status, reason=reason)
    with ledger.writing(EVEN) as folder:
        (folder / "run.json").write_text(record.model_dump_json(), encoding="utf-8")
    return ledger.place(EVEN)


def test_the_digest_depends_on_every_value_and_on_no_order() -> None:
    assert digest_of({"a": 1, "b": [1, 2]}) == digest_of({"b": [1, 2], "a": 1})
    assert len({digest_of({"a": 1}), digest_of({"a": 2}), digest_of({"a": 1, "b": None})}) == 3


def test_a_run_lies_in_the_folder_of_its_key(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    assert write(ledger) == tmp_path / EVEN.folder
    assert ledger.read(EVEN).key == EVEN
    assert ledger.find(EVEN.model_copy(update={"seed": 1})) is None


def test_a_finished_run_is_found_and_a_failed_one_is_tried_again(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    assert ledger.find(EVEN) is None
    write(ledger, "failed", "no memory")
    assert ledger.find(EVEN) is None
    assert ledger.read(EVEN).reason == "no memory"
    write(ledger)
    record = ledger.find(EVEN)
    assert record is not None
    assert record.status == "done"


def test_an_error_while_writing_leaves_nothing(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    with pytest.raises(RuntimeError), ledger.writing(EVEN):
        raise RuntimeError("power cut")
    assert list(tmp_path.iterdir()) == []


def test_a_run_without_a_readable_record_does_not_take_its_place(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    with pytest.raises(PotstillError, match="is not a readable run"), ledger.writing(EVEN) as folder:
        (folder / "run.json").write_text("{", encoding="utf-8")
    assert ledger.find(EVEN) is None


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PotstillError, match=r"run\.json is not a readable run"):
        read_record(tmp_path)


def test_what_a_killed_process_left_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / ".partial-even-s0-abc").mkdir(parents=True)
    (tmp_path / ".partial-even-s0-abc" / "logits.npz").write_bytes(b"half")
    write(Ledger(tmp_path))
    assert Ledger(tmp_path).sweep() == [".partial-even-s0-abc"]
    assert [path.name for path in tmp_path.iterdir()] == [f"even-s0-{DIGEST[:12]}"]


def test_two_processes_do_not_write_to_one_ledger(tmp_path: Path) -> None:
    with Ledger(tmp_path).lock(), pytest.raises(PotstillError, match="in use by another potstill process"):
        Ledger(tmp_path).lock()


def test_a_folder_of_another_run_is_not_taken_for_this_one(tmp_path: Path) -> None:
    place = write(Ledger(tmp_path))
    stranger = EVEN.model_copy(update={"digest": DIGEST[:12] + "0" * 52})
    assert Ledger(tmp_path).place(stranger) == place
    with pytest.raises(PotstillError, match="belongs to another run"):
        Ledger(tmp_path).find(stranger)


def test_an_array_is_computed_once(tmp_path: Path) -> None:
    calls: list[int] = []

    def compute() -> NDArray[np.float32]:
        calls.append(1)
        return np.eye(2, dtype=np.float32)

    for _ in range(2):
        assert np.array_equal(Ledger(tmp_path).cached("teacher", compute), np.eye(2))
    assert calls == [1]
