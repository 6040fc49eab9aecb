"""What the run asks of the wallet that Unbet has in it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import Engine

from testbed.chaos.evidence import WalletRows
from testbed.chaos.program import Program
from testbed.provider import Operator

if TYPE_CHECKING:
    from testbed.chaos.system import System


class WalletUnderTest(Protocol):
    """Its name is what `UNBET_WALLET` has."""

    name: str
    rows: WalletRows
    has_audit: bool
    """Whether `unbet audit` knows its rows."""

    def install(self, system: "System") -> None:
        """Make its tables and start what Unbet needs of it; the journal and the roles are made."""

    def programs(self) -> list[Program]:
        """Of its own, which the run keeps running."""

    def variables(self) -> Mapping[str, str]:
        """What workers and sweeps are told of it."""

    def operator(self, engine: Engine) -> Operator:
        """Takes bets on an engine of its own at `service_url`."""

    def service_url(self, system: "System") -> str:
        """The database with its rows, as everybody knows it but the run."""

    def url(self, system: "System") -> str:
        """The same by the server's own address, which no fault is done to."""

    def stop(self) -> None:
        """End what `install` has started."""
