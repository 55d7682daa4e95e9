"""Which layers of a teacher a student keeps."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from potstill.domain.errors import StudyError

LayerRule = Literal["even", "odd", "first", "last", "spread", "distilbert"]
SEARCH = "search"
"""What `keep` says where a search is to find the layers."""


class LayerPlan(BaseModel):
    """The teacher layers that survive, counted from 0, in the order in which the student applies them.

    `kept` is unique and ascending unless `reorder` is set, since a student whose layers stand in another order than
    the teacher's is nearly always a mistake (`teacher[2 * i - 1]` puts the top layer at the bottom).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    depth: int
    kept: tuple[int, ...]
    reorder: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.kept:
            raise ValueError("a layer plan keeps at least one layer")
        out = [index for index in self.kept if not 0 <= index < self.depth]
        if out:
            raise ValueError(f"layers {out} do not exist: a teacher of depth {self.depth} has 0 to {self.depth - 1}")
        if len(set(self.kept)) != len(self.kept):
            raise ValueError(f"layers {list(self.kept)} repeat")
        if list(self.kept) != sorted(self.kept) and not self.reorder:
            raise ValueError(f"layers {list(self.kept)} are not ascending; set reorder = true if that is meant")
        return self

    @classmethod
    def all_of(cls, depth: int) -> Self:
        """The plan that keeps every layer."""
        return cls(depth=depth, kept=tuple(range(depth)))

    def __str__(self) -> str:
        if self.kept == tuple(range(self.depth)):
            return f"all {self.depth}"
        return f"[{','.join(str(index) for index in self.kept)}] of {self.depth}"

    def then(self, further: "LayerPlan") -> "LayerPlan":
        """The plan that keeps `further` of what this plan kept, in the indices of this plan's teacher."""
        if further.depth != len(self.kept):
            raise ValueError(f"a plan for depth {further.depth} cannot follow one that keeps {len(self.kept)} layers")
        kept = tuple(self.kept[index] for index in further.kept)
        return LayerPlan(depth=self.depth, kept=kept, reorder=self.reorder or further.reorder)


def plan_layers(
    keep: LayerRule | list[int], depth: int, num_layers: int | None = None, *, reorder: bool = False
) -> LayerPlan:
    """Turn a rule or a list of indices into a plan for a teacher of `depth` layers.

    Args:
        keep: `even` keeps 1,3,5,... and `odd` keeps 0,2,4,..., counted from 0: the names are those of layers counted
            from 1, as the distillation literature uses them. `first` and `last` keep a block; `spread` keeps
            round(i * (depth - 1) / (num_layers - 1)), the choice of DistilBERT (Sanh et al., 2019), whose name is an
            alias. A list names the layers themselves.
        num_layers: how many to keep; half of `depth` where it is not given.

    Raises:
        StudyError: `even` or `odd` where depth is not twice num_layers, a length that contradicts `num_layers`, or
            indices that `LayerPlan` refuses.
    """
    try:
        if isinstance(keep, list):
            if num_layers is not None and num_layers != len(keep):
                raise ValueError(f"keep names {len(keep)} layers but num_layers = {num_layers}")
            return LayerPlan(depth=depth, kept=tuple(keep), reorder=reorder)
        count = depth // 2 if num_layers is None else num_layers
        if not 1 <= count <= depth:
            raise ValueError(f"num_layers = {count} is not between 1 and the teacher's depth {depth}")
        return LayerPlan(depth=depth, kept=_by_rule(keep, depth, count), reorder=reorder)
    except ValueError as error:
        raise StudyError(_plain(error)) from error


def _by_rule(rule: LayerRule, depth: int, count: int) -> tuple[int, ...]:
    if rule in ("even", "odd"):
        if depth != 2 * count:
            raise ValueError(
                f'keep = "{rule}" needs a depth of exactly twice num_layers; here {depth} and {count}. '
                'Use "spread", "first", "last" or a list of indices'
            )
        return tuple(range(1 if rule == "even" else 0, depth, 2))
    if rule == "first":
        return tuple(range(count))
    if rule == "last":
        return tuple(range(depth - count, depth))
    if count == 1:
        return (0,)
    # Halves round up: Python's round() sends 2.5 to 2 and 3.5 to 4, which would not be the same rule twice.
    return tuple((2 * i * (depth - 1) + (count - 1)) // (2 * (count - 1)) for i in range(count))


def _plain(error: ValueError) -> str:
    """Pydantic wraps a validator's message in lines of its own; the user needs the message only."""
    if isinstance(error, ValidationError):
        return "; ".join(detail["msg"].removeprefix("Value error, ") for detail in error.errors())
    return str(error)
