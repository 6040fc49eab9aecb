"""What is no cancel in a dialect that has signatures: signed well, refused, and without effect."""

import json
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from testbed.conformance.nested import with_value, without
from testbed.conformance.play import Play
from testbed.conformance.rule import DOCUMENTED, OUTCOMES, Fits, Rules, elsewhere
from testbed.provider import Case, Dialect, Fields, Request
from testbed.provider.dialects.port import JSON

RULES: Final = Rules(elsewhere)

DEEP: Final = 7_000
"""Levels: twice that in bytes is still a body that is read."""

Wrong = tuple[str, Request]
"""What it is, in words."""


async def refused(make: Callable[[Play, Fields], Iterable[Wrong]], play: Play) -> None:
    """Each is refused and moves nothing; afterwards the bet can still be cancelled."""
    bet = await play.bets.any_bet()
    for sent, request in make(play, play.fields_of(bet)):
        play.expect_refused(await play.send_request(sent, request, {}), Case.MALFORMED)
    await play.expect_unmoved(bet)
    await play.give_back("then a good one", bet)


_refused: Final = partial(RULES.made, refused)


@_refused("a cancel without a reference is refused", DOCUMENTED, "missing, empty, blank")
def no_reference(play: Play, good: Fields) -> Iterable[Wrong]:
    dialect, key = play.dialect, play.endpoint.key
    yield "no reference", dialect.request(without(good, dialect.reference), key)
    for sent, value in (("an empty reference", ""), ("a blank reference", "  ")):
        yield sent, dialect.request(with_value(good, dialect.reference, value), key)


def _writes_json(dialect: Dialect) -> bool:
    return elsewhere(dialect) and dialect.content_type == JSON and dialect.method == "POST"


def _has_malformed(dialect: Dialect) -> bool:
    return elsewhere(dialect) and type(dialect).malformed is not Dialect.malformed


def _rule(
    name: str, source: str, sent: str, fits: Fits
) -> Callable[
    [Callable[[Play, Fields], Iterable[Wrong]]], Callable[[Play, Fields], Iterable[Wrong]]
]:
    def add(
        make: Callable[[Play, Fields], Iterable[Wrong]],
    ) -> Callable[[Play, Fields], Iterable[Wrong]]:
        RULES.rule(name, source, sent, fits)(partial(refused, make))
        return make

    return add


_json_rule: Final = partial(_rule, fits=_writes_json)


@_json_rule("a reference is text", OUTCOMES, "a number, null, an array, an object")
def wrong_type(play: Play, good: Fields) -> Iterable[Wrong]:
    dialect = play.dialect
    others: tuple[object, ...] = (5, None, True, ["r"], {"r": "r"})
    for value in others:
        fields = with_value(good, dialect.reference, value)
        yield f"a reference that is {json.dumps(value)}", dialect.request(fields, play.endpoint.key)


@_json_rule("only an object is a cancel", OUTCOMES, "null, array, text, number")
def no_object(play: Play, good: Fields) -> Iterable[Wrong]:
    body = play.dialect.request(good, play.endpoint.key).body
    for other in (b"null", b'"text"', b"5", b"[]", b"[" + body + b"]"):
        yield other[:20].decode(), play.dialect.raw(other, play.endpoint.key)


@_json_rule("only JSON is a cancel", OUTCOMES, "nothing, half, NaN, Latin-1, deep nesting")
def no_json(play: Play, good: Fields) -> Iterable[Wrong]:
    body = play.dialect.request(good, play.endpoint.key).body
    for sent, other in (
        ("an empty body", b""),
        ("half a cancel", body[: len(body) // 2]),
        ("a cancel and a half", body + body[: len(body) // 2]),
        ("NaN", body[:-1] + b', "later": NaN}'),
        ("Latin-1", body[:-1] + ', "later": "ä"}'.encode("latin-1")),
        (f"{DEEP} arrays in each other", b"[" * DEEP + b"]" * DEEP),
    ):
        yield sent, play.dialect.raw(other, play.endpoint.key)


@_rule("only the dialect's form is a cancel", OUTCOMES, "each other form", _has_malformed)
def other_form(play: Play, good: Fields) -> Iterable[Wrong]:
    return play.dialect.malformed(good, play.endpoint.key)


@_refused("a reference that no database keeps is refused", OUTCOMES, "NUL")
def nul(play: Play, good: Fields) -> Iterable[Wrong]:
    fields = with_value(good, play.dialect.reference, "c0f\0")
    yield "a reference with NUL", play.dialect.request(fields, play.endpoint.key)
