"""What a request took of the model, counted where it is taken and written where the request ends."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Account:
    """Texts and tokens that were given to the engine: for /explain one text for each word that is left out."""

    texts: int = 0
    tokens: int = 0


current_account: ContextVar[Account | None] = ContextVar("current_account", default=None)


def charge(texts: int, tokens: int) -> None:
    """Count them for the request that is being answered."""
    account = current_account.get()
    if account is not None:
        account.texts += texts
        account.tokens += tokens
