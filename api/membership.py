"""Which deployment this receiver is of, and which others use the same Redis."""

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from api.ledger_calls import LedgerCalls
from unbet.broker.presence import Presence
from unbet.broker.redis_server import AWAY
from unbet.database.deployment import Identity
from unbet.database.faults import LedgerAwayError

INTERVAL_S: Final = 1.0

log = structlog.get_logger("receiver")


class Membership:
    """Learns the deployment from the database as soon as it answers: until then nothing is
    published, and cancels are spooled."""

    def __init__(self, broker_url: str, identity: Identity, ledger: LedgerCalls) -> None:
        self._identity = identity
        self._ledger = ledger
        self._presence = Presence(broker_url)

    async def keep_noting(self) -> None:
        """Run until cancelled."""
        while True:
            if self._identity.id is None:
                with suppress(LedgerAwayError):
                    await self._ledger.run(lambda _: None)  # `guard` asks on each new connection
            if self._identity.id is not None:
                # That Redis is away is logged by those who need it.
                with suppress(*AWAY):
                    await asyncio.to_thread(self._presence.note, self._identity.id)
            await asyncio.sleep(INTERVAL_S)

    def shown(self) -> dict[str, object]:
        """For a person who looks at /readyz."""
        own = self._identity.id
        return {
            "deployment": own and str(own),
            "other_deployments": [str(other) for other in self._presence.others],
        }
