"""Rules about HTTP: sizes, methods, secrets and time."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from testbed.conformance.play import Play
from testbed.conformance.rule import BEHAVES, CALL, OUTCOMES, PATH, Rules, elsewhere, lucky_monaco
from testbed.provider import Dialect, Endpoint, Request, Response
from testbed.rules import NotTriedError

RULES: Final = Rules()

Call = Callable[[Request], Awaitable[Response]]
"""How a request is sent."""

MAX_BODY_LENGTH: Final = 16 * 1024
"""Bytes; a Cancel has about 300."""


@RULES.rule("a body over 16 KiB is not read", PATH, "more than that", lucky_monaco)
async def body_too_long(play: Play) -> None:
    more = {"later": "x" * MAX_BODY_LENGTH}
    await _refused_away(play, "a body of over 16 KiB", lambda status: status != 200, more=more)


def _posts(dialect: Dialect) -> bool:
    return dialect.method == "POST"


def _gets(dialect: Dialect) -> bool:
    return dialect.method == "GET"


@RULES.rule("only POST cancels", CALL, "a GET", _posts)
@RULES.rule("only GET cancels", CALL, "a POST", _gets)
async def another_method(play: Play) -> None:
    method = "GET" if _posts(play.dialect) else "POST"
    by = partial(play.endpoint.call, method=method)
    await _refused_away(play, f"a {method}", lambda status: status == 405, by)


@RULES.rule("a wrong secret opens nothing", OUTCOMES, "another secret")
async def wrong_secret(play: Play) -> None:
    other = play.endpoint.with_secret(secrets.token_urlsafe(24))
    if other is None:
        raise NotTriedError("the URL has no secret")
    try:
        await _refused_away(play, "a wrong secret", lambda status: status == 404, other.call)
    finally:
        other.close()


@RULES.rule("a refused address cancels nothing", OUTCOMES, "one from outside", elsewhere)
async def address(play: Play) -> None:
    """No document knows an answer for it."""
    call = _outside(play).call
    done = play.dialect.done
    bet = await play.bets.any_bet()
    request = play.dialect.request(play.fields_of(bet), play.endpoint.key)
    heard = await play.send_body(
        "a cancel from outside", request.body, post=lambda _: call(request)
    )
    if heard.attempt.status is None or heard.attempt.code in done:
        play.fault(heard, f"{heard.summary}, expected a refusal")
    await play.expect_unmoved(bet)
    await play.give_back("then a good one", bet)


def _outside(play: Play) -> Endpoint:
    if play.outside is None:
        raise NotTriedError("no address is given that must be refused (--refused-from)")
    return play.outside


@RULES.rule("a refused address is told so", OUTCOMES, "one from outside", lucky_monaco)
async def refused_address(play: Play) -> None:
    call = _outside(play).call
    await _refused_away(play, "a cancel from outside", lambda status: status == 403, call)
    heard, code = play.exchanges[0], play.lucky_monaco.credentials
    if heard.attempt.status == 403 and (heard.document or {}).get("error") != code:
        play.fault(heard, f"the answer has no error {code}")


@RULES.rule("every answer comes in time", BEHAVES, "all of the above")
async def in_time(play: Play) -> None:
    for heard in play.before:
        if heard.attempt.seconds >= play.limit_s:
            play.fault(heard, f"no answer within {play.limit_s:g} s")


async def _refused_away(
    play: Play,
    sent: str,
    right: Callable[[int], bool],
    call: Call | None = None,
    more: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """An HTTP status that is `right` and nothing else; afterwards the bet can be cancelled."""
    bet = await play.bets.any_bet()
    request = play.dialect.request({**play.fields_of(bet), **more}, play.endpoint.key)
    to = call or play.endpoint.call
    heard = await play.send_body(sent, request.body, post=lambda _: to(request))
    status = heard.attempt.status
    if status is None or not right(status):
        play.fault(heard, f"{heard.summary}, expected another HTTP status")
    await play.expect_unmoved(bet)
    await play.give_back("then a good one", bet)
