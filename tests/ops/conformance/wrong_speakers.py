"""Receivers of the dialects that have signatures, made wrong: each function makes a wrong one of a
right one."""

import asyncio
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from testbed.provider import DIALECTS
from tests.ops.conformance.casino import Casino
from tests.ops.conformance.handlers import SHORT_S
from tests.ops.conformance.serving import Handler, Right
from tests.ops.conformance.speaking import Speaker
from tests.ops.conformance.speaking.speaker import Asked, Decided, MalformedError
from tests.ops.conformance.wire import ALLOWED, SECRET, Request, Response

Make = Callable[[type[Speaker]], type[Speaker]]
Fields = Mapping[str, Any]


def but(base: type[Speaker], **changed: object) -> type[Speaker]:
    """Right, but for some methods."""
    return cast(type[Speaker], type(f"Wrong{base.__name__}", (base,), changed))


# What it answers.


def with_code(case: str, code: object) -> Make:
    """Another code, all else as it was."""
    return lambda base: but(base, cases={**base.cases, case: code})


def refusing(case: str, code: object) -> Make:
    """A refusal instead of the right answer."""

    def make(base: type[Speaker]) -> type[Speaker]:
        def success(
            self: Speaker, fields: Fields, done: Sequence[Decided], cash: Decimal
        ) -> Response:
            if any(each.case == case for each in done):
                return self.refusal(case, fields)
            return base.success(self, fields, done, cash)

        return but(base, cases={**base.cases, case: code}, success=success)

    return make


def answering(change: Callable[[dict[str, Any]], object]) -> Make:
    """Something else in each success."""

    def make(base: type[Speaker]) -> type[Speaker]:
        def success(
            self: Speaker, fields: Fields, done: Sequence[Decided], cash: Decimal
        ) -> Response:
            response = base.success(self, fields, done, cash)
            document = response.document
            change(document)
            return response._replace(body=json.dumps(document).encode())

        return but(base, success=success)

    return make


def in_cents(base: type[Speaker]) -> type[Speaker]:
    return but(base, balance=lambda self, cash: base.balance(self, cash * 100))


def with_text_balance(base: type[Speaker]) -> type[Speaker]:
    return but(base, balance=lambda _self, cash: f"{cash:f}")


def without_balance(base: type[Speaker]) -> type[Speaker]:
    return answering(lambda document: document.pop("balance", None))(base)


def with_new_ids(base: type[Speaker]) -> type[Speaker]:
    numbers = itertools.count()
    return but(base, own_id=lambda _self, _decided: f"w-{next(numbers)}")


# Whom it trusts.


def trusting(base: type[Speaker]) -> type[Speaker]:
    return but(base, is_signed=lambda *_: True)


def trusting_the_unsigned(base: type[Speaker]) -> type[Speaker]:
    def is_signed(self: Speaker, request: Request, fields: Fields) -> bool:
        return self.given(request, fields) == "" or base.is_signed(self, request, fields)

    return but(base, is_signed=is_signed)


def comparing_the_start(base: type[Speaker]) -> type[Speaker]:
    """As far as the shorter one goes, but for none at all."""

    def verifies(self: Speaker, given: str, request: Request, fields: Fields, key: str) -> bool:
        right = self.signature(request, fields, key)
        return given != "" and given[: len(right)] == right[: len(given)]

    return but(base, verifies=verifies)


def remembering(base: type[Speaker]) -> type[Speaker]:
    """A signature that was good once is good for all."""
    good: set[str] = set()

    def is_signed(self: Speaker, request: Request, fields: Fields) -> bool:
        given = self.given(request, fields)
        if base.is_signed(self, request, fields):
            good.add(given)
        return given in good

    return but(base, is_signed=is_signed)


def with_foreign_key(dialect: str) -> Make:
    """One that is somebody else's."""

    def make(base: type[Speaker]) -> type[Speaker]:
        def __init__(self: Speaker) -> None:  # noqa: N807
            base.__init__(self)
            self.keys = (*self.keys, DIALECTS[dialect].other_key())

        return but(base, __init__=__init__)

    return make


