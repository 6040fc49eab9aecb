"""Which deployment this receiver is of, which others use the same Redis, and what its workers tell
of their wallets."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import structlog

from api.ledger_calls import LedgerCalls
from unbet.broker.presence import Presence
from unbet.broker.redis_server import AWAY
from unbet.broker.wallet_notices import NoticeBoard
from unbet.database.deployment import Identity
from unbet.database.faults import LedgerAwayError
from unbet.runtime.endpoints import EndpointConfig
from unbet.wallets.notice import Notice, log_wallets, read_notice

INTERVAL_S: Final = 1.0

log = structlog.get_logger("receiver")


class Membership:
    """Learns the deployment from the database as soon as it answers: until then nothing is
    published, and cancels are spooled."""

    def __init__(
        self,
        broker_url: str,
        identity: Identity,
        ledger: LedgerCalls,
        endpoints: Sequence[EndpointConfig] = (),
        *,
        dry_run: bool = False,
    ) -> None:
        self._dry_run = dry_run
        self._identity = identity
        self._ledger = ledger
        self._presence = Presence(broker_url)
        self._board = NoticeBoard(broker_url)
        self._endpoints = endpoints
        self._notice: Notice | None = None

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
                    await asyncio.to_thread(self._board.look, self._identity.id)
                    self._read_notice()
            await asyncio.sleep(INTERVAL_S)

    def shown(self) -> dict[str, object]:
        """For a person who looks at /readyz."""
        own = self._identity.id
        return {
            "deployment": own and str(own),
            "other_deployments": [str(other) for other in self._presence.others],
            "dry_run": self._dry_run,
            "wallets": [
                self._wallet(number, endpoint) for number, endpoint in enumerate(self._endpoints, 1)
            ],
            "wallets_differ": self._differ(),
        }

    def _wallet(self, number: int, endpoint: EndpointConfig) -> dict[str, object]:
        """What the workers tell of an endpoint's wallet; it is named by its place, since its secret
        is one."""
        told = self._notice.of(endpoint.provider) if self._notice else None
        return {
            "endpoint": number,
            "provider": endpoint.provider,
            "dialect": endpoint.dialect,
            "wallet": told.wallet if told else endpoint.wallet,
            "promises": [promise.model_dump() for promise in told.promises] if told else None,
        }

    def _differ(self) -> str | None:
        """How the settings of receivers and workers differ, in a sentence; None if they do not."""
        if len(self._board.documents) > 1:
            return "The workers have not all the same wallets."
        for endpoint in self._endpoints:
            told = self._notice.of(endpoint.provider).wallet if self._notice else endpoint.wallet
            if endpoint.wallet not in (None, told):
                return (
                    f"{endpoint.provider}'s wallet is {endpoint.wallet!r} here and {told!r} to the "
                    "workers: the endpoints are to be the same."
                )
        return None

    def _read_notice(self) -> None:
        before, documents = self._notice, self._board.documents
        self._notice = read_notice(documents[0]) if documents else None
        if self._notice == before:
            return
        if self._notice is not None:
            log_wallets(self._notice, log)
        if difference := self._differ():
            log.error("the wallets differ", problem=difference)
