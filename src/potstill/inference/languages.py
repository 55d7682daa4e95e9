"""Whether a text is in one of the languages that a model was made for."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import Any

from potstill.domain.errors import ModelError
from potstill.domain.language import UNDETERMINED, LanguageMode

CLEAR = 0.5
"""From this probability on a language is named."""
UNLIKELY = 0.02
"""A text that is clearly in another language is foreign where the model's own languages have no more than this."""
IMPOSSIBLE = 1e-4
"""It is foreign in any case where they have no more than this, as in another script."""
MOST_CHARACTERS = 1_000
"""So much of a text is looked at."""
_STRETCHED = re.compile(r"([a-z])\1\1", re.IGNORECASE)
"""A letter three times or more, as in "sooo"."""
EVERYDAY = (
    "ar", "az", "be", "bg", "bn", "bs", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi",
    "hr", "hu", "hy", "id", "is", "it", "ja", "ka", "kk", "ko", "lt", "lv", "mk", "ml", "mr", "ms", "ne", "nl", "no",
    "pl", "pt", "ro", "ru", "sk", "sl", "sq", "sr", "sv", "ta", "te", "th", "tl", "tr", "uk", "ur", "uz", "vi", "zh",
)  # fmt: skip
"""Languages that comments are often in. The detector knows 140; of two words it often takes the smaller ones, and
dialects of English, for what they are not."""


@dataclass(frozen=True)
class Detection:
    """What language a text seems to be in, by ISO 639, None where that is not clear; and whether it is clearly in none
    of the model's."""

    language: str | None
    foreign: bool

    @property
    def foreign_language(self) -> str | None:
        """The language of a foreign text, `und` where only that is clear that it is foreign; else None."""
        return (self.language or UNDETERMINED) if self.foreign else None


NOT_TOLD = Detection(None, False)


class LanguageCheck:
    """Tells texts that are in none of the languages that a model `declared`; does nothing where `note` says why not.

    The detector comes with the extra `languages` and is loaded (a second, 100 MB) when it is first needed.

    Raises:
        ModelError: the mode is strict and nothing can be checked.
    """

    def __init__(self, declared: Sequence[str], mode: LanguageMode = "warn") -> None:
        self.declared, self.mode = tuple(declared), mode
        self.note = "" if mode == "off" else self._why_not()
        """Why texts are not checked although nobody asked for that; empty where there is no such reason."""
        if mode == "strict" and self.note:
            raise ModelError(f"--languages strict: {self.note}")

    @property
    def is_on(self) -> bool:
        """Whether texts are checked."""
        return self.mode != "off" and not self.note

    @property
    def is_strict(self) -> bool:
        """Whether foreign texts are refused."""
        return self.is_on and self.mode == "strict"

    def refusal(self, detection: Detection) -> str:
        """What is wrong with a foreign text."""
        return f"seems to be in another language ({detection.foreign_language}): the model is for {self.served}"

    @property
    def served(self) -> str:
        """The model's languages, in words."""
        return ", ".join(self.declared)

    def serves(self, tag: str) -> bool:
        """Whether a language by its tag (BCP 47, such as en-GB) is one of the model's; another script is another."""
        main, *more = tag.lower().replace("_", "-").split("-")
        return main in self.declared and not any(len(part) == 4 and part.isalpha() for part in more)

    def load(self) -> None:
        """Load the detector now, for whoever must not wait later."""
        if self.is_on:
            _ = self._identifier

    @property
    def is_loaded(self) -> bool:
        """Whether `detect` has nothing to wait for."""
        return not self.is_on or "_identifier" in self.__dict__

    def detect(self, texts: Iterable[str]) -> list[Detection]:
        """What language each text seems to be in."""
        return [self._detection(text) if self.is_on else NOT_TOLD for text in texts]

    def _detection(self, text: str) -> Detection:
        words = _words(text)
        if not any(letter.isalpha() for letter in words):
            return NOT_TOLD
        ranked: list[tuple[str, float]] = self._identifier.rank(words)
        likeliest, probability = ranked[0]
        own = sum(share for language, share in ranked if language in self.declared)
        clear = probability >= CLEAR
        is_other = clear and likeliest not in self.declared and own <= UNLIKELY
        return Detection(likeliest if clear else None, is_other or own <= IMPOSSIBLE)

    def _why_not(self) -> str:
        if not self.declared:
            return "the model declares no languages, so texts are not checked for theirs"
        if not find_spec("py3langid"):
            return f"the model is for {self.served}; pip install 'potstill[languages]' checks texts for their language"
        # Nearly all models are for everyday languages: the detector is asked for what it knows only for others.
        unknown = set(self.declared) - set(EVERYDAY)
        if unknown and (unknown := unknown - set(_identifier().labels)):
            return (
                f"the detector does not know {', '.join(sorted(unknown))}, so texts are not checked for their language"
            )
        return ""

    @cached_property
    def _identifier(self) -> Any:
        identifier = _identifier()
        identifier.set_languages({*EVERYDAY, *self.declared})
        return identifier


def _identifier() -> Any:
    from py3langid import langid  # pyright: ignore[reportMissingTypeStubs]

    untyped: Any = langid
    return untyped.LanguageIdentifier.from_model_file(untyped.MODEL_FILE, norm_probs=True)


def _words(text: str) -> str:
    """The beginning of a text without what is in no language: addresses, names of users, tags, numbers, laughter."""
    words = text[:MOST_CHARACTERS].split()
    return " ".join(word for word in words if not (word.isascii() and _is_no_word(word)))


def _is_no_word(word: str) -> bool:
    is_laughter = len(word) > 3 and (len(set(word.lower())) < 3 or _STRETCHED.search(word) is not None)
    is_name = word.startswith(("@", "#", "&", "www.")) or "://" in word
    return is_laughter or is_name or any(letter.isdigit() for letter in word)
