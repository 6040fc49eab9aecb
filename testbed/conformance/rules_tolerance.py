"""Rules about variations that are no reason to refuse a cancel."""

import codecs
import json
from collections.abc import Iterator
from typing import Final

from testbed.conformance import sources
from testbed.conformance.play import Play
from testbed.conformance.rule import Rules

TOLERANCE: Final = Rules()

CONTENT_TYPES: Final = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/json; charset=latin-1",
    None,
)


@TOLERANCE.rule("the session says nothing", sources.BEHAVES, "two sessions")
async def session(play: Play) -> None:
    bet = await play.bets.any_bet()
    cancel = play.cancel_of(bet).fields()
    play.expect_success(await play.send("a session that nobody opened", cancel))
    later = cancel | {"sessionId": "a-later-session"}
    play.expect_success(await play.send("another session", later))
    await play.expect_back(bet)


@TOLERANCE.rule("gamename is gameName", sources.CALL, "gamename instead of gameName")
async def spelling_of_the_game(play: Play) -> None:
    bet = await play.bets.any_bet()
    fields: dict[str, object] = {**play.cancel_of(bet).fields()}
    fields["gamename"] = fields.pop("gameName")
    play.expect_success(await play.send("gamename instead of gameName", fields))
    await play.expect_back(bet)


@TOLERANCE.rule("the case of providerId says nothing", sources.CALL, "small, capital, capitalized")
async def case_of_the_provider(play: Play) -> None:
    own = play.bets.provider_id
    for spelled in dict.fromkeys((own.lower(), own.upper(), own.capitalize())):
        bet = await play.bets.any_bet()
        cancel = play.cancel_of(bet).fields() | {"providerId": spelled}
        play.expect_success(await play.send(f"providerId {spelled}", cancel))
        await play.expect_back(bet)


@TOLERANCE.rule("unknown fields change nothing", sources.CALL, "three fields more")
async def unknown_fields(play: Play) -> None:
    bet = await play.bets.any_bet()
    more = {"roundId": "r-1", "bonusCode": None, "later": {"version": [1, 2.5, True]}}
    cancel = more | play.cancel_of(bet).fields()
    play.expect_success(await play.send("fields of later versions", cancel))
    await play.expect_back(bet)


@TOLERANCE.rule("an amount says nothing", sources.CALL, "an amount that is not the stake")
async def amount(play: Play) -> None:
    bet = await play.bets.any_bet()
    cancel = play.cancel_of(bet).fields() | {"amount": "77.00"}
    play.expect_success(await play.send("an amount of 77.00", cancel))
    await play.expect_back(bet)


@TOLERANCE.rule("any content type is read", sources.CALL, "text, form, latin-1 and no type")
async def content_type(play: Play) -> None:
    for written in CONTENT_TYPES:
        bet = await play.bets.any_bet()
        cancel = play.cancel_of(bet)
        heard = await play.send_body(
            f"content type {written or 'not given'}",
            cancel.body(),
            fields=cancel.fields(),
            post=play.by("POST", written),
        )
        play.expect_success(heard)
        await play.expect_back(bet)


@TOLERANCE.rule("a BOM is skipped", sources.CALL, "a BOM before the JSON")
async def byte_order_mark(play: Play) -> None:
    bet = await play.bets.any_bet()
    cancel = play.cancel_of(bet)
    body = codecs.BOM_UTF8 + cancel.body()
    play.expect_success(await play.send_body("a BOM", body, fields=cancel.fields()))
    await play.expect_back(bet)


@TOLERANCE.rule("UTF-8 is read", sources.CALL, "a game's name beyond ASCII")
async def beyond_ascii(play: Play) -> None:
    bet = await play.bets.any_bet()
    fields = play.cancel_of(bet).fields() | {"gameName": "Käse & Würfel 🎲"}
    body = json.dumps(fields, ensure_ascii=False).encode()
    play.expect_success(await play.send_body("a game named in UTF-8", body))
    await play.expect_back(bet)


@TOLERANCE.rule("the longest values are taken", sources.CALL, "each field at its longest")
async def longest(play: Play) -> None:
    for name, most in _measured(play):
        bet = await play.bets.unknown()
        fields = play.cancel_of(bet).fields()
        fields[name] = fields[name].ljust(most, "X")
        play.expect_success(await play.send(f"{name} of {most} characters", fields))


def _measured(play: Play) -> Iterator[tuple[str, int]]:
    for name, most in play.dialect.fields.items():
        # The provider's id is the endpoint's, whatever its length.
        if most is not None and name != "providerId":
            yield name, most
