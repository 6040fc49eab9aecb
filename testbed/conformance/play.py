"""The actions of a rule: send, compare, look at the player's cash."""

import json
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from testbed.conformance.bets import Bets, PreparedBet
from testbed.conformance.rule import Exchange
from testbed.provider import (
    SUCCESS,
    Answer,
    Cancel,
    Dialect,
    Endpoint,
    Player,
    Response,
    attempt,
    read_answer,
)
from testbed.rules import NotTriedError
from unbet.core.money import amount
from unbet.wallets.ledger.operations import Balance, BalanceType

Post = Callable[[bytes], Awaitable[Response]]
"""How a body is sent."""


class Play:
    """One rule being played. `expect…` notes what is wrong in `faults`."""

    def __init__(
        self,
        endpoint: Endpoint,
        bets: Bets,
        limit_s: float,
        before: Sequence[Exchange] = (),
        *,
        outside: Endpoint | None = None,
        given_up: bool = False,
    ) -> None:
        self.endpoint = endpoint
        self.outside = outside
        """The endpoint, called from an address that it must refuse; None if there is none."""
        self.bets = bets
        self.limit_s = limit_s
        """How long an answer may take, in seconds."""
        self.before = before
        """All that was sent for the rules before this one."""
        self.exchanges: list[Exchange] = []
        self.faults: list[str] = []
        self._given_up = given_up

    @property
    def dialect(self) -> Dialect:
        """The endpoint's."""
        return self.endpoint.dialect

    def cancel_of(self, bet: PreparedBet, player: Player | None = None) -> Cancel:
        """A new Cancel of the bet, with a uuid and a session of its own."""
        user_id, currency = player or bet.player
        return Cancel(
            user_id=user_id,
            provider_id=self.bets.provider_id,
            currency=currency,
            reference=bet.reference,
            uuid=secrets.token_hex(16),
            session_id=secrets.token_hex(16),
            round_id=secrets.token_hex(12) if self.dialect.names_rounds else None,
        )

    async def cancel(self, sent: str, bet: PreparedBet) -> Exchange:
        """Send a new Cancel of the bet; `sent` says in words what it is."""
        return await self.send(sent, self.cancel_of(bet).fields())

    async def give_back(self, sent: str, bet: PreparedBet) -> None:
        """Send a new Cancel of the bet: a success that gives its stake back, once."""
        self.expect_success(await self.cancel(sent, bet))
        await self.expect_back(bet)

    async def send(self, sent: str, fields: Mapping[str, object]) -> Exchange:
        """Send fields by the provider's names."""
        return await self.send_body(sent, json.dumps(fields).encode(), fields=fields)

    async def send_body(
        self,
        sent: str,
        body: bytes,
        *,
        fields: Mapping[str, object] = MappingProxyType({}),
        post: Post | None = None,
    ) -> Exchange:
        """Send a body as it stands; what the answer repeats of `fields`, it must repeat rightly."""
        if self._given_up:
            raise NotTriedError("the endpoint has stopped answering")
        heard: list[Response] = []

        async def call() -> Answer:
            heard.append(await (post or self.endpoint.post)(body))
            return read_answer(heard[0], fields, self.dialect)

        made = await attempt(call, self.limit_s)
        exchange = Exchange(sent, body, made, _object(heard[0].body) if heard else None)
        self.exchanges.append(exchange)
        return exchange

    def by(self, method: str, content_type: str | None) -> Post:
        """To send by another method, or with another content type or none."""
        return partial(self.endpoint.post, method=method, content_type=content_type)

    def expect(self, heard: Exchange, codes: Collection[int], naming: str = "") -> None:
        """One of `codes`, with a description that names the field `naming`."""
        allowed = " or ".join(map(str, sorted(codes)))
        if heard.attempt.code not in codes:
            self.fault(heard, f"{heard.summary}, expected {allowed}")
        elif naming.casefold() not in heard.attempt.text.casefold():
            self.fault(heard, f"{heard.summary}, expected {naming} to be named")

    def expect_success(self, heard: Exchange) -> None:
        """Code 0."""
        self.expect(heard, {SUCCESS})

    def expect_equal(self, first: Exchange, other: Exchange) -> None:
        """The same answer, in all its fields."""
        if first.document != other.document:
            self.fault(other, f"{_shown(other)}, but {_shown(first)} to {first.sent}")

    async def expect_back(self, bet: PreparedBet) -> None:
        """The stake was given back, once."""
        await self._expect_money(bet, bet.undone, "the stake back, once")

    async def expect_unmoved(self, bet: PreparedBet) -> None:
        """Nothing was given back."""
        await self._expect_money(bet, bet.standing, "nothing moved")

    def fault(self, heard: Exchange, problem: str) -> None:
        """Note what was wrong with an answer."""
        self.faults.append(f"{heard.sent}: {problem}")

    async def _expect_money(self, bet: PreparedBet, money: Balance | None, meaning: str) -> None:
        if money is None:
            return
        now = await self.bets.money(bet.player)
        for kind in BalanceType:
            expected, held = getattr(money, kind), getattr(now, kind, None)
            if held != expected:
                shown = "nothing" if held is None else amount(held)
                self.faults.append(
                    f"{kind} afterwards: {shown}, expected {amount(expected)}: {meaning}"
                )


def _object(body: bytes) -> Mapping[str, object] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _shown(heard: Exchange) -> str:
    return heard.summary if heard.document is None else json.dumps(heard.document)
