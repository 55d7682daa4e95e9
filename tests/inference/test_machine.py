import os
from pathlib import Path

import pytest

from potstill.inference import machine


def test_this_machine_is_known() -> None:
    assert machine.cpu_kind()
    assert 1 <= machine.available_threads() <= (os.cpu_count() or 1)


@pytest.mark.parametrize(("quota", "threads"), [("max 100000", 4), ("150000 100000", 1), ("300000 100000", 3)])
def test_threads_follow_the_quota(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quota: str, threads: int) -> None:
    (tmp_path / "cpu.max").write_text(quota)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(4)), raising=False)
    assert machine.available_threads(tmp_path) == threads


def test_the_older_control_groups_count_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("200000\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert machine.available_threads(tmp_path) == 2


def test_processors_of_one_name_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: list[str] = []
    for flags in (["fpu", "avx2"], ["fpu", "avx2", "avx512_bf16"], []):
        monkeypatch.setattr(machine, "_cpuinfo", lambda flags=flags: {"model name": "EPYC", "flags": " ".join(flags)})
        machine.cpu_flags.cache_clear()
        kinds.append(machine.cpu_kind.__wrapped__())
    machine.cpu_flags.cache_clear()
    assert kinds == ["EPYC (avx2)", "EPYC (avx512_bf16, avx2)", "EPYC"]
