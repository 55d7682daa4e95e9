"""How many English texts the language check calls foreign, and how many foreign ones it finds.

    python benchmarks/languages.py [--data ../shared/data]

The foreign texts lie beside this file. "1 to 5 words" are the beginnings of the English comments, so many words of each
as a seeded draw says. Prints every English text that is called foreign: some are.
"""

import argparse
import random
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from potstill.data.formats import read_table
from potstill.inference.languages import LanguageCheck

ENGLISH = (("wiki_toxic/validation.csv.gz", "text"), ("wiki_toxic/test.csv.gz", "text"),
           ("identity_terms/talk_pages.csv.gz", "text"), ("davidson/tweets.csv.gz", "tweet"))  # fmt: skip
FOREIGN = Path(__file__).with_name("foreign_texts.tsv")
LENGTHS = {"1 or 2 words": range(1, 3), "3 to 6 words": range(3, 7), "7 words or more": range(7, 1000)}


def foreign_texts() -> list[tuple[str, str, str]]:
    """Part, language and text of each."""
    lines = FOREIGN.read_text(encoding="utf-8").splitlines()
    parts = [line.split("\t") for line in lines if not line.startswith("#")]
    return [(part, language, text) for part, language, text in parts]


def column(path: Path, name: str) -> list[str]:
    """The texts of a file."""
    table = read_table(path.name, path.parent)
    title = (
        name if name in table.columns else next(each for each in table.columns if "text" in each or "comment" in each)
    )
    return [text for row in table.rows if (text := row.values.get(title))]


def accuse(check: LanguageCheck, name: str, texts: Sequence[str], *, show: bool) -> None:
    """Count the English texts that are called foreign."""
    started = time.perf_counter()
    called = [(text, each) for text, each in zip(texts, check.detect(texts), strict=True) if each.foreign]
    each_ms = 1000 * (time.perf_counter() - started) / len(texts)
    print(f"{name}: {len(called)} of {len(texts):,} called foreign ({len(called) / len(texts):.3%}), {each_ms:.2f} ms")
    if show:
        for text, each in called:
            print(f"    {each.foreign_language}: {' '.join(text.split())[:100]}")


def main() -> int:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--show", action="store_true", help="print what is called foreign")
    arguments = parser.parse_args()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    check = LanguageCheck(["en"])
    check.load()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1000
    print(f"loaded in {time.perf_counter() - started:.2f} s, {grown:.0f} MB")
    rows = foreign_texts()
    for part in ("chosen", "held"):
        for length, words in LENGTHS.items():
            texts = [text for of, _, text in rows if of == part and len(text.split()) in words]
            caught = sum(each.foreign for each in check.detect(texts))
            print(f"foreign, {part}, {length}: {caught} of {len(texts)} are called so ({caught / len(texts):.0%})")
    named = [(language, each.language) for (_, language, text) in rows for each in check.detect([text]) if each.foreign]
    print(f"of those called foreign {sum(a == b for a, b in named)} of {len(named)} by their own language")
    generator = random.Random(0)
    beginnings: list[str] = []
    for file, title in ENGLISH:
        texts = column(arguments.data / file, title)
        beginnings += [" ".join(text.split()[: generator.randint(1, 5)]) for text in texts]
        accuse(check, file, texts, show=arguments.show)
    accuse(check, "their first 1 to 5 words", beginnings, show=arguments.show)
    return 0


if __name__ == "__main__":
    sys.exit(main())
