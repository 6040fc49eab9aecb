"""Receivers that do the wrong thing with good cancels, or at the wrong time."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

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


def paying_what_is_asked(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    def judged(self: ReferenceReceiver, asked: Asked, casino: Casino) -> Decided:
        decided = base.judged(self, asked, casino)
        if decided.case != "amount":
            return decided
        assert decided.stake
        assert asked.amount
        casino.credit(decided.stake.player, asked.amount - decided.stake.amount)
        return Decided(asked, "first", decided.stake)

    return but(base, judged=judged)


def demanding_an_amount(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    """Where none may be said by an empty one, or by null."""

    def asked(self: ReferenceReceiver, fields: Fields) -> list[Asked]:
        if fields.get("rollbackAmount") in ("", "null"):
            raise MalformedError
        return base.asked(self, fields)

    return but(base, asked=asked)


def doing_part(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    """Each bet by itself, until one is refused."""

    def told(
        self: ReferenceReceiver, fields: Fields, asked: Sequence[Asked], casino: Casino
    ) -> Response:
        for each in asked[:-1]:
            response = base.told(self, fields, [each], casino)
            if response.status != 200:
                return response
        return base.told(self, fields, asked, casino)

    return but(base, told=told)


def doing_one(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    """The first one, and says so of all."""

    def told(
        self: ReferenceReceiver, fields: Fields, asked: Sequence[Asked], casino: Casino
    ) -> Response:
        self.decided(asked[0], casino)
        done = [Decided(each, "first") for each in asked]
        return self.success(fields, done, self.cash(casino, asked[0], done[0]))

    return but(
        base,
        told=lambda self, fields, asked, casino: (
            told(self, fields, asked, casino)
            if len(asked) > 1
            else base.told(self, fields, asked, casino)
        ),
    )


def in_other_order(document: dict[str, Any]) -> None:
    document["transactions"].reverse()


def refusing_among_others(case: str) -> Make:
    def make(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
        def told(
            self: ReferenceReceiver, fields: Fields, asked: Sequence[Asked], casino: Casino
        ) -> Response:
            stakes = [casino.bets.get(each.reference) for each in asked]
            states = {stake.state if stake else "unknown" for stake in stakes}
            if case in states and len(states) > 1:
                return self.refusal("malformed", fields)
            return base.told(self, fields, asked, casino)

        return but(base, told=told)

    return make


def refusing_what_was_done(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    """Gives back what it can, and says that nothing was."""

    def told(
        self: ReferenceReceiver, fields: Fields, asked: Sequence[Asked], casino: Casino
    ) -> Response:
        stakes = [casino.bets.get(each.reference) for each in asked]
        response = base.told(self, fields, asked, casino)
        is_part = len(asked) > 1 and any(one and one.state == "settled" for one in stakes)
        return self.refusal("malformed", fields) if is_part else response

    return but(base, told=told)


def paying_twice(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    """Looks at all before it does anything."""

    def told(
        self: ReferenceReceiver, fields: Fields, asked: Sequence[Asked], casino: Casino
    ) -> Response:
        seen: set[str] = set()
        for each in asked:
            stake = casino.bets.get(each.reference)
            if stake and stake.state == "placed" and each.reference in seen:
                casino.give_back(stake)
            seen.add(each.reference)
        return base.told(self, fields, asked, casino)

    return but(base, told=told)


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
