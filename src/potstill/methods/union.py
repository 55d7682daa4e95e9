"""The one list of methods: a new one is a file in this folder and a name in this union."""

from typing import Annotated, get_args

from pydantic import Field

from potstill.methods.bench import Method
from potstill.methods.finetune import Finetune
from potstill.methods.hybrid import Hybrid
from potstill.methods.lora import Lora
from potstill.methods.progressive import Progressive
from potstill.methods.small import Small
from potstill.methods.student import Student
from potstill.methods.untrained import Untrained

Recipe = Annotated[Student | Finetune | Untrained | Lora | Hybrid | Progressive | Small, Field(discriminator="kind")]
METHODS: tuple[type[Method], ...] = get_args(get_args(Recipe)[0])
