"""For the Bet and Result endpoints of an operator whose bets are in the built-in ledger:
`from unbet import Bet, place_bet, transact`. With another `UNBET_WALLET` nothing here is needed.

The names are those of `unbet.wallets.ledger`, imported when the first one is asked for.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unbet.wallets.ledger import *  # noqa: F403
else:

    def __getattr__(name: str) -> object:
        import unbet.wallets.ledger as ledger

        if name in ledger.__all__:
            return getattr(ledger, name)
        raise AttributeError(f"module 'unbet' has no attribute {name!r}")
