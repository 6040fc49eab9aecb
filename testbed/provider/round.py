"""A round is the life of one bet: its plan, and how it is played."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from random import Random
from typing import Protocol

from testbed.provider.answers import Answer, Code
from testbed.provider.dialects import SUCCESS, Case
from testbed.provider.endpoint import Endpoint
from testbed.provider.log import Log, Sent
from testbed.provider.messages import Bet, Cancel, Player, Win
from testbed.provider.transmit import Timing, Turn, send, transmit


class Operator(Protocol):
    """Takes what is no Cancel, as the operator's other endpoints do. Each raises `NoAnswerError`
    for what the provider would take for a temporary error."""

    async def deposit(self, player: Player, amount: Decimal, reference: str) -> None:
        """Give the player money to bet with; the same reference again gives nothing."""

    async def place(self, bet: Bet) -> Answer:
        """Take a stake, or say by its code why not."""

    async def settle(self, win: Win) -> Answer:
        """Pay a win and settle its bet."""


@dataclass(frozen=True)
class Provider:
    """Whom the rounds talk to, and in which log that is written."""

    endpoint: Endpoint
    operator: Operator
    log: Log = field(default_factory=Log)
    timing: Timing = field(default_factory=Timing)
    turn: Turn | None = None
    """What each Cancel waits for before it is sent."""


@dataclass(frozen=True)
class Scenario:
    """A kind of round."""

    name: str
    cancels: int
    """How many Cancels it sends, retransmissions not counted."""
    weight: int
    """How often it is drawn, compared with the others."""
    play: Callable[["RoundInPlay"], Awaitable[None]] = field(compare=False)


@dataclass(frozen=True)
class Round:
    """One planned round: all that is not up to the clock."""

    number: int
    scenario: Scenario
    player: Player
    other_player: str
    """Another user id than the player's."""
    other_currency: str
    amount: Decimal
    reference: str
    session_id: str
    provider_id: str
    """As this round's cancels spell it: case says nothing."""


class RoundInPlay:
    """What a scenario does with its round. `expect`: the codes that the protocol allows, or for a
    cancel the cases that it can be in."""

    def __init__(self, planned: Round, provider: Provider) -> None:
        self.planned = planned
        self._provider = provider
        self.dialect = provider.endpoint.dialect
        """Whose codes the answers have."""
        # From the reference, not the seed: a repeated run must not repeat the uuids, too.
        self._random = Random(planned.reference)  # noqa: S311 - a game's dice, no secret
        self.uuid = self.new_uuid()
        """Of the cancel that is sent unless another one is given."""
        self._round_id = self.new_uuid() if self.dialect.names_rounds else None
        self._stands = False
        self._amount = _within(planned.amount, self.dialect.places)

    def new_uuid(self) -> str:
        """32 hex digits, the provider's form."""
        return f"{self._random.getrandbits(128):032x}"

    async def bet(self, *expect: Code, reference: str | None = None) -> bool:
        """Send the round's bet, or another one; whether it is known to stand."""
        bet = Bet(
            user_id=self.planned.player.user_id,
            currency=self.planned.player.currency,
            amount=self._amount,
            reference=reference or self.planned.reference,
        )
        call = partial(self._provider.operator.place, bet)
        sent = await self._send(bet, call, expect, self.dialect.bet_stops)
        stands = sent.code == SUCCESS
        if reference is None:
            self._stands = stands
        return stands

    async def settle(self, *expect: Code) -> bool:
        """Settle the bet, half of the time with a win; whether that is known to be done."""
        amount = self._random.choice((Decimal(0), self._amount * 2))
        win = Win(reference=self.planned.reference, amount=amount)
        call = partial(self._provider.operator.settle, win)
        sent = await self._send(win, call, expect, self.dialect.bet_stops)
        settled = sent.code == SUCCESS
        self._stands = self._stands and not settled
        return settled

    async def cancel(
        self, *expect: Case, uuid: str | None = None, others: tuple[str, ...] = ()
    ) -> bool:
        """Send a Cancel that is right; whether it is known to be done."""
        sent = await self._cancel(expect, uuid or self.uuid, self.planned.player, others)
        return sent.code in self.dialect.done

    async def cancel_as(self, user_id: str, currency: str, *expect: Case) -> None:
        """Send a Cancel that names another player or another currency."""
        await self._cancel(expect, self.new_uuid(), Player(user_id, currency))

    async def later(self) -> None:
        """Let some time go by."""
        await self.at_most(self._provider.timing.later_s)

    async def at_most(self, seconds: float) -> None:
        """Let a random time go by."""
        await asyncio.sleep(self._random.uniform(0, seconds))

    async def _cancel(
        self,
        expect: tuple[Case, ...],
        uuid: str,
        named: Player,
        others: tuple[str, ...] = (),
    ) -> Sent:
        cancel = Cancel(
            user_id=named.user_id,
            provider_id=self.planned.provider_id,
            currency=named.currency,
            reference=self.planned.reference,
            uuid=uuid,
            session_id=self.planned.session_id,
            round_id=self._round_id,
            amount=None if self.dialect.amount is None else self._amount,
            others=others,
        )
        call = partial(send, self._provider.endpoint, cancel, gives_back=self._stands)
        codes = frozenset().union(*(self.dialect.allowed[case] for case in expect))
        in_order = tuple(sorted(codes, key=lambda code: str(code).zfill(4)))
        return await self._send(cancel, call, in_order, self.dialect.stops, self._provider.turn)

    async def _send(
        self,
        message: Bet | Win | Cancel,
        call: Callable[[], Awaitable[Answer]],
        expect: tuple[Code, ...],
        stops: frozenset[Code],
        turn: Turn | None = None,
    ) -> Sent:
        attempts = await transmit(call, self._provider.timing, stops, turn)
        sent = Sent(
            round=self.planned.number,
            scenario=self.planned.scenario.name,
            dialect=self.dialect.name,
            message=message,
            expected=expect,
            attempts=attempts,
        )
        self._provider.log.append(sent)
        return sent


def _within(amount: Decimal, places: int) -> Decimal:
    """With no more decimals than the dialect has."""
    exponent = amount.as_tuple().exponent
    too_fine = isinstance(exponent, int) and -exponent > places
    return round(amount, places) if too_fine else amount
