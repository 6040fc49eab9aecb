"""The port's side: a synchronous call that hands its cancels to an event loop of its own."""

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future
from queue import Empty, SimpleQueue
from typing import Final

from unbet.core.message import Cancel
from unbet.wallets.http.calls import Caller
from unbet.wallets.http.request import calls_of, items_of
from unbet.wallets.http.settings import HttpWalletSettings
from unbet.wallets.port import Abilities, Verdict

_GRACE_S: Final = 0.5
"""A call ends by its deadline; where the machine is so busy that it does not, nobody waits."""


class HttpWallet:
    """The operator's wallet service, as the port wants a wallet.

    Calls of at most `max_together` cancels are made, several at once, never two at once for one
    player or bet. The cancels of one request are decided each by itself: there is no transaction to
    have. A connection that is refused, 401, and 503 with Retry-After are AWAY; 429 with
    Retry-After is BUSY; what is no answer of the wallet's to a lone cancel is UNANSWERED, whatever
    else is no verdict is AMBIGUOUS. Both are asked again at once, with the same key, where there is
    time and the wallet remembers. REJECTED is what the wallet calls so.
    Safe to use from several threads; it starts a thread with its first call, so that a process that
    forks is to call it only in its children.
    """

    def __init__(self, settings: HttpWalletSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._caller: Caller | None = None
        self._thread: threading.Thread | None = None

    @property
    def abilities(self) -> Abilities:
        return self._settings.abilities

    def cancel(self, cancels: Sequence[Cancel], deadline: float) -> Iterator[Sequence[Verdict]]:
        """As `Wallet.cancel`."""
        calls = calls_of(items_of(cancels), self._settings.max_together)
        if not calls:
            return
        loop, caller = self._started()
        ended: SimpleQueue[Future[list[Verdict]]] = SimpleQueue()
        for items in calls:
            call = asyncio.run_coroutine_threadsafe(caller.ask(items, deadline), loop)
            call.add_done_callback(ended.put)
        waits = len(calls)
        while waits:
            try:
                left_s = max(0.0, deadline - time.monotonic())
                verdicts = ended.get(timeout=left_s + _GRACE_S).result()
                # Those that ended meanwhile are recorded by the same commit.
                more = [ended.get_nowait().result() for _ in range(ended.qsize())]
            except (Empty, CancelledError):  # cancelled by `close`
                return
            waits -= 1 + len(more)
            yield [one for some in (verdicts, *more) for one in some]

    def close(self) -> None:
        """End the thread and the connections; what is under way is ambiguous."""
        with self._lock:
            loop, caller, thread = self._loop, self._caller, self._thread
            self._loop = self._caller = self._thread = None
        if loop and caller and thread:
            asyncio.run_coroutine_threadsafe(caller.close(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    def _started(self) -> tuple[asyncio.AbstractEventLoop, Caller]:
        with self._lock:
            if self._loop is None or self._caller is None:
                self._loop = asyncio.new_event_loop()
                self._caller = Caller(self._settings)
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="wallet", daemon=True
                )
                self._thread.start()
            return self._loop, self._caller
