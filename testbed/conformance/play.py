"""The actions of a rule: send, compare, look at the player's cash."""

import secrets
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from testbed.conformance.bets import Bets, PreparedBet
from testbed.conformance.rule import Exchange
from testbed.provider import (
    Answer,
    Cancel,
    Case,
    Code,
    Dialect,
    Endpoint,
    Fields,
    LuckyMonaco,
    Player,
    Request,
    Response,
    attempt,
    read_answer,
)
from testbed.provider.dialects.documents import written
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
        second_key: str | None = None,
        given_up: bool = False,
    ) -> None:
        self.endpoint = endpoint
        self.outside = outside
        """The endpoint, called from an address that it must refuse; None if there is none."""
        self.second_key = second_key
        """Another key that is good; None if there is none."""
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

    @property
    def lucky_monaco(self) -> LuckyMonaco:
        """The same, for the rules of that provider alone."""
        if not isinstance(self.dialect, LuckyMonaco):
            raise TypeError(f"{self.dialect.name} is no dialect of Lucky Monaco")
        return self.dialect

    def cancel_of(
        self, bet: PreparedBet, player: Player | None = None, others: tuple[str, ...] = ()
    ) -> Cancel:
        """A new Cancel of the bet, with a uuid and a session of its own; `others`: the references
        of further bets in the same request."""
        user_id, currency = player or bet.player
        return Cancel(
            user_id=user_id,
            provider_id=self.bets.provider_id,
            currency=currency,
            reference=bet.reference,
            uuid=secrets.token_hex(16),
            session_id=secrets.token_hex(16),
            round_id=secrets.token_hex(12) if self.dialect.names_rounds else None,
            amount=bet.stake if self.dialect.amount and bet.stake else None,
            others=others,
        )

    def fields_of(
        self, bet: PreparedBet, player: Player | None = None, others: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """Those of a new Cancel, by the provider's names."""
        return self.dialect.fields(self.cancel_of(bet, player, others))

    async def cancel(self, sent: str, bet: PreparedBet) -> Exchange:
        """Send a new Cancel of the bet; `sent` says in words what it is."""
        return await self.send(sent, self.fields_of(bet))

    async def give_back(self, sent: str, bet: PreparedBet) -> None:
        """Send a new Cancel of the bet: a success that gives its stake back, once."""
        self.expect_done(await self.cancel(sent, bet), bet)
        await self.expect_back(bet)

    async def send(self, sent: str, fields: Fields, *, gives_back: bool = False) -> Exchange:
        """Send fields by the provider's names; `gives_back`: a success must have all its fields."""
        request = self.dialect.request(fields, self.endpoint.key)
        return await self.send_request(sent, request, fields, gives_back=gives_back)

    async def send_request(
        self, sent: str, request: Request, fields: Fields, *, gives_back: bool = False
    ) -> Exchange:
        """Send a request of those fields."""
        return await self.send_body(
            sent,
            request.body,
            fields=fields,
            post=lambda _: self.endpoint.call(request),
            gives_back=gives_back,
        )

    async def send_body(
        self,
        sent: str,
        body: bytes,
        *,
        fields: Fields = MappingProxyType({}),
        post: Post | None = None,
        gives_back: bool = False,
    ) -> Exchange:
        """Send a body as it stands; what the answer repeats of `fields`, it must repeat rightly."""
        if self._given_up:
            raise NotTriedError("the endpoint has stopped answering")
        heard: list[Response] = []

        async def call() -> Answer:
            heard.append(await (post or self.endpoint.post)(body))
            return read_answer(heard[0], fields, self.dialect, gives_back=gives_back)

        made = await attempt(call, self.limit_s)
        document = self.dialect.document_of(heard[0].body) if heard else None
        exchange = Exchange(sent, body, made, document)
        self.exchanges.append(exchange)
        return exchange

    def by(self, method: str, content_type: str | None) -> Post:
        """To send by another method, or with another content type or none."""
        return partial(self.endpoint.post, method=method, content_type=content_type)

    def expect(self, heard: Exchange, codes: Collection[Code], naming: str = "") -> None:
        """One of `codes`, with a description that names the field `naming`."""
        allowed = " or ".join(sorted(map(str, codes)))
        if heard.attempt.code not in codes:
            self.fault(heard, f"{heard.summary}, expected {allowed}")
        elif naming.casefold() not in heard.attempt.text.casefold():
            self.fault(heard, f"{heard.summary}, expected {naming} to be named")

    def expect_case(self, heard: Exchange, *cases: Case) -> None:
        """A code that the dialect allows in one of these cases."""
        self.expect(heard, frozenset().union(*(self.dialect.allowed[case] for case in cases)))

    def expect_refused(self, heard: Exchange, case: Case) -> None:
        """As `expect_case`, or HTTP's own word for a bad request."""
        status = heard.attempt.status
        if heard.attempt.code is not None or status is None or not 400 <= status < 500:
            self.expect_case(heard, case)

    def expect_done(self, heard: Exchange, bet: PreparedBet) -> None:
        """The answer to the first cancel of a bet."""
        self.expect_case(heard, Case.FIRST if bet.known else Case.UNKNOWN)

    def expect_success(self, heard: Exchange) -> None:
        """The answer of a dialect that has one success for all cases."""
        self.expect_case(heard, Case.FIRST)

    def expect_equal(self, first: Exchange, other: Exchange) -> None:
        """The same answer, in all the fields that stay the same."""
        lasting = self.dialect.lasting
        if lasting(first.document or {}) != lasting(other.document or {}):
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


def _shown(heard: Exchange) -> str:
    return heard.summary if heard.document is None else written(heard.document).decode()
