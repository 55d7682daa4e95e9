"""Model folders with random faults: each opens and answers in numbers, or is refused by one error of three lines.

    python benchmarks/folder_fuzzer.py --mutations 2000 --seed 0

Changes one to three places of config.json, of tokenizer_config.json, or of the header or the first bytes of
model.safetensors, of tiny classifiers of several families. Prints how many were refused, by the sentence, and every
mutation that ended in anything else, by its number: the same seed makes it again. Exit code 1 where there is any.
"""

import argparse
import json
import random
import resource
import shutil
import signal
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, cast

import numpy as np

from potstill.domain.errors import ModelError
from potstill.models.predictor import open_predictor

CONFIG, TOKENIZER, WEIGHTS = "config.json", "tokenizer_config.json", "model.safetensors"
TEXTS = ["", "you are a fool", "thanks " * 100]
SECONDS, MEMORY = 20, 12 << 30
"""What a folder may take, in time and in bytes of address space."""
ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 3, 7, 1.5, -0.5, 1e308, 10**6, 10**9, 2**63, -(2**31), float("nan"), float("inf"),
    "", "x", "bert", "gelu", "\u00e9\x1b[2J", "../..", "single_label_classification", "multi_label_classification",
    "float16", [], [1], [0, 1, 2], ["a", "b"], {}, {"0": "a"}, {"0": "a", "1": "a"}, {"a": 0, "b": 1},
    {"quant_method": "gptq"},
)  # fmt: skip
KEYS = (
    "model_type", "problem_type", "id2label", "label2id", "num_labels", "num_hidden_layers", "vocab_size",
    "hidden_size", "architectures", "num_attention_heads", "max_position_embeddings", "pad_token_id",
    "quantization_config", "dtype", "torch_dtype", "auto_map", "transformers_version", "tokenizer_class",
    "model_max_length", "pad_token", "cls_token", "unk_token", "extra_special_tokens", "added_tokens_decoder",
    "truncation_side", "padding_side", "is_decoder", "attn_implementation", "layer_types", "rope_parameters",
    "return_dict", "output_attentions", "use_cache", "chunk_size_feed_forward",
)  # fmt: skip


class Hung(BaseException):
    """A folder took too long. No Exception, so that nothing that is tried takes it for a fault of the folder."""


def mutate(folder: Path, chance: random.Random) -> str:
    """Change one file of a model folder; what was done."""
    name = chance.choice([CONFIG, CONFIG, TOKENIZER, WEIGHTS])
    done = _bytes(folder / name, chance) if chance.random() < 0.15 else _content(folder / name, chance)
    return f"{name}: {done}"


def attempt(folder: Path) -> str:
    """Open a folder and let it answer; the error in a line, or empty where it answered.

    Raises:
        AssertionError: the error has more than three lines, or the answer is no number.
        Exception: whatever else came up.
    """
    try:
        logits = open_predictor(str(folder))(TEXTS)
    except ModelError as error:
        lines = str(error).splitlines()
        assert 1 <= len(lines) <= 3, f"{len(lines)} lines"
        assert all(line.isprintable() and len(line) < 800 for line in lines), f"not for a terminal: {lines!r}"
        assert str(folder) in lines[0] or "max_length" in lines[0], f"names no file: {lines[0]}"
        return lines[0].replace(str(folder), "MODEL")
    assert np.isfinite(logits).all()
    return ""


def mutations(originals: Sequence[Path], scratch: Path, count: int, seed: int) -> Iterator[tuple[int, str, Path]]:
    """So many mutated folders, one after another in `scratch`: the number, what was done, the folder."""
    for number in range(count):
        chance = random.Random(f"{seed}-{number}")
        original = chance.choice(list(originals))
        folder = scratch / "model"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(original, folder)
        done = "; ".join(mutate(folder, chance) for _ in range(chance.choice([1, 1, 2, 3])))
        yield number, f"{original.name}: {done}", folder