def with_one_key(base: type[Speaker]) -> type[Speaker]:
    def __init__(self: Speaker) -> None:  # noqa: N807
        base.__init__(self)
        self.keys = self.keys[:1]

    return but(base, __init__=__init__)


def writing_again(base: type[Speaker]) -> type[Speaker]:
    """What is signed are not the bytes that came."""

    def is_signed(self: Speaker, request: Request, fields: Fields) -> bool:
        written = request._replace(body=json.dumps(fields).encode())
        return base.is_signed(self, written, fields)

    return but(base, is_signed=is_signed)


def not_decoding(base: type[Speaker]) -> type[Speaker]:
    """A form is taken as it stands."""

    def fields(_self: Speaker, request: Request) -> dict[str, Any]:
        return dict(pair.split("=", 1) for pair in request.body.decode().split("&") if pair)

    return but(base, fields=fields)


# What it reads.


def demanding(*names: str) -> Make:
    """Fields that may be missing, or are never sent."""

    def make(base: type[Speaker]) -> type[Speaker]:
        def asked(self: Speaker, fields: Fields) -> list[Asked]:
            if any(name not in fields for name in names):
                raise MalformedError
            return base.asked(self, fields)

        return but(base, asked=asked)

    return make


def refusing_field(name: str) -> Make:
    def make(base: type[Speaker]) -> type[Speaker]:
        def asked(self: Speaker, fields: Fields) -> list[Asked]:
            if name in fields:
                raise MalformedError
            return base.asked(self, fields)

        return but(base, asked=asked)

    return make


def refusing_other(name: str) -> Make:
    """Only what the first cancel of a bet had."""
    firsts: dict[str, object] = {}

    def make(base: type[Speaker]) -> type[Speaker]:
        def asked(self: Speaker, fields: Fields) -> list[Asked]:
            made = base.asked(self, fields)
            if firsts.setdefault(made[0].reference, fields.get(name)) != fields.get(name):
                raise MalformedError
            return made

        return but(base, asked=asked)

    return make


def reading(text: Callable[[Any], str]) -> Make:
    """Another idea of what text is."""

    def make(base: type[Speaker]) -> type[Speaker]:
        def read(self: Speaker, value: object) -> str:
            try:
                return base.text(self, value)
            except MalformedError:
                return text(value)

        return but(base, text=read)

    return make


def blank_too(value: Any) -> str:
    if isinstance(value, str) and not value.strip():
        return "x"
    raise MalformedError


def numbers_too(value: Any) -> str:
    if isinstance(value, int):
        return str(value)
    raise MalformedError


def without_nul(value: Any) -> str:
    if isinstance(value, str) and "\0" in value:
        return value.replace("\0", "")
    raise MalformedError


def at_most_36(base: type[Speaker]) -> type[Speaker]:
    def text(self: Speaker, value: object) -> str:
        if len(str(value)) > 36:
            raise MalformedError
        return base.text(self, value)

    return but(base, text=text)


def reading_arrays(base: type[Speaker]) -> type[Speaker]:
    def fields(self: Speaker, request: Request) -> dict[str, Any]:
        body = request.body.strip()
        inner = body[1:-1] if body.startswith(b"[{") else body
        return base.fields(self, request._replace(body=inner))

    return but(base, fields=fields)


def crashing(base: type[Speaker]) -> type[Speaker]:
    def answer(self: Speaker, request: Request, casino: Casino) -> Response:
        try:
            base.fields(self, request)
        except (MalformedError, ValueError, RecursionError):
            return Response(500, b"")
        return base.answer(self, request, casino)

    return but(base, answer=answer)


def called(change: Callable[[Request], Request]) -> Make:
    """Takes a request for another one."""

    def make(base: type[Speaker]) -> type[Speaker]:
        def answer(self: Speaker, request: Request, casino: Casino) -> Response:
            return base.answer(self, change(request), casino)

        return but(base, answer=answer)

    return make


