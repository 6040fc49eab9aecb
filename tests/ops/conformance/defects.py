"""What can be wrong with an endpoint, each by the rule that must find it."""

from dataclasses import dataclass

from tests.ops.conformance import handlers, ledgers
from tests.ops.conformance.casino import Casino
from tests.ops.conformance.handlers import changed, failing, mending, on_success, refusing
from tests.ops.conformance.serving import Handler, honest
from unbet.dialects import DialectName


@dataclass(frozen=True)
class Defect:
    """One way of being wrong."""

    rule: str
    what: str
    handler: Handler = honest
    casino: type[Casino] = Casino
    spreads: bool = False
    """Other rules find it as well."""
    dialect: DialectName = "lucky-monaco-v4"
    limit_s: float = 5.0
    """How long the provider waits for an answer."""


def _in(casino: type[Casino], rule: str, what: str, *, spreads: bool = False) -> Defect:
    return Defect(rule, what, casino=casino, spreads=spreads)


def _at(handler: Handler, rule: str, what: str, *, spreads: bool = False) -> Defect:
    return Defect(rule, what, handler=handler, spreads=spreads)


def _v1(handler: Handler, rule: str, what: str, *, spreads: bool = False) -> Defect:
    return Defect(rule, what, handler=handler, spreads=spreads, dialect="lucky-monaco-v1")


_FORM = "success has the dialect's form"
_AGAIN = "the same cancel again is answered the same"
_ANOTHER = "another cancel of the bet is answered the same"
_SETTLED = "a settled bet is refused for good"
_OTHER_PLAYER = "another player's cancel binds nobody"
_CURRENCY = "a cancel in another currency binds nobody"
_BET_AGAIN = "a bet sent three times is given back once"
_SPLIT = "a split stake goes back where it came from"
_WIN = "the reference of a win cancels nothing"
_ACCOUNT = "a stake goes back to its own account"
_LATE = "a late bet is refused"
_NOT_AGAIN = "a cancelled bet is not placed again"
_ROUND = "each bet of a round is given back"
_EXACTLY = "references are compared exactly"
_TO_THE_LAST = "references are compared to their last character"
_ADDRESS = "a refused address is told so"

