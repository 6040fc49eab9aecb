"""Bodies that are no Cancel of Lucky Monaco: refused with the code for bad parameters, without any
effect."""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final, NamedTuple

from testbed.conformance.play import Play
from testbed.conformance.rule import CALL, OUTCOMES, Rules, lucky_monaco

RULES: Final = Rules(lucky_monaco)

DEEP: Final = 7_000
"""Levels: twice that in bytes is still a body that is read."""

Fields = Mapping[str, str]


class Wrong(NamedTuple):
    """A body that must be refused."""

    sent: str
    body: object
    """Bytes as they stand, or what JSON is made of."""
    naming: str = ""
    """The field that the description names."""


async def refused(make: Callable[[Play, Fields], Iterable[Wrong]], play: Play) -> None:
    """Each is refused and moves nothing; afterwards the bet can still be cancelled."""
    bet = await play.bets.any_bet()
    for sent, made, naming in make(play, play.fields_of(bet)):
        body = made if isinstance(made, bytes) else json.dumps(made).encode()
        play.expect(await play.send_body(sent, body), play.lucky_monaco.parameters, naming)
    await play.expect_unmoved(bet)
    await play.give_back("then a good one", bet)


_refused: Final = partial(RULES.made, refused)


@_refused("a missing field is named", CALL, "each field missing")
def missing(play: Play, good: Fields) -> Iterable[Wrong]:
    for name in play.lucky_monaco.limits:
        without = {other: value for other, value in good.items() if other != name}
        yield Wrong(f"{name} missing", without, name)


@_refused("a field that is no string is named", CALL, "a number, null")
def wrong_type(play: Play, good: Fields) -> Iterable[Wrong]:
    for name in play.lucky_monaco.limits:
        yield Wrong(f"{name} a number", {**good, name: 5}, name)
        yield Wrong(f"{name} null", {**good, name: None}, name)


@_refused("a blank field is named", OUTCOMES, "each empty, each blank")
def blank(play: Play, good: Fields) -> Iterable[Wrong]:
    for name in play.lucky_monaco.limits:
        yield Wrong(f"{name} empty", {**good, name: ""}, name)
        yield Wrong(f"{name} blank", {**good, name: "   "}, name)


@_refused("a field that is too long is named", CALL, "one character more")
def too_long(play: Play, good: Fields) -> Iterable[Wrong]:
    for name, most in play.lucky_monaco.limits.items():
        if most is not None:
            longer = good[name].ljust(most + 1, "X")
            yield Wrong(f"{name} of {most + 1} characters", {**good, name: longer}, name)


@_refused("a currency has 3 or 4 letters or digits", CALL, "EU, E-R, E R")
def currency(_play: Play, good: Fields) -> Iterable[Wrong]:
    for wrong in ("EU", "E-R", "E R"):
        yield Wrong(f"currency {wrong!r}", {**good, "currency": wrong}, "currency")


@_refused("another provider's id is refused", CALL, "its id")
def other_provider(_play: Play, good: Fields) -> Iterable[Wrong]:
    yield Wrong("another provider's id", {**good, "providerId": "NobodyOfThisName"}, "providerId")


@_refused("a field given twice is refused", OUTCOMES, "one field twice")
def given_twice(_play: Play, good: Fields) -> Iterable[Wrong]:
    body = json.dumps(good)
    for name in ("reference", "userId"):
        twice = f'{{"{name}": "another", {body[1:]}'.encode()
        yield Wrong(f"{name} twice", twice)


@_refused("only an object is a Cancel", CALL, "null, array, text, number")
def no_object(_play: Play, good: Fields) -> Iterable[Wrong]:
    others: tuple[object, ...] = (None, "text", 5, [], [good])
    yield from (Wrong(json.dumps(made)[:20], made) for made in others)


@_refused("only JSON is a Cancel", CALL, "nothing, half, a form, NaN")
def no_json(_play: Play, good: Fields) -> Iterable[Wrong]:
    body = json.dumps(good).encode()
    yield Wrong("an empty body", b"")
    yield Wrong("half a cancel", body[: len(body) // 2])
    yield Wrong("a cancel and a half", body + body[: len(body) // 2])
    yield Wrong("a form", "&".join(f"{name}={value}" for name, value in good.items()).encode())
    yield Wrong("NaN", body[:-1] + b', "later": NaN}')


@_refused("only UTF-8 is read", OUTCOMES, "Latin-1, UTF-16")
def no_utf8(_play: Play, good: Fields) -> Iterable[Wrong]:
    named = json.dumps({**good, "gameName": "K?se"}).encode()
    yield Wrong("a game named in Latin-1", named.replace(b"K?se", "Käse".encode("latin-1")))
    yield Wrong("UTF-16", json.dumps(good).encode("utf-16"))


@_refused("NUL is refused", OUTCOMES, "NUL in each field")
def nul(play: Play, good: Fields) -> Iterable[Wrong]:
    for name in play.lucky_monaco.limits:
        yield Wrong(f"{name} with NUL", {**good, name: f"{good[name][:2]}\0"})


@_refused("half a surrogate pair is refused", OUTCOMES, "\\ud83c")
def lone_surrogate(_play: Play, good: Fields) -> Iterable[Wrong]:
    for name in ("reference", "gameName"):
        yield Wrong(f"{name} with half a pair", {**good, name: "\ud83c"})


@_refused("deep nesting is refused", OUTCOMES, f"{DEEP} arrays in each other")
def deep(_play: Play, _good: Fields) -> Iterable[Wrong]:
    yield Wrong(f"{DEEP} arrays in each other", b"[" * DEEP + b"]" * DEEP)
