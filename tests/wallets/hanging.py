"""The example of a wallet in Python, which hangs while the file named by `HANGS_WHILE` is there."""

import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import Engine

from examples.wallet_python import CasinoWallet
from unbet.core.message import Cancel
from unbet.wallets.port import Verdict


class HangingWallet(CasinoWallet):
    def cancel(self, cancels: Sequence[Cancel], deadline: float) -> Iterator[Sequence[Verdict]]:
        if Path(os.environ["HANGS_WHILE"]).exists():
            threading.Event().wait()
        yield from super().cancel(cancels, deadline)


def make(_engine: Engine, **_: bool) -> HangingWallet:
    return HangingWallet(os.environ["CASINO_DATABASE_URL"])
