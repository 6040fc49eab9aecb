"""Rules about the signature, or the secret that travels in its place."""

from collections.abc import Sequence
from typing import Final

from testbed.conformance.bets import PreparedBet
from testbed.conformance.play import Play
from testbed.conformance.rule import DOCUMENTED, OUTCOMES, Rules
from testbed.provider import Case, Dialect, Request
from testbed.rules import NotTriedError


def _is_signed(dialect: Dialect) -> bool:
    return dialect.needs_key


def _signs_content(dialect: Dialect) -> bool:
    return dialect.needs_key and dialect.signs_content


RULES: Final = Rules(_is_signed)


@RULES.rule("an unsigned cancel is refused", DOCUMENTED, "no signature, an empty one")
async def unsigned(play: Play) -> None:
    bet = await play.bets.any_bet()
    fields, key = play.fields_of(bet), play.endpoint.key
    await _refused(
        play,
        bet,
        [
            ("a cancel without a signature", play.dialect.request(fields, key, lambda _: None)),
            ("a cancel with an empty one", play.dialect.request(fields, key, lambda _: "")),
        ],
    )


@RULES.rule("a wrong signature is refused", DOCUMENTED, "one character off, half of it")
async def wrong(play: Play) -> None:
    bet = await play.bets.any_bet()
    fields, key = play.fields_of(bet), play.endpoint.key
    await _refused(
        play,
        bet,
        [
            ("a signature with another letter", play.dialect.request(fields, key, _one_off)),
            ("half a signature", play.dialect.request(fields, key, lambda s: s[: len(s) // 2])),
            ("a signature with more", play.dialect.request(fields, key, lambda s: f"{s}0")),
        ],
    )


def _one_off(signature: str) -> str:
    """In its middle: the last letter of base64 has bits that say nothing."""
    middle = len(signature) // 2
    other = "1" if signature[middle] == "0" else "0"
    return f"{signature[:middle]}{other}{signature[middle + 1 :]}"


@RULES.rule(
    "the signature of another cancel is refused",
    DOCUMENTED,
    "another one, then its signature",
    _signs_content,
)
async def another_body(play: Play) -> None:
    bet, other = await play.bets.any_bet(), await play.bets.unknown()
    key = play.endpoint.key
    sent = play.fields_of(other)
    stolen = play.dialect.signature(sent, key)
    play.expect_done(await play.send("another cancel", sent), other)
    request = play.dialect.request(play.fields_of(bet), key, lambda _: stolen)
    await _refused(play, bet, [("a cancel with another one's signature", request)])


@RULES.rule("another key's signature is refused", DOCUMENTED, "one with another key")
async def another_key(play: Play) -> None:
    bet = await play.bets.any_bet()
    request = play.dialect.request(play.fields_of(bet), play.dialect.other_key())
    await _refused(play, bet, [("a cancel signed with another key", request)])


@RULES.rule("the second key is good as well", OUTCOMES, "one with each key")
async def second_key(play: Play) -> None:
    if play.second_key is None:
        raise NotTriedError("no second key is given (--second-key)")
    for sent, key in (("the first key", play.endpoint.key), ("the second", play.second_key)):
        bet = await play.bets.any_bet()
        fields = play.fields_of(bet)
        request = play.dialect.request(fields, key)
        play.expect_done(await play.send_request(f"a cancel with {sent}", request, fields), bet)
        await play.expect_back(bet)


async def _refused(play: Play, bet: PreparedBet, sent: Sequence[tuple[str, Request]]) -> None:
    """Each is refused and moves nothing; afterwards the bet can still be cancelled."""
    for what, request in sent:
        play.expect_refused(await play.send_request(what, request, {}), Case.SIGNATURE)
    await play.expect_unmoved(bet)
    await play.give_back("then a good one", bet)
