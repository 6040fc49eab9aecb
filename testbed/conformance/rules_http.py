"""Rules about HTTP: sizes, methods, secrets and time."""

import json
import secrets
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from testbed.conformance.play import Play, Post
from testbed.conformance.rule import BEHAVES, CALL, OUTCOMES, PATH, Rules
from testbed.rules import NotTriedError

RULES: Final = Rules()

MAX_BODY_LENGTH: Final = 16 * 1024
"""Bytes; a Cancel has about 300."""


@RULES.rule("a body over 16 KiB is not read", PATH, "more than that")
async def body_too_long(play: Play) -> None:
    more = {"later": "x" * MAX_BODY_LENGTH}
    await _refused_away(play, "a body of over 16 KiB", lambda status: status != 200, more=more)


@RULES.rule("only POST cancels", CALL, "a GET")
async def another_method(play: Play) -> None:
    get = play.by("GET", "application/json")
    await _refused_away(play, "a GET", lambda status: status == 405, get)


@RULES.rule("a wrong secret opens nothing", OUTCOMES, "another secret")
async def wrong_secret(play: Play) -> None:
    other = play.endpoint.with_secret(secrets.token_urlsafe(24))
    if other is None:
        raise NotTriedError("the URL has no secret")
    try:
        await _refused_away(play, "a wrong secret", lambda status: status == 404, other.post)
    finally:
        other.close()


@RULES.rule("a refused address is told so", OUTCOMES, "one from outside")
async def refused_address(play: Play) -> None:
    if play.outside is None:
        raise NotTriedError("no address is given that must be refused (--refused-from)")
    post, code = play.outside.post, play.dialect.credentials
    await _refused_away(play, "a cancel from outside", lambda status: status == 403, post)
    heard = play.exchanges[0]
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
    post: Post | None = None,
    more: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """An HTTP status that is `right` and nothing else; afterwards the bet can be cancelled."""
    bet = await play.bets.any_bet()
    fields = {**play.cancel_of(bet).fields(), **more}
    heard = await play.send_body(sent, json.dumps(fields).encode(), post=post)
    status = heard.attempt.status
    if status is None or not right(status):
        play.fault(heard, f"{heard.summary}, expected another HTTP status")
    await play.expect_unmoved(bet)
    await play.give_back("then a good one", bet)
