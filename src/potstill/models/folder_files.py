"""The files of a model folder, looked at before any library sees them: JSON, and the heads of safetensors files.

A library that meets a pointer of git-lfs, half a download or a folder in the place of a file raises whatever comes up,
or waits. Here each has its sentence, with the file and the way out.
"""

import json
import math
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, cast

from potstill.domain.errors import ModelError, in_short, some_of
from potstill.domain.lfs import POINTER, pointer_message

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
MOST_JSON = 64_000_000
"""Bytes: the index of a large model has two, the largest tokenizers have forty million."""
MOST_HEADER = 100_000_000
"""Bytes of a safetensors header, as the library itself bounds it."""
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32,
    "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64,
}  # fmt: skip


@dataclass(frozen=True)
class TensorEntry:
    """What the head of a safetensors file says about one tensor: the file's name, the type, the shape."""

    file: str
    dtype: str
    shape: tuple[int, ...]


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        ModelError: it is not there, no plain file, a pointer of git-lfs, or holds anything but one object of JSON.
    """
    content = read_bytes(path, MOST_JSON)
    if content.startswith(_MARKS):
        raise ModelError(f"{path} begins with a byte-order mark: save it as UTF-8 without one")
    try:
        parsed: object = json.loads(content.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is not JSON: {in_short(error)}; download or save it again") from error
    if not isinstance(parsed, dict):
        raise ModelError(f"{path} is not a JSON object but a {type(parsed).__name__}; download or save it again")
    return cast(dict[str, Any], parsed)


def read_bytes(path: Path, most: int) -> bytes:
    """The content of a file of at most `most` bytes; raises ModelError as `check_file` does, or for a larger one."""
    size = check_file(path)
    if size > most:
        raise ModelError(f"{path} has {size:,} bytes, more than any such file needs ({most:,}): it is not opened")
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error


def check_file(path: Path) -> int:
    """The size of a file in bytes.

    Raises:
        ModelError: it is missing, cannot be read, is no plain file, is empty, or is a pointer of git-lfs.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe or a device"
            raise ModelError(f"{path} is {kind}, where a file should be; download or save the model again")
        with path.open("rb") as file:
            head = file.read(len(POINTER))
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    if head == POINTER:
        raise ModelError(pointer_message(path))
    if not head:
        raise ModelError(f"{path} is empty: the download was cut off, or the disk was full; download or save it again")
    return status.st_size


def read_tensors(folder: Path) -> dict[str, TensorEntry]:
    """Every tensor of the files that transformers would load, by its name.

    Raises:
        ModelError: a file is missing, damaged or cut off, the index names another than a file in this folder, or what
            it promises is not there.
    """
    if (folder / WEIGHTS).exists() or not (folder / INDEX).exists():
        return read_header(folder / WEIGHTS)
    index = folder / INDEX
    places = read_object(index).get("weight_map")
    if not isinstance(places, dict) or not places:
        raise ModelError(f"{index} has no weight_map, which says in which file each tensor is; download it again")
    shards = cast(dict[str, Any], places)
    tensors: dict[str, TensorEntry] = {}
    for name in dict.fromkeys(shards.values()):
        if not isinstance(name, str) or Path(name).name != name or not name.endswith(".safetensors"):
            raise ModelError(f"{index} names {in_short(str(name), 80)!r}, which is not a safetensors file beside it")
        if not (folder / name).exists():
            count = len(set(map(str, shards.values())))
            raise ModelError(f"{folder / name} is missing, one of the {count} files that {INDEX} names; download it")
        header = read_header(folder / name)
        if twice := sorted(header.keys() & tensors.keys()):
            raise ModelError(f"{folder / name} holds {twice[0]}, which {tensors[twice[0]].file} holds too")
        tensors |= header
    if lacking := sorted(shards.keys() - tensors.keys()):
        raise ModelError(f"{index} names {some_of(lacking)}, which its files do not hold; download them again")
    return tensors


def read_header(path: Path) -> dict[str, TensorEntry]:
    """The tensors of one safetensors file: 8 bytes with the length of the header, the header in JSON, the numbers.

    Raises:
        ModelError: it is damaged or cut off.
    """
    size = check_file(path)
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > MOST_HEADER:
            raise ModelError(f"{path} is not a safetensors file, or is damaged; download or save it again")
        content = file.read(length)
    try:
        # Python would take the last of two entries of one name; the library refuses them.
        header: object = json.loads(content.decode("utf-8"), object_pairs_hook=_unlike)
        if size < 8 + length:
            raise ValueError("the header is cut off")
        tensors, end = _entries(path.name, cast(dict[str, Any], header))
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        cut = " (cut off)" if size < 8 + length else ""
        raise ModelError(f"{path} has a damaged header{cut}: {in_short(error)}; download or save it again") from error
    if size != 8 + length + end:
        state = "was cut off" if size < 8 + length + end else "has more bytes than its header says"
        raise ModelError(f"{path} {state}: {size:,} bytes, not {8 + length + end:,}; download or save it again")
    if not tensors:
        raise ModelError(f"{path} holds no tensors; download or save it again")
    return tensors


def _entries(file: str, header: Mapping[str, Any]) -> tuple[dict[str, TensorEntry], int]:
    """The tensors and the bytes of their numbers; raises what a damaged header makes Python raise."""
    tensors: dict[str, TensorEntry] = {}
    places: list[tuple[int, int]] = []
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        dtype, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        if not all(type(number) is int and number >= 0 for number in (*shape, begin, end)):
            raise ValueError(f"the shape or place of {in_short(name, 80)} is not in whole numbers")
        if dtype in _BITS and math.prod(shape) * _BITS[dtype] // 8 != end - begin:
            raise ValueError(f"{in_short(name, 80)} has {end - begin:,} bytes, not those of its shape {shape}")
        tensors[name] = TensorEntry(file, str(dtype), tuple(shape))
        places.append((begin, end))
    return tensors, max((end for _, end in places), default=0)


def _unlike(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a name stands there twice")
    return content


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")
