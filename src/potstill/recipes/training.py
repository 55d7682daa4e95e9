"""How models are trained: one frozen record that the training loop takes whole."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Precision = Literal["auto", "fp32", "bf16"]
Checkpoint = Literal["last", "best"]
Budget = Literal["epochs", "equal"]


class TrainingSettings(BaseModel):
    """The study's settings, or one run's, in the names of transformers' `TrainingArguments` where it has them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(default=2, ge=1)
    learning_rate: float = Field(default=1e-4, gt=0)
    batch_size: int = Field(default=32, ge=1)
    max_length: int = Field(default=128, ge=8)
    warmup_ratio: float = Field(default=0.1, ge=0, lt=1)
    weight_decay: float = Field(default=0.01, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    dropout: float | None = Field(default=None, ge=0, lt=1)
    """Every dropout of the model while it is trained; None leaves the encoder's own."""
    precision: Precision = "auto"
    checkpoint: Checkpoint = "last"
    """`last`, or `best` on validation: the same for every arm."""
    budget: Budget = "epochs"
    """`equal`: every arm spends as many tokens as `epochs` over the labelled rows do, whatever its own epochs are."""
    sampled_accuracy: int | None = Field(default=None, ge=1)
    """Also note the accuracy on so many validation rows, always the same ones, after every epoch."""
