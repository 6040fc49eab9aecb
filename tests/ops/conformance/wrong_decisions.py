"""Receivers that do the wrong thing with good cancels, or at the wrong time."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Decimal

from testbed.conformance.nested import value_at
from tests.ops.conformance.casino import Casino
from tests.ops.conformance.handlers import SHORT_S
from tests.ops.conformance.reference_receivers import ReferenceReceiver
from tests.ops.conformance.reference_receivers.receiver import Asked, Decided, MalformedError
from tests.ops.conformance.serving import Handler, Right
from tests.ops.conformance.wire import Request, Response
from tests.ops.conformance.wrong_answers import Fields, Make, but, with_code

SECOND_LIMIT_S = 3.0
"""How long the first of several at once waits for a second one."""


def refusing_the_frozen(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    def judged(self: ReferenceReceiver, asked: Asked, casino: Casino) -> Decided:
        decided = base.judged(self, asked, casino)
        is_frozen = decided.stake and decided.stake.player.user_id in casino.frozen
        return Decided(asked, "player") if is_frozen else decided

    return but(base, judged=judged)


def _paying(amount_of: Callable[[Decimal, Decimal], Decimal]) -> Make:
    """Takes another amount than the stake: what it pays is made of both."""

    def make(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
        def judged(self: ReferenceReceiver, asked: Asked, casino: Casino) -> Decided:
            decided = base.judged(self, asked, casino)
            if decided.case != "amount":
                return decided
            assert decided.stake
            assert asked.amount is not None
            stake = decided.stake.amount
            casino.credit(decided.stake.player, amount_of(asked.amount, stake) - stake)
            return Decided(asked, "first", decided.stake)

        return but(base, judged=judged)

    return make


paying_what_is_asked = _paying(lambda asked, _: asked)
paying_the_less = _paying(min)


def paying_nothing_for_0(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    """Any other wrong amount is refused."""
    paying = paying_the_less(base)

    def judged(self: ReferenceReceiver, asked: Asked, casino: Casino) -> Decided:
        return (paying if asked.amount == 0 else base).judged(self, asked, casino)

    return but(base, judged=judged)


def bound_by_half(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    """Half the amount is refused, and so is whatever comes after it."""

    def judged(self: ReferenceReceiver, asked: Asked, casino: Casino) -> Decided:
        decided = base.judged(self, asked, casino)
        if decided.case == "amount" and decided.stake and asked.amount == decided.stake.amount / 2:
            decided.stake.state = "refused"
        return decided

    return but(base, judged=judged)


def once_for_each(way: str) -> Make:
    """Takes the cancel of another bet for a repeated one if that field is the same."""

    def make(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
        firsts: dict[object, set[str]] = {}

        def told(
            self: ReferenceReceiver, fields: Fields, asked: Sequence[Asked], casino: Casino
        ) -> Response:
            named = {each.reference for each in asked}
            shared = None
            with suppress(KeyError):  # it may be missing
                shared = value_at(fields, way)
            if shared is None or not named <= casino.bets.keys():
                return base.told(self, fields, asked, casino)
            if firsts.setdefault(shared, named) & named:
                return base.told(self, fields, asked, casino)
            done = [Decided(each, "first", casino.bets[each.reference]) for each in asked]
            return self.success(fields, done, self.cash(casino, asked[0], done[0]))

        return but(base, told=told)

    return make


def demanding_an_amount(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    """Where none may be said by an empty one, or by null."""

    def asked(self: ReferenceReceiver, fields: Fields) -> list[Asked]:
        if fields.get("rollbackAmount") in ("", "null"):
            raise MalformedError
        return base.asked(self, fields)

    return but(base, asked=asked)


def busy(receiver: type[ReferenceReceiver], code: object) -> Handler:
    """Says so for good to whoever comes while another one is being answered, which takes until
    somebody comes. Whoever comes alone is answered late."""
    refusing = with_code("busy", code)(receiver)()
    second: asyncio.Event | None = None  # has come; None while nobody is being answered

    async def handler(request: Request, right: Right, _casino: Casino) -> Response:
        nonlocal second
        if second is not None:
            second.set()
            return refusing.refusal("busy", refusing.fields(request))
        second = asyncio.Event()
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(second.wait(), SECOND_LIMIT_S)
            return await right(request)
        finally:
            second = None

    return handler


async def slow_over_more(request: Request, right: Right, _casino: Casino) -> Response:
    if b"laterField" in request.path.encode() + request.body:
        await asyncio.sleep(SHORT_S * 2)
    return await right(request)


async def with_exponents_refused(request: Request, right: Right, _casino: Casino) -> Response:
    return Response(500, b"") if b"e+0" in request.body else await right(request)


async def with_details_demanded(request: Request, right: Right, _casino: Casino) -> Response:
    return await right(request) if b'"details"' in request.body else Response(500, b"")
