"""The processor as an engine sees it: its model, what it can do, and how much of it this process may use."""

import os
import platform
from functools import cache
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")


_RELEVANT_FLAGS = ("amx_int8", "amx_bf16", "avx512_bf16", "avx512_vnni", "avx_vnni", "avx512f", "avx2")


@cache
def cpu_kind() -> str:
    """The processor's name and those instruction sets that decide which engine is quick, such as "AMD EPYC (avx2)".

    The name alone is not enough: clouds show processors of different generations under one.
    """
    name = _cpuinfo().get("model name") or platform.processor() or platform.machine()
    able = [flag for flag in _RELEVANT_FLAGS if flag in cpu_flags()]
    return f"{name} ({', '.join(able)})" if able else name


@cache
def cpu_flags() -> frozenset[str]:
    """What the processor says it can do, such as avx2, avx512_vnni, amx_bf16; empty where the system does not tell."""
    return frozenset(_cpuinfo().get("flags", "").split())


def available_threads(cgroup: Path = _CGROUP) -> int:
    """Threads that this process may keep busy: its affinity, and the CPU quota of its control group, rounded down.

    A container that may use two processors of a host with sixty-four sees all sixty-four; as many threads would spend
    their time being throttled.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _quota(cgroup)
    return max(1, min(allowed, int(quota) if quota is not None else allowed))


def _quota(root: Path) -> float | None:
    """Processors allowed by the tightest group from this process's own up to the root, versions 2 and 1."""
    quotas: list[float] = []
    for group in _groups():
        for folder in (path for base in (root, root / "cpu") for path in _upwards(base, group)):
            quota = _quota_v2(folder / "cpu.max") or _quota_v1(folder)
            if quota is not None:
                quotas.append(quota)
    return min(quotas, default=None)


def _groups() -> list[str]:
    lines = _read(Path("/proc/self/cgroup")).splitlines()
    return [line.rpartition(":")[2].lstrip("/") for line in lines if "::" in line or ":cpu" in line] or [""]


def _upwards(base: Path, group: str) -> list[Path]:
    folder = base / group
    return [folder, *(parent for parent in folder.parents if parent == base or base in parent.parents)]


def _quota_v2(path: Path) -> float | None:
    words = _read(path).split()
    return int(words[0]) / int(words[1]) if len(words) == 2 and words[0] != "max" else None


def _quota_v1(folder: Path) -> float | None:
    quota, period = _read(folder / "cpu.cfs_quota_us").strip(), _read(folder / "cpu.cfs_period_us").strip()
    return int(quota) / int(period) if quota and period and int(quota) > 0 else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


@cache
def _cpuinfo() -> dict[str, str]:
    first = _read(Path("/proc/cpuinfo")).split("\n\n", 1)[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}