def from_anywhere(request: Request) -> Request:
    return request._replace(sender=ALLOWED)


def by_any_method(request: Request) -> Request:
    return request._replace(method="POST")


def at_any_secret(request: Request) -> Request:
    _, _, rest = request.path[1:].partition("/")
    return request._replace(path=f"/{SECRET}/{rest}")


# What it decides.


def refusing_the_frozen(base: type[Speaker]) -> type[Speaker]:
    def judged(self: Speaker, asked: Asked, casino: Casino) -> Decided:
        decided = base.judged(self, asked, casino)
        is_frozen = decided.stake and decided.stake.player.user_id in casino.frozen
        return Decided(asked, "player") if is_frozen else decided

    return but(base, judged=judged)


def paying_what_is_asked(base: type[Speaker]) -> type[Speaker]:
    def judged(self: Speaker, asked: Asked, casino: Casino) -> Decided:
        decided = base.judged(self, asked, casino)
        if decided.case != "amount":
            return decided
        assert decided.stake
        assert asked.amount
        casino.credit(decided.stake.player, asked.amount - decided.stake.amount)
        return Decided(asked, "first", decided.stake)

    return but(base, judged=judged)


def doing_part(base: type[Speaker]) -> type[Speaker]:
    """Each bet by itself, until one is refused."""

    def told(self: Speaker, fields: Fields, asked: Sequence[Asked], casino: Casino) -> Response:
        for each in asked[:-1]:
            response = base.told(self, fields, [each], casino)
            if response.status != 200:
                return response
        return base.told(self, fields, asked, casino)

    return but(base, told=told)


def doing_one(base: type[Speaker]) -> type[Speaker]:
    """The first one, and says so of all."""

    def told(self: Speaker, fields: Fields, asked: Sequence[Asked], casino: Casino) -> Response:
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
    def make(base: type[Speaker]) -> type[Speaker]:
        def told(self: Speaker, fields: Fields, asked: Sequence[Asked], casino: Casino) -> Response:
            stakes = [casino.bets.get(each.reference) for each in asked]
            states = {stake.state if stake else "unknown" for stake in stakes}
            if case in states and len(states) > 1:
                return self.refusal("malformed", fields)
            return base.told(self, fields, asked, casino)

        return but(base, told=told)

    return make


def paying_twice(base: type[Speaker]) -> type[Speaker]:
    """Looks at all before it does anything."""

    def told(self: Speaker, fields: Fields, asked: Sequence[Asked], casino: Casino) -> Response:
        seen: set[str] = set()
        for each in asked:
            stake = casino.bets.get(each.reference)
            if stake and stake.state == "placed" and each.reference in seen:
                casino.give_back(stake)
            seen.add(each.reference)
        return base.told(self, fields, asked, casino)

    return but(base, told=told)


# When it answers.


def busy(speaker: type[Speaker], code: object) -> Handler:
    """Says so for good to whoever comes while another one is being answered."""
    refusing = with_code("busy", code)(speaker)()
    under_way = 0

    async def handler(request: Request, right: Right, _casino: Casino) -> Response:
        nonlocal under_way
        if under_way:
            return refusing.refusal("busy", refusing.fields(request))
        under_way += 1
        try:
            await asyncio.sleep(0.02)
            return await right(request)
        finally:
            under_way -= 1

    return handler


async def slow_over_more(request: Request, right: Right, _casino: Casino) -> Response:
    if b"laterField" in request.body:
        await asyncio.sleep(SHORT_S * 2)
    return await right(request)


async def with_exponents_refused(request: Request, right: Right, _casino: Casino) -> Response:
    return Response(500, b"") if b"e+0" in request.body else await right(request)


async def with_details_demanded(request: Request, right: Right, _casino: Casino) -> Response:
    return await right(request) if b'"details"' in request.body else Response(500, b"")
