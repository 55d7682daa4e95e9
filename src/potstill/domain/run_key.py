"""The name of a run."""

from pydantic import BaseModel, ConfigDict


class RunKey(BaseModel):
    """One recipe at one seed: what a run is found by, on this machine or any other.

    `digest` is the SHA-256 of everything that the result depends on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    arm: str
    seed: int
    digest: str

    @property
    def folder(self) -> str:
        """What the run's folder in a ledger is called."""
        return f"{self.arm}-s{self.seed}-{self.digest[:12]}"

    def __str__(self) -> str:
        return f"{self.arm}, seed {self.seed}"
