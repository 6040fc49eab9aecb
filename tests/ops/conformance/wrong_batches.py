"""Receivers that do the wrong thing with several bets in one request."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from tests.ops.conformance.casino import Casino
from tests.ops.conformance.reference_receivers import ReferenceReceiver
from tests.ops.conformance.reference_receivers.receiver import Asked, Decided
from tests.ops.conformance.serving import Right
from tests.ops.conformance.wire import Request, Response
from tests.ops.conformance.wrong_answers import Fields, Make, answering, but

_SEVERAL = "several bets are given back by one request"
_LATE = "a late bet takes nothing, whatever its cancel named besides"
AT_ONCE = "cancels of several at once give back once"


def of_batches() -> Iterator[tuple[str, str, Make]]:
    """By the rules that must find them."""
    yield _SEVERAL, "in another order", answering(in_other_order)
    yield _SEVERAL, "one of them is", doing_one
    yield _SEVERAL, "only the first has a name of our own", naming_one
    others = "another player's bet undoes none of the others"
    yield others, "those before it are undone", doing_part
    settled = "with a settled bet all others are back, or none"
    yield settled, "they are, and an error is told", refusing_what_was_done
    unknown = refusing_among_others("unknown")
    yield "an unknown bet is no hindrance to others", "it is", unknown
    undone = refusing_among_others("reversed")
    yield "what was undone is no hindrance to others", "it is", undone
    yield "a bet named twice is given back once", "twice", paying_twice
    yield _LATE, "an unknown bet leaves no mark", marking(lambda _place: False)
    yield _LATE, "only the first one leaves a mark", marking(lambda place: place == 0)


def marking(leaves_mark: Callable[[int], bool]) -> Make:
    """An unknown bet among others leaves a mark only in some places."""

    def make(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
        def told(
            self: ReferenceReceiver, fields: Fields, asked: Sequence[Asked], casino: Casino
        ) -> Response:
            before = set(casino.tombstones)
            response = base.told(self, fields, asked, casino)
            if len(asked) > 1:
                unmarked = {each.reference for n, each in enumerate(asked) if not leaves_mark(n)}
                casino.tombstones -= unmarked - before
            return response

        return but(base, told=told)

    return make


def naming_one(base: type[ReferenceReceiver]) -> type[ReferenceReceiver]:
    """All are given back; an empty name says of the others that they were not."""

    def success(
        self: ReferenceReceiver, fields: Fields, done: Sequence[Decided], cash: Decimal
    ) -> Response:
        others = [Decided(each.asked, "unknown", each.stake) for each in done[1:]]
        return base.success(self, fields, [done[0], *others], cash)

    return but(base, success=success)


async def racing(request: Request, right: Right, casino: Casino) -> Response:
    """Looks at all, waits, and only then writes: what comes in between is paid for as well."""
    actions = request.fields.get("actions")
    if not isinstance(actions, list) or len(actions) == 1:
        return await right(request)
    stakes = [casino.bets.get(str(each["original_action_id"])) for each in actions]
    seen = [stake for stake in stakes if stake and stake.state == "placed"]
    await asyncio.sleep(0.06)  # the second of some at once has looked by then
    for stake in seen:
        if stake.state == "reversed":
            casino.give_back(stake)
    return await right(request)


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
