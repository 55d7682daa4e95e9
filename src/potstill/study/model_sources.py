"""Where the weights of a study come from, found before anything is run."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from potstill.domain.errors import StudyError
from potstill.models.auto import check_weights, read_config
from potstill.models.classifier import (
    Classifier,
    check_input_length,
    check_vocabulary,
    empty_classifier,
    open_tokenizer,
)
from potstill.models.encoder import find_encoder
from potstill.models.folder_checks import CONFIG
from potstill.models.layer_stack import depth_of
from potstill.models.problem import check_classes
from potstill.recipes.base import BaseRecipe
from potstill.study.gates import check_fine_tuned
from potstill.study.tables import TeacherTable


@dataclass(frozen=True)
class ModelSources:
    """The folders of the study's encoder and of the teacher that it is given, of which one may be missing.

    `depth` is the number of the teacher's layers. Paths of encoders are relative to `root`.
    """

    encoder: Path | None
    model: Path | None
    depth: int
    max_length: int
    root: Path

    @property
    def start(self) -> Path:
        """The folder that the teacher comes from."""
        start = self.model or self.encoder
        assert start is not None, "TeacherTable asks for one of them"
        return start

    @cached_property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The teacher's."""
        return open_tokenizer(self.start)

    def own_encoder(self, recipe: BaseRecipe) -> Path | None:
        """The folder of the encoder that a recipe brings itself, if it does. Raises ModelError for one that cannot read
        texts of the study's length."""
        own = recipe.own_encoder()
        if own is None:
            return None
        folder = find_encoder(*own, self.root)
        check_input_length(folder, self.max_length)
        return folder


def find_sources(teacher: TeacherTable, max_length: int, root: Path) -> ModelSources:
    """Find the weights that `[teacher]` names.

    Raises:
        ModelError: they are not there, or cannot read texts of `max_length` tokens.
        StudyError: encoder and model read texts in different ways.
    """
    encoder = find_encoder(teacher.encoder, teacher.revision, root) if teacher.encoder else None
    model = find_encoder(teacher.model, teacher.revision, root) if teacher.model else None
    start = model or encoder
    assert start is not None, "TeacherTable asks for one of them"
    config = read_config(start)
    missing = check_weights(start, config, is_encoder=model is None)
    empty = empty_classifier(config)
    check_vocabulary(start, Classifier(empty, open_tokenizer(start)))
    if model:
        check_fine_tuned(missing, str(teacher.model))
        check_classes(empty, model / CONFIG)
    check_input_length(empty, max_length)
    sources = ModelSources(encoder, model, depth_of(empty), max_length, root)
    if encoder and model and open_tokenizer(encoder).get_vocab() != sources.tokenizer.get_vocab():
        raise StudyError("[teacher] encoder and model have different vocabularies; leave `encoder` out")
    return sources
