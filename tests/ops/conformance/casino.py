"""An operator in memory behind the real receiver, on a small HTTP server: right, but for what a
test makes wrong."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple, cast
from uuid import UUID

from api.receive import Receiver
from contract.endpoints import DialectName
from contract.message import Cancel, CancelRequest, Decision
from contract.outcomes import Outcome
from contract.settings import Settings
from ops.provider import Answer, Bet, Player, Win

SECRET = "a-secret-for-tests-only"  # noqa: S105


@dataclass
class Stake:
    """A bet and what has become of it."""

    player: Player
    amount: Decimal
    state: str
    cancelled_by: str = ""
    won: Decimal = Decimal(0)
    cash: Decimal = Decimal(0)
    """The player's, after the cancel."""


class Casino:
    """An operator's `Bank`, and where its receiver has cancels decided."""

    def __init__(self) -> None:
        self.accounts: defaultdict[Player, Decimal] = defaultdict(Decimal)
        self.bets: dict[str, Stake] = {}
        self.tombstones: set[str] = set()
        self.frozen: set[str] = set()

    async def deposit(self, player: Player, amount: Decimal, _reference: str) -> None:
        self.accounts[player] += amount

    async def place(self, bet: Bet) -> Answer:
        player = Player(bet.user_id, bet.currency)
        known = self.bets.get(bet.reference)
        if bet.reference in self.tombstones or (known and known.state == "reversed"):
            return Answer(120, "cancelled")
        state = "placed" if bet.amount <= self.accounts[player] else "refused"
        self.bets[bet.reference] = Stake(player, bet.amount, state)
        if state == "refused":
            return Answer(1, "insufficient funds")
        self.accounts[player] -= bet.amount
        return Answer(0, "done")

    async def settle(self, win: Win) -> Answer:
        stake = self.bets[win.reference]
        if stake.state != "placed":
            return Answer(120, "cancelled")
        stake.state, stake.won = "settled", win.amount
        self.accounts[stake.player] += win.amount
        return Answer(0, "done")

    async def cash(self, player: Player) -> Decimal:
        return self.accounts[player]

    async def freeze(self, user_id: str) -> None:
        self.frozen.add(user_id)

    async def decide(self, cancel: Cancel, _within_s: float) -> tuple[Decision, UUID]:
        asked = cancel.request
        outcome = self.outcome_of(asked)
        stake = self.bets.get(asked.reference)
        decision = Decision(
            request_id=cancel.request_id,
            outcome=outcome,
            currency=asked.currency,
            cash=stake.cash if stake else None,
            transfer_id=1 if outcome is Outcome.REVERSED else None,
        )
        return decision, cancel.request_id

    def outcome_of(self, asked: CancelRequest) -> Outcome:
        stake = self.bets.get(asked.reference)
        if stake is None:
            self.tombstones.add(asked.reference)
            return Outcome.NO_BET
        if stake.player.user_id != asked.user_id:
            return Outcome.MISMATCH
        if stake.player.currency != asked.currency:
            return Outcome.CURRENCY_MISMATCH
        return self.decide_own(stake, asked)

    def decide_own(self, stake: Stake, asked: CancelRequest) -> Outcome:
        """A cancel by the bet's own player."""
        if stake.state == "refused":
            return Outcome.BET_REFUSED
        if stake.state == "settled":
            return Outcome.SETTLED
        if stake.state == "placed":
            self.give_back(stake)
            stake.state, stake.cancelled_by = "reversed", asked.uuid
            stake.cash = self.accounts[stake.player]
        return Outcome.REVERSED

    def give_back(self, stake: Stake) -> None:
        self.accounts[stake.player] += stake.amount


class Asked(NamedTuple):
    """An HTTP request."""

    method: str
    path: str
    content_type: str
    body: bytes

    @property
    def fields(self) -> dict[str, Any]:
        """Of a Cancel; none if the body is no JSON object in UTF-8."""
        try:
            document = json.loads(self.body.decode())
        except (ValueError, RecursionError):
            return {}
        return document if isinstance(document, dict) else {}

    def with_fields(self, **fields: Any) -> "Asked":
        return self._replace(body=json.dumps(self.fields | fields).encode())


class Told(NamedTuple):
    """An HTTP response."""

    status: int
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        return dict(json.loads(self.body)) if self.body else {}

    def with_fields(self, **fields: Any) -> "Told":
        document = self.document | fields
        return self._replace(body=json.dumps(document).encode())


Right = Callable[[Asked], Awaitable[Told]]
"""What the real receiver answers."""

Door = Callable[[Asked, Right, Casino], Awaitable[Told]]
"""What is answered in front of it."""


async def honest(asked: Asked, right: Right, _casino: Casino) -> Told:
    return await right(asked)


@asynccontextmanager
async def serving(
    casino: Casino, dialect: DialectName = "lucky-monaco-v4", door: Door = honest
) -> AsyncIterator[str]:
    """The URL that the operator told the provider."""
    right = _receiver(casino, dialect)
    talks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            talks.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                told = await door(await _read(reader), right, casino)
                head = f"HTTP/1.1 {told.status} .\r\nContent-Length: {len(told.body)}\r\n\r\n"
                writer.write(head.encode() + told.body)
                await writer.drain()
        writer.close()

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/{SECRET}"
        finally:
            for talk in talks:
                talk.cancel()
            await asyncio.gather(*talks)


def _receiver(casino: Casino, dialect: DialectName) -> Right:
    settings = Settings(
        database_url="postgresql://localhost/unbet",
        broker_url="redis://localhost",
        url_secret=SECRET,
        dialect=dialect,
    )
    receiver = Receiver(settings, casino, cast(Any, None), cast(Any, _NoNotes()))

    async def right(asked: Asked) -> Told:
        sent: list[Any] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": asked.body}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": asked.method,
            "path": asked.path,
            "headers": [(b"content-type", asked.content_type.encode())],
            "client": ("127.0.0.1", 1),
        }
        await receiver(scope, receive, send)
        return Told(sent[0]["status"], sent[1]["body"])

    return right


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.rstrip().split("\r\n")
    headers = {name.casefold(): value for name, value in (line.split(": ", 1) for line in lines)}
    method, path, _ = first.split(" ")
    body = await reader.readexactly(int(headers["content-length"]))
    return Asked(method, path, headers.get("content-type", ""), body)


class _NoNotes:
    def add(self, _note: object) -> None:
        pass
