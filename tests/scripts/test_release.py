"""What a release refuses, and what is in the archives that it builds."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from pages import ROOT

import potstill

GIT = ["git", "-c", "user.name=A", "-c", "user.email=a@localhost", "-c", "commit.gpgsign=false"]
IN_THE_WHEEL = ["py.typed", "report/page.html", "serving/static/try.html", "study/pilot.toml", "data/pilot/threat.txt"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with what the script looks at, ready for version 1.2.3; its `make test` fails."""
    for name, text in {
        "src/potstill/__init__.py": '__version__ = "1.2.3"\n',
        "CITATION.cff": "version: 1.2.3\n",
        "CHANGELOG.md": "# Changes\n\n## 1.2.3\n",
        "Makefile": "test:\n\t@echo the tests run; exit 1\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    commit(tmp_path)
    return tmp_path


def commit(folder: Path) -> None:
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "All"]):
        subprocess.run([*GIT, *words], cwd=folder, check=True)


def said_by_release(folder: Path, *arguments: str) -> str:
    """What the script says as it fails."""
    done = subprocess.run(["scripts/release.sh", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    return done.stdout + done.stderr


def test_a_release_begins_with_the_tests_where_all_is_ready(project: Path) -> None:
    assert "the tests run" in said_by_release(project, "--dry-run", "1.2.3")
    assert not subprocess.run([*GIT, "tag"], cwd=project, capture_output=True, check=True).stdout


@pytest.mark.parametrize("version", [[], ["1.2"], ["v1.2.3"], ["1.2.3rc1"]])
def test_a_release_needs_a_version(project: Path, version: list[str]) -> None:
    assert "name the version" in said_by_release(project, *version)


@pytest.mark.parametrize("name", ["src/potstill/__init__.py", "CITATION.cff", "CHANGELOG.md"])
def test_a_release_needs_the_version_everywhere(project: Path, name: str) -> None:
    file = project / name
    file.write_text(file.read_text(encoding="utf-8").replace("1.2.3", "1.2.30"), encoding="utf-8")
    commit(project)
    assert name in said_by_release(project, "1.2.3")


def test_a_release_needs_a_clean_tree_and_a_new_tag(project: Path) -> None:
    (project / "notes.txt").write_text("not committed\n", encoding="utf-8")
    assert "not committed" in said_by_release(project, "1.2.3")
    commit(project)
    subprocess.run([*GIT, "tag", "v1.2.3"], cwd=project, check=True)
    assert "a tag v1.2.3 already" in said_by_release(project, "1.2.3")


def test_the_archives_hold_what_they_should(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    built = subprocess.run(words, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    stem = f"potstill-{potstill.__version__}"
    with zipfile.ZipFile(tmp_path / f"{stem}-py3-none-any.whl") as wheel:
        names = set(wheel.namelist())
    sources = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*.py")}
    assert sources <= names
    assert {f"potstill/{name}" for name in IN_THE_WHEEL} <= names
    assert {name.partition("/")[0] for name in names} == {"potstill", f"{stem}.dist-info"}
    with tarfile.open(tmp_path / f"{stem}.tar.gz") as archive:
        names = {name.removeprefix(f"{stem}/") for name in archive.getnames()}
        size = sum(member.size for member in archive.getmembers())
    assert names >= {"Makefile", "constraints.txt", "tests/tiny.py", "examples/own_model/own_model.py"}
    assert names >= {"docs/studies.md", "docs/results/assignment/report.md"}
    assert not [name for name in names if "/ledger/" in name and name.startswith("docs/")]
    assert not [name for name in names if name.partition("/")[0] in (".git", ".venv", "runs", "dist")]
    assert size < 8e6