DEFECTS = [
    _in(ledgers.GivesNothingBack, "a placed bet is given back", "pays nothing", spreads=True),
    _at(on_success(more=1), _FORM, "a field more"),
    _at(on_success(error="0"), _FORM, "error is text", spreads=True),
    _at(on_success(reference=None), _FORM, "no reference", spreads=True),
    _at(on_success(reference="other"), _FORM, "another reference", spreads=True),
    _v1(on_success(cash=1.0), _FORM, "cash is a number", spreads=True),
    _v1(on_success(cash="1"), _FORM, "cash is wrong"),
    _v1(on_success(transactionId=None), _FORM, "no transaction"),
    _v1(on_success(cash=None), _FORM, "no cash"),
    _v1(on_success(currency="USD"), _FORM, "another currency", spreads=True),
    _v1(on_success(currency=None), _FORM, "no currency", spreads=True),
    _at(handlers.never_again(3), _AGAIN, "a retransmission is refused", spreads=True),
    _in(ledgers.GivesBackAgain, _AGAIN, "a retransmission is paid", spreads=True),
    _at(handlers.first_only("uuid", 3), _ANOTHER, "another uuid is refused", spreads=True),
    _in(ledgers.GivesBackForEachUuid, _ANOTHER, "another uuid is paid", spreads=True),
    _at(handlers.racing, "cancels at once give back once", "a race is paid twice"),
    _at(
        refusing(lambda fields, casino: fields.get("reference") not in casino.bets, 3),
        "an unknown reference is a success",
        "not found",
        spreads=True,
    ),
    _in(ledgers.PaysRefused, "a refused bet is a success", "a refused bet is paid"),
    _in(ledgers.RefusesRefused, "a refused bet is a success", "it is refused again"),
    _in(ledgers.UndoesLosses, _SETTLED, "a lost bet is paid"),
    _in(ledgers.ForgetsThatItRefused, _SETTLED, "the second answer is another"),
    _in(ledgers.PaysOtherPlayers, _OTHER_PLAYER, "another player's cancel is taken"),
    _in(ledgers.IsBoundByStrangers, _OTHER_PLAYER, "the owner's is not"),
    _at(handlers.yielding(), _OTHER_PLAYER, "a retransmission is taken", spreads=True),
    _at(handlers.yielding(), _CURRENCY, "a retransmission is taken", spreads=True),
    _in(
        ledgers.PaysInAnyCurrency,
        _CURRENCY,
        "any currency is taken",
    ),
    _in(ledgers.TakesLateBets, _LATE, "the tombstone is forgotten", spreads=True),
    _in(ledgers.ForgetsATombstoneOnceItWasUsed, _LATE, "the second one is taken"),
    _in(
        ledgers.TakesBetsThatItsCancelsOvertake,
        "a bet that races its cancel costs nothing",
        "it looks for a cancel too early",
    ),
    _in(ledgers.TakesRetransmittedBets, _BET_AGAIN, "each is taken"),
    _in(ledgers.RefusesRetransmittedBets, _BET_AGAIN, "it is refused"),
    _in(ledgers.GivesBackCashAlone, _SPLIT, "it all becomes cash"),
    _in(ledgers.GivesBackNoBonus, _SPLIT, "the bonus is kept"),
    _in(ledgers.CreditsTheFirstAccount, _ACCOUNT, "the first account is credited"),
    _in(ledgers.CreditsEachAccount, _ACCOUNT, "each account is credited"),
    _in(ledgers.TakesBetsAgain, _NOT_AGAIN, "it is placed again", spreads=True),
    _in(ledgers.TakesBetsAgainTheSecondTime, _NOT_AGAIN, "the second time it is"),
    _in(ledgers.PaysLateWins, "a cancelled bet cannot win", "it wins"),
    _in(ledgers.UndoesWins, "a win is never reversed", "it is"),
    _in(ledgers.UndoesWinsByTheirReferences, _WIN, "it takes the win back"),
    _in(ledgers.RefusesWinsReferences, _WIN, "it is bad parameters"),
    _at(handlers.once_for_each("sessionId"), _ROUND, "a session's second one is a repeat"),
    _v1(handlers.once_for_each("sessionId"), _ROUND, "a session's second one is a repeat"),
    _v1(handlers.once_for_each("roundId"), _ROUND, "a round's second one is a repeat"),
    _at(
        refusing(lambda fields, casino: fields.get("userId") in casino.frozen, 6),
        "a frozen player gets the stake back",
        "it is told that the player is frozen",
    ),
    _in(ledgers.Rounds, "no decimal is lost", "two decimals are kept"),
    _in(ledgers.KeepsTwentyEightDigits, "no decimal is lost", "28 digits are kept"),
    _in(ledgers.IgnoresCase, _EXACTLY, "case says nothing"),
    _in(ledgers.IgnoresBlanksAtTheEnd, _EXACTLY, "blanks at the end say nothing"),
    _in(ledgers.TakesTheFirstLike, _EXACTLY, "the start is enough"),
    _in(ledgers.ComparesTheStart, _TO_THE_LAST, "the last one says nothing"),
    _at(
        handlers.first_only("sessionId", 5),
        "the session says nothing",
        "a later session is refused",
        spreads=True,
    ),
    _at(
        refusing(lambda fields, _: "gamename" in fields),
        "gamename is gameName",
        "only gameName is known",
    ),
    _at(
        refusing(lambda fields, _: fields.get("providerId") in ("luckymonaco", "LUCKYMONACO")),
        "the case of providerId says nothing",
        "only one spelling is known",
    ),
    _at(
        refusing(lambda fields, _: "bonusCode" in fields),
        "unknown fields change nothing",
        "they are refused",
    ),
    _at(handlers.paying_what_is_asked, "an amount says nothing", "it is paid"),
    _at(
        failing(lambda request: not request.content_type.startswith("application/json"), 415),
        "any content type is read",
        "only JSON's is",
    ),
    _at(
        failing(lambda request: request.body.startswith(handlers.BOM)),
        "a BOM is skipped",
        "a crash",
    ),
    _at(failing(lambda request: b"W\xc3\xbc" in request.body), "UTF-8 is read", "a crash"),
    _at(
        refusing(
            lambda fields, _: len(str(fields.get("sessionId"))) > 36, 7, "sessionId is too long"
        ),
        "the longest values are taken",
        "a session has 36 characters",
    ),
    _at(
        mending(lambda fields: {} if "gameId" in fields else {"gameId": "any"}),
        "a missing field is named",
        "gameId may be missing",
    ),
    _at(handlers.without_the_name, "a missing field is named", "it is not named"),
    _at(
        mending(handlers.with_strings),
        "a field that is no string is named",
        "numbers become strings",
    ),
    _at(mending(handlers.without_blanks), "a blank field is named", "blanks are taken"),
    _at(mending(handlers.shortened), "a field that is too long is named", "it is shortened"),
    _at(
        mending(lambda fields: {"currency": "EUR"} if fields.get("currency") == "EU" else {}),
        "a currency has 3 or 4 letters or digits",
        "two are enough",
    ),
    _at(
        mending(lambda fields: {"providerId": "LuckyMonaco"} if "providerId" in fields else {}),
        "another provider's id is refused",
        "it is not looked at",
        spreads=True,
    ),
    _at(changed(handlers.last_of_two), "a field given twice is refused", "the last one counts"),
    _at(changed(handlers.first_of_array), "only an object is a Cancel", "an array will do"),
    _at(changed(handlers.before_the_rest), "only JSON is a Cancel", "the rest is not read"),
    _at(changed(handlers.whatever_the_bytes), "only UTF-8 is read", "any bytes are"),
    _at(changed(handlers.replacing(b"\\u0000", b"")), "NUL is refused", "it is skipped"),
    _at(
        changed(handlers.replacing(b"\\ud83c", b"?")),
        "half a surrogate pair is refused",
        "it is replaced",
    ),
    _at(failing(lambda request: b"[[[" in request.body), "deep nesting is refused", "a crash"),
    _at(changed(handlers.cut), "a body over 16 KiB is not read", "it is"),
    _at(
        changed(lambda request: request._replace(method="POST")),
        "only POST cancels",
        "any method cancels",
    ),
    _at(changed(handlers.at_any_path), "a wrong secret opens nothing", "any secret is right"),
    _at(changed(handlers.from_anywhere), _ADDRESS, "any address may call"),
    _at(handlers.from_outside(403), _ADDRESS, "there is no code"),
    _at(handlers.from_outside(403, b'{"error": 7}'), _ADDRESS, "another code"),
    _at(
        handlers.from_outside(200, b'{"error": 4, "description": "No"}'), _ADDRESS, "another status"
    ),
    _v1(handlers.from_outside(403, b'{"error": 4}'), _ADDRESS, "another dialect's code"),
    Defect(
        "every answer comes in time",
        "one comes late",
        handler=handlers.slow_over_a_bom,
        spreads=True,
        limit_s=handlers.SHORT_S,
    ),
]
