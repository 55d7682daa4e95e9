"""What a job may write to, and what it leaves behind."""

import os
from pathlib import Path

import pytest
from scored_files import rows_of, run, write_csv

from potstill.domain.errors import DataError
from potstill.scoring.job import rejected_path


def test_a_target_that_is_the_source_is_refused(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv")
    (tmp_path / "link.csv").symlink_to(source)
    before = source.read_bytes()
    for target in (source, tmp_path / "link.csv"):
        with pytest.raises(DataError, match="would be overwritten"):
            run(source, target)
    side = write_csv(tmp_path / "out.csv.rejected.jsonl")
    with pytest.raises(DataError, match="would be overwritten"):
        run(side, tmp_path / "out.csv", start="csv")
    assert source.read_bytes() == side.read_bytes() == before


def test_a_target_that_cannot_be_is_refused_before_the_work(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match="is not a plain file"):
        run(source, tmp_path / "folder.csv")
    with pytest.raises(DataError, match="there is no folder"):
        run(source, tmp_path / "nowhere" / "out.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match="is a stream; name it as -"):
        run(tmp_path / "pipe.csv", tmp_path / "out.csv")


def test_a_link_is_followed(tmp_path: Path) -> None:
    source, real = write_csv(tmp_path / "in.csv"), tmp_path / "real.csv"
    real.touch()
    (tmp_path / "link.csv").symlink_to(real)
    run(source, tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert len(rows_of(real)) == 10


def test_a_refused_call_does_not_stand_in_the_way_of_the_right_one(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("comment,label\nfool,b\n")
    with pytest.raises(DataError, match='no column "text"'):
        run(tmp_path / "in.csv", tmp_path / "out.csv")
    with pytest.raises(DataError, match="already"):
        run(tmp_path / "in.csv", tmp_path / "out.csv", text="comment")
    tally, _ = run(tmp_path / "in.csv", tmp_path / "out.csv", text="comment", prefix="pred_")
    assert tally.scored == 1


def test_where_no_row_could_be_scored_the_side_file_says_why(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text,n\n ,1\n ,2\n")
    with pytest.raises(DataError, match="no row could be scored"):
        run(tmp_path / "in.csv", tmp_path / "out.csv")
    assert [row["line"] for row in rows_of(rejected_path(str(tmp_path / "out.csv")))] == [2, 3]
    assert not (tmp_path / "out.csv").exists()
    assert not (tmp_path / "out.csv.parts").exists()


def test_a_kill_while_the_parts_are_removed_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = write_csv(tmp_path / "in.csv", rows=20), tmp_path / "out.csv"
    run(source, tmp_path / "whole.csv")

    def cut(folder: Path, **_: object) -> None:
        for part in [*folder.glob("*.jsonl"), *folder.glob("*.rejected")][::2]:
            part.unlink()
        if folder.is_dir():
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("potstill.scoring.run_job.shutil.rmtree", cut)
        with pytest.raises(KeyboardInterrupt):
            run(source, target)
    assert target.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    run(source, target)
    assert target.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv", "whole.csv"]