def _content(path: Path, chance: random.Random) -> str:
    """Change a place of the JSON in a file; of the header, where it is one of weights."""
    body = b""
    try:
        if path.name == WEIGHTS:
            content = path.read_bytes()
            length = int.from_bytes(content[:8], "little")
            parsed, body = json.loads(content[8 : 8 + length]), content[8 + length :]
        else:
            parsed = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return "nothing more"  # it is damaged already
    place, value = _change(parsed, chance)
    text = json.dumps(parsed)
    path.write_bytes(len(text).to_bytes(8, "little") + text.encode() + body if path.name == WEIGHTS else text.encode())
    return f"{place} = {value!r:.60}"


def _change(parsed: Any, chance: random.Random) -> tuple[str, Any]:
    """Give some key of an object another value, or take it away, or add one; the key and the value."""
    if not isinstance(parsed, dict) or not parsed:
        return "nothing", None
    content = cast(dict[str, Any], parsed)
    key = chance.choice([*content]) if chance.random() < 0.7 else chance.choice(KEYS)
    inner = content.get(key)
    if isinstance(inner, dict) and inner and chance.random() < 0.6:
        place, value = _change(inner, chance)
        return f"{key}.{place}", value
    action = chance.random()
    if action < 0.15 and key in content:
        return f"without {key}", content.pop(key)
    if action < 0.25 and key in content:
        renamed = chance.choice([*content, key.upper(), f"module.{key}", ""])
        content[renamed] = content.pop(key)
        return f"{key} renamed", renamed
    if action < 0.5 and isinstance(inner, int | float) and not isinstance(inner, bool):
        content[key] = chance.choice([inner + 1, inner - 1, inner * 2, -inner, inner * 1000, float(inner), str(inner)])
    elif action < 0.5 and isinstance(inner, list) and inner:
        content[key] = [*cast(list[Any], inner)[1:], chance.choice(ODD)]
    else:
        content[key] = chance.choice(ODD)
    return key, content[key]


def _bytes(path: Path, chance: random.Random) -> str:
    """Cut a file off, turn a bit near its beginning, or put something before or behind it."""
    content = bytearray(path.read_bytes())
    place = chance.randrange(min(len(content), 4000)) if content else 0
    match chance.choice(["cut", "bit", "before", "behind", "none"]):
        case "cut":
            del content[place:]
        case "bit" if content:
            content[place] ^= 1 << chance.randrange(8)
        case "before":
            content[:0] = chance.choice([b"\xef\xbb\xbf", b"version https://git-lfs.github.com/spec/v1\n", b"\0", b" "])
        case "behind":
            content += chance.choice([b"\0", b"}", b"\n", b"x" * 100])
        case _:
            content.clear()
    path.write_bytes(bytes(content))
    return f"bytes changed at {place}"


def _too_long(_: int, __: FrameType | None) -> None:
    raise Hung(f"more than {SECONDS} s")


def main() -> int:
    """Mutate, open, and print what came of it."""
    parser = argparse.ArgumentParser(description="Open model folders with random faults.")
    parser.add_argument("--mutations", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="the number of one mutation, to see its traceback")
    parser.add_argument("models", nargs="+", type=Path, help="small model folders to mutate")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, _too_long)
    sentences: Counter[str] = Counter()
    wrong: list[str] = []
    with TemporaryDirectory() as scratch:
        every = mutations(arguments.models, Path(scratch), arguments.mutations, arguments.seed)
        for number, done, folder in every:
            if arguments.only not in (None, number):
                continue
            signal.alarm(SECONDS)
            try:
                sentence = attempt(folder)
                sentences[" ".join(sentence.split()[:6]) or "opened and answered"] += 1
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt) or arguments.only == number:
                    raise
                wrong.append(f"{number}: {done}: {type(error).__name__}: {str(error)[:300]}")
                print(wrong[-1], file=sys.stderr, flush=True)
            finally:
                signal.alarm(0)
    for sentence, count in sentences.most_common():
        print(f"{count:6,}  {sentence}")
    print(f"{sum(sentences.values()):,} mutations ended well, {len(wrong)} did not")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
