"""Rules about HTTP: sizes, methods, secrets and time."""

import json
import secrets
from collections.abc import Callable
from typing import Final

from testbed.conformance import sources
from testbed.conformance.bets import PreparedBet
from testbed.conformance.play import Play, Post
from testbed.conformance.rule import NotTriedError, Rules

HTTP: Final = Rules()

MAX_BODY_LENGTH: Final = 16 * 1024
"""Bytes; a Cancel has about 300."""


@HTTP.rule("a body over 16 KiB is not read", sources.PATH, "more than that")
async def body_too_long(play: Play) -> None:
    bet = await play.bets.any_bet()
    fields = play.cancel_of(bet).fields() | {"later": "x" * MAX_BODY_LENGTH}
    await _refused_away(
        play, "a body of over 16 KiB", json.dumps(fields).encode(), bet, lambda s: s != 200
    )


@HTTP.rule("only POST cancels", sources.CALL, "a GET")
async def another_method(play: Play) -> None:
    bet = await play.bets.any_bet()
    body, by = play.cancel_of(bet).body(), play.by("GET", "application/json")
    await _refused_away(play, "a GET", body, bet, lambda status: status == 405, by)


@HTTP.rule("a wrong secret opens nothing", sources.OUTCOMES, "another secret")
async def wrong_secret(play: Play) -> None:
    other = play.endpoint.with_secret(secrets.token_urlsafe(24))
    if other is None:
        raise NotTriedError("the URL has no secret")
    bet = await play.bets.any_bet()
    body = play.cancel_of(bet).body()
    try:
        await _refused_away(play, "a wrong secret", body, bet, lambda s: s == 404, other.post)
    finally:
        other.close()


@HTTP.rule("a refused address is told so", sources.OUTCOMES, "one from outside")
async def refused_address(play: Play) -> None:
    if play.outside is None:
        raise NotTriedError("no address is given that must be refused (--refused-from)")
    bet = await play.bets.any_bet()
    body, code = play.cancel_of(bet).body(), play.dialect.credentials
    await _refused_away(
        play, "a cancel from outside", body, bet, lambda s: s == 403, play.outside.post
    )
    heard = play.exchanges[0]
    if heard.attempt.status == 403 and (heard.document or {}).get("error") != code:
        play.fault(heard, f"the answer has no error {code}")


@HTTP.rule("every answer comes in time", sources.BEHAVES, "all of the above")
async def in_time(play: Play) -> None:
    for heard in play.before:
        if heard.attempt.seconds >= play.limit_s:
            play.fault(heard, f"no answer within {play.limit_s:g} s")


async def _refused_away(
    play: Play,
    sent: str,
    body: bytes,
    bet: PreparedBet,
    right: Callable[[int], bool],
    post: Post | None = None,
) -> None:
    """An HTTP status that is `right` and nothing else; afterwards the bet can be cancelled."""
    heard = await play.send_body(sent, body, post=post)
    status = heard.attempt.status
    if status is None or not right(status):
        play.fault(heard, f"{heard.told}, expected another HTTP status")
    await play.expect_unmoved(bet)
    play.expect_success(await play.cancel("then a good one", bet))
    await play.expect_back(bet)
