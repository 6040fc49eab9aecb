"""Several wallets behind one call: each decides the cancels of its own providers, at the same time,
so that a slow one holds up no answer of another's."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import Final

import structlog

from unbet.core.message import Cancel
from unbet.database.faults import LedgerAwayError
from unbet.wallets.port import Verdict, Wallet

GRACE_S: Final = 3.0
"""A wallet ends by the deadline, and records what it has decided within a second after it. Nobody
waits for one that has not ended by then."""

_Part = Sequence[Verdict] | Exception | None

log = structlog.get_logger("wallet")


class RoutedWallets:
    """Decides as `Wallet.cancel`, each cancel by the wallet of its provider.

    A call that is about one wallet only is that wallet's own. Otherwise each wallet has a thread
    for the call: its engine must have a connection for each, and one for the caller.
    """

    def __init__(
        self,
        wallets: Mapping[str, Wallet],
        wallet_of: Callable[[str], str],
        *,
        grace_s: float = GRACE_S,
    ) -> None:
        """`wallets` by name; `wallet_of` names that of a provider."""
        self._grace_s = grace_s
        self._wallets = wallets
        self._wallet_of = wallet_of

    def cancel(self, cancels: Sequence[Cancel], deadline: float) -> Iterator[Sequence[Verdict]]:
        """As `Wallet.cancel`. What one wallet has decided is yielded though another one raises; the
        error follows at the end."""
        shares: dict[str, list[Cancel]] = {}
        for cancel in cancels:
            shares.setdefault(self._wallet_of(cancel.provider), []).append(cancel)
        if len(shares) == 1:
            ((name, share),) = shares.items()
            yield from self._wallets[name].cancel(share, deadline)
            return
        yield from self._at_once(shares, deadline)

    def _at_once(
        self, shares: Mapping[str, Sequence[Cancel]], deadline: float
    ) -> Iterator[Sequence[Verdict]]:
        parts: SimpleQueue[_Part] = SimpleQueue()

        def decide(name: str, share: Sequence[Cancel]) -> None:
            try:
                for verdicts in self._wallets[name].cancel(share, deadline):
                    parts.put(verdicts)
            except Exception as error:  # noqa: BLE001 - raised again by the caller's thread
                parts.put(error)
            finally:
                parts.put(None)

        for name, share in shares.items():
            threading.Thread(
                target=decide, args=(name, share), name=f"wallet-{name}", daemon=True
            ).start()
        errors: list[Exception] = []
        running = len(shares)
        while running:
            try:
                part = parts.get(timeout=max(0.0, deadline + self._grace_s - time.monotonic()))
            except Empty:
                log.error("a wallet has not ended in time", wallets=list(shares))
                errors.append(LedgerAwayError("a wallet has not ended in time"))
                break
            if part is None:
                running -= 1
            elif isinstance(part, Exception):
                errors.append(part)
            else:
                yield part
        # A bug counts more than a ledger that is away: it must not look like one.
        for error in sorted(errors, key=lambda one: isinstance(one, LedgerAwayError)):
            raise error
