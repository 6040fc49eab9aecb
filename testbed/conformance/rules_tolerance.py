"""Rules about variations that are no reason to refuse a cancel."""

import codecs
import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from testbed.conformance.play import Play, Post
from testbed.conformance.rule import BEHAVES, CALL, Rules, lucky_monaco
from testbed.provider import Case, Dialect

RULES: Final = Rules(lucky_monaco)

CONTENT_TYPES: Final = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/json; charset=latin-1",
    None,
)


class Varied(NamedTuple):
    """A cancel that must be taken."""

    sent: str
    changed: Mapping[str, object] = {}
    """The fields in which it differs from a plain one."""
    without: str = ""
    """The field that it does not have."""
    write: Callable[[Any], str] = json.dumps
    start: bytes = b""
    """Comes before the JSON."""
    post: Post | None = None


async def taken(vary: Callable[[Play], Iterable[Varied]], play: Play) -> None:
    """Each cancels a bet."""
    for varied in vary(play):
        bet = await play.bets.any_bet()
        fields = {**play.fields_of(bet), **varied.changed}
        fields.pop(varied.without, None)
        body = varied.start + varied.write(fields).encode()
        heard = await play.send_body(varied.sent, body, fields=fields, post=varied.post)
        play.expect_success(heard)
        await play.expect_back(bet)


_taken: Final = partial(RULES.made, taken)


def _names_session(dialect: Dialect) -> bool:
    return dialect.session is not None


@RULES.rule("the session says nothing", BEHAVES, "two sessions", _names_session)
async def session(play: Play) -> None:
    bet = await play.bets.any_bet()
    cancel = play.cancel_of(bet)
    fields = play.dialect.fields(cancel)
    play.expect_done(await play.send("a session that nobody opened", fields), bet)
    later = play.dialect.fields(cancel.model_copy(update={"session_id": "a-later-session"}))
    then = Case.REPEATED if bet.known else Case.UNKNOWN
    play.expect_case(await play.send("another session", later), then)
    await play.expect_back(bet)


@_taken("gamename is gameName", CALL, "gamename instead of gameName")
def spelling_of_the_game(_play: Play) -> Iterable[Varied]:
    yield Varied("gamename instead of gameName", {"gamename": "tumblefortune"}, "gameName")


@_taken("the case of providerId says nothing", CALL, "small, capital, capitalized")
def case_of_the_provider(play: Play) -> Iterable[Varied]:
    own = play.bets.provider_id
    for spelled in dict.fromkeys((own.lower(), own.upper(), own.capitalize())):
        yield Varied(f"providerId {spelled}", {"providerId": spelled})


@_taken("unknown fields change nothing", CALL, "three fields more")
def unknown_fields(_play: Play) -> Iterable[Varied]:
    more = {"roundId": "r-1", "bonusCode": None, "later": {"version": [1, 2.5, True]}}
    yield Varied("fields of later versions", more)


@_taken("an amount says nothing", CALL, "an amount that is not the stake")
def amount(_play: Play) -> Iterable[Varied]:
    yield Varied("an amount of 77.00", {"amount": "77.00"})


@_taken("any content type is read", CALL, "text, form, latin-1 and no type")
def content_type(play: Play) -> Iterable[Varied]:
    for written in CONTENT_TYPES:
        yield Varied(f"content type {written or 'not given'}", post=play.by("POST", written))


@_taken("a BOM is skipped", CALL, "a BOM before the JSON")
def byte_order_mark(_play: Play) -> Iterable[Varied]:
    yield Varied("a BOM", start=codecs.BOM_UTF8)


@_taken("UTF-8 is read", CALL, "a game's name beyond ASCII")
def beyond_ascii(_play: Play) -> Iterable[Varied]:
    changed, write = {"gameName": "Käse & Würfel 🎲"}, partial(json.dumps, ensure_ascii=False)
    yield Varied("a game named in UTF-8", changed, write=write)


@RULES.rule("the longest values are taken", CALL, "each field at its longest")
async def longest(play: Play) -> None:
    for name, most in play.lucky_monaco.limits.items():
        # The provider's id is the endpoint's, whatever its length.
        if most is not None and name != "providerId":
            fields = play.fields_of(await play.bets.unknown())
            fields[name] = fields[name].ljust(most, "X")
            play.expect_success(await play.send(f"{name} of {most} characters", fields))
