"""With what a result was made."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import torch

import potstill
from potstill.recipes.training import Precision
from potstill.training.loop import uses_bf16


def provenance(precision: Precision) -> dict[str, str]:
    """Versions, commit, processor and threads."""
    packages = {name: version(name) for name in ("torch", "transformers", "peft", "scikit-learn", "numpy")}
    return {
        "potstill": potstill.__version__,
        "commit": _commit(),
        **packages,
        "python": platform.python_version(),
        "machine": machine(),
        "matrix products in training": "bfloat16" if uses_bf16(precision) else "float32",
    }


def machine() -> str:
    """The processor and how much of it is used, in words."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    name = str(torch.cpu.get_capabilities().get("cpu_name") or platform.processor() or platform.machine())
    return f"{name}, {torch.get_num_threads()} threads of {os.cpu_count()}"


def _commit() -> str:
    """The commit of a source checkout, with `-dirty` where files differ from it; empty elsewhere."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--exclude", "*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
