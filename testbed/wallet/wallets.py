"""Makes the wallet that is configured, as often as a rule needs it: each is another process's."""

from collections.abc import Callable

from unbet.wallets.port import Wallet


class Wallets:
    """`make` makes one more of the same kind."""

    def __init__(self, make: Callable[[], Wallet]) -> None:
        self.make = make
        self.wallet = make()
