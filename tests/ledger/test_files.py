from pathlib import Path

import pytest

from potstill.domain.errors import PotstillError
from potstill.ledger.files import folder_aside, folder_lock, put_in_place, sync_folder, write_file


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    write_file(tmp_path / "a.json", b"one")
    write_file(tmp_path / "a.json", b"two")
    assert (tmp_path / "a.json").read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_file_makes_the_folders_above_it(tmp_path: Path) -> None:
    write_file(tmp_path / "deep" / "down" / "a.json", b"one")
    assert (tmp_path / "deep" / "down" / "a.json").read_bytes() == b"one"


def test_what_was_written_aside_is_there_only_once_it_is_put_in_place(tmp_path: Path) -> None:
    aside, path = tmp_path / ".a.partial", tmp_path / "a"
    aside.write_bytes(b"whole")
    put_in_place(aside, path)
    assert path.read_bytes() == b"whole"
    assert not aside.exists()


def test_a_folder_appears_when_its_block_ends(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with folder_aside(out) as aside:
        (aside / "a").write_bytes(b"a")
        assert not out.exists()
    assert [path.name for path in out.iterdir()] == ["a"]
    assert not aside.exists()


def test_a_folder_whose_block_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(aside: Path) -> None:
        (aside / "a").write_bytes(b"a")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError), folder_aside(tmp_path / "out") as aside:
        fail(aside)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_aside_is_not_taken_over(tmp_path: Path) -> None:
    (tmp_path / ".out.partial").mkdir()
    (tmp_path / ".out.partial" / "stale").write_bytes(b"old")
    with folder_aside(tmp_path / "out"):
        pass
    assert list((tmp_path / "out").iterdir()) == []


def test_a_lock_is_held_by_one_process_and_free_again_afterwards(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "for it"
    with folder_lock(folder), pytest.raises(PotstillError, match="in use by another potstill process"):
        folder_lock(folder)
    with folder_lock(folder):
        assert folder.is_dir()


def test_waiting_for_the_disk_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a").write_bytes(b"a")
    sync_folder(tmp_path)
    assert (tmp_path / "inner" / "a").read_bytes() == b"a"
