"""Pointers of git-lfs: what lies in the place of a large file where a repository was cloned without git-lfs."""

from pathlib import Path

POINTER = b"version https://git-lfs.github.com/spec/"
"""How such a file begins."""


def pointer_message(path: Path) -> str:
    """What to say of one."""
    return f"{path} is a pointer of git-lfs, not the file itself: run `git lfs pull` in its folder, or download it"
