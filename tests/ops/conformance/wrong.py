"""What can be wrong with an endpoint of the dialects that have signatures, each by the rule that
must find it: what any of them can get wrong, then each dialect's own."""

from collections.abc import Iterator
from dataclasses import dataclass

from testbed.provider import DIALECTS
from tests.ops.conformance import ledgers
from tests.ops.conformance import wrong_answers as answers
from tests.ops.conformance import wrong_batches as batches
from tests.ops.conformance import wrong_decisions as decisions
from tests.ops.conformance import wrong_reading as reading
from tests.ops.conformance import wrong_trust as trust
from tests.ops.conformance.casino import Casino
from tests.ops.conformance.dialect_terms import AGAIN, FINAL, OPTIONAL, ROUNDS, SESSIONS
from tests.ops.conformance.handlers import SHORT_S
from tests.ops.conformance.reference_receivers import REFERENCE_RECEIVERS, ReferenceReceiver
from tests.ops.conformance.serving import Handler, honest
from tests.ops.conformance.wrong_answers import Make


@dataclass(frozen=True)
class Wrong:
    """One way of being wrong in a dialect."""

    dialect: str
    rule: str
    what: str
    receiver: type[ReferenceReceiver] | None = None
    casino: type[Casino] = Casino
    handler: Handler = honest
    limit_s: float = 5.0
    only: bool = False
    """Whether no other rule is tried, since it would take long."""

    def __str__(self) -> str:
        return f"{self.dialect}: {self.rule}: {self.what}"


Casinos = Iterator[tuple[str, str, type[Casino]]]
Receivers = Iterator[tuple[str, str, Make]]

_PLACED = "a placed bet is given back"
_FORM = "success has the dialect's form"
_BALANCE = "the balance is the player's, in its unit"
_UNKNOWN = "an unknown reference has its answer"
_SETTLED = "a settled bet gives nothing back"
_OTHER_PLAYER = "another player's cancel binds nobody"
_AGAIN = "the same cancel again is answered the same"
_SIGNATURE = "a wrong signature is refused"
_SPELLINGS = "a cancel can be written in several ways"
_LATE = "a late bet takes nothing"
_ACCOUNT = "a stake goes back to its own account"
_NOT_AGAIN = "a cancelled bet is not placed again"
_EXACTLY = "references are compared exactly"
_TO_THE_LAST = "references are compared to their last character"


def _of_casinos(dialect: str) -> Casinos:
    yield _PLACED, "it pays nothing", ledgers.GivesNothingBack
    yield "a refused bet gives nothing back", "it is paid", ledgers.PaysRefused
    yield _SETTLED, "a lost bet is paid", ledgers.UndoesLosses
    yield "a win is never reversed", "it is", ledgers.UndoesWins
    yield _OTHER_PLAYER, "it is taken", ledgers.PaysOtherPlayers
    yield _OTHER_PLAYER, "the owner's is not", ledgers.IsBoundByStrangers
    if DIALECTS[dialect].currency:
        yield "a cancel in another currency binds nobody", "it is taken", ledgers.PaysInAnyCurrency
    yield _AGAIN, "a retransmission is paid", ledgers.GivesBackAgain
    if dialect not in ("pragmatic", "gitslotpark", "groove"):  # whose requests have no name
        another = "another cancel of the bet is answered the same"
        yield another, "another uuid is paid", ledgers.GivesBackForEachUuid
    yield _LATE, "it debits", ledgers.TakesLateBets
    yield _LATE, "the second one debits", ledgers.ForgetsATombstoneOnceItWasUsed
    race = "a bet that races its cancel costs nothing"
    yield race, "it looks for a cancel too early", ledgers.TakesBetsThatItsCancelsOvertake
    again = "a bet sent three times is given back once"
    yield again, "each is taken", ledgers.TakesRetransmittedBets
    split = "a split stake goes back where it came from"
    yield split, "it all becomes cash", ledgers.GivesBackCashAlone
    yield _ACCOUNT, "the first account is credited", ledgers.CreditsTheFirstAccount
    yield _ACCOUNT, "each account is credited", ledgers.CreditsEachAccount
    yield _NOT_AGAIN, "it is", ledgers.TakesBetsAgain
    yield _NOT_AGAIN, "the second time it is", ledgers.TakesBetsAgainTheSecondTime
    yield "a cancelled bet cannot win", "it wins", ledgers.PaysLateWins
    if not DIALECTS[dialect].targets_wins:
        win = "the reference of a win cancels nothing"
        yield win, "it takes the win back", ledgers.UndoesWinsByTheirReferences
    rounds = ledgers.RoundsToUnits if dialect == "bgaming" else ledgers.Rounds
    yield "no decimal is lost", "some are", rounds
    yield _EXACTLY, "case says nothing", ledgers.IgnoresCase
    yield _EXACTLY, "blanks at the end say nothing", ledgers.IgnoresBlanksAtTheEnd
    yield _EXACTLY, "the start is enough", ledgers.TakesTheFirstLike
    if DIALECTS[dialect].lengths:
        yield _TO_THE_LAST, "40 are compared", ledgers.ComparesFortyCharacters
    else:
        yield _TO_THE_LAST, "35 are compared", ledgers.ComparesTheStart


def _of_receivers(dialect: str) -> Receivers:
    chosen = DIALECTS[dialect]
    yield _PLACED, "it is answered as something final", answers.refusing("first", FINAL[dialect])
    another = "another cancel of the bet is answered the same"
    yield another, "it is to be sent again", answers.refusing("repeated", AGAIN[dialect])
    yield _AGAIN, "it is to be sent again", answers.refusing("repeated", AGAIN[dialect])
    yield _UNKNOWN, "it is to be sent again for ever", answers.refusing("unknown", AGAIN[dialect])
    if dialect != "gitslotpark":
        for_ever = answers.refusing("settled", AGAIN[dialect])
        yield _SETTLED, "it is to be sent again for ever", for_ever
    yield "a frozen player gets the stake back", "it is refused", decisions.refusing_the_frozen
    if chosen.amount:
        amount = "a cancel of another amount gives the stake back or nothing"
        yield amount, "what is asked for is paid", decisions.paying_what_is_asked
        yield amount, "the less is paid", decisions.paying_the_less
        yield amount, "nothing is paid for 0", decisions.paying_nothing_for_0
        yield amount, "half of it stays refused", decisions.bound_by_half
    for shared in (each[dialect] for each in (ROUNDS, SESSIONS) if dialect in each):
        once = decisions.once_for_each(shared)
        yield "each bet of a round is given back", f"one of each {shared} is", once
    if dialect != "pragmatic":
        yield _BALANCE, "another unit", answers.in_cents
        yield _FORM, "the balance is text", answers.with_text_balance
        yield _FORM, "there is no balance", answers.without_balance
    yield from _of_trust(dialect)
    yield from _of_reading(dialect)
    yield f"only {chosen.method} cancels", "any method does", reading.by_any_method
    yield "a wrong secret opens nothing", "any is right", reading.called(reading.at_any_secret)
    yield "a refused address cancels nothing", "any may call", reading.called(reading.from_anywhere)


def _of_trust(dialect: str) -> Receivers:
    yield "an unsigned cancel is refused", "no signature is demanded", trust.trusting_the_unsigned
    yield _SIGNATURE, "it is not looked at", trust.trusting
    if dialect not in ("hub88", "caleta"):
        yield _SIGNATURE, "its start is looked at", trust.comparing_the_start
    if DIALECTS[dialect].signs_content:
        yield "the signature of another cancel is refused", "it is good for all", trust.remembering
    foreign = trust.with_foreign_key(dialect)
    yield "another key's signature is refused", "any key is good", foreign
    yield "the second key is good as well", "there is only one", trust.with_one_key


def _of_reading(dialect: str) -> Receivers:
    chosen = DIALECTS[dialect]
    if dialect in OPTIONAL:
        optional = "what may be missing is not demanded"
        yield optional, "it is", reading.demanding(OPTIONAL[dialect])
    if not chosen.currency:
        yield _PLACED, "a currency is demanded that is never sent", reading.demanding("currency")
    yield "unknown fields change nothing", "they are refused", reading.refusing_field("laterField")
    if dialect in SESSIONS:
        yield "the session says nothing", "it does", reading.refusing_other(SESSIONS[dialect])
    if dialect in ("bgaming", "hub88", "caleta"):
        yield _SPELLINGS, "it is written again before it is verified", trust.writing_again
    no_reference = "a cancel without a reference is refused"
    if dialect in ("pragmatic", "groove"):
        yield _SPELLINGS, "a form is not decoded", trust.not_decoding
    else:
        yield "a reference is text", "numbers are", reading.reading(reading.numbers_too)
        yield "only an object is a cancel", "an array will do", reading.reading_arrays
        yield "only JSON is a cancel", "a crash", reading.crashing
    yield no_reference, "a blank one is one", reading.reading(reading.blank_too)
    nul = "a reference that no database keeps is refused"
    yield nul, "NUL is skipped", reading.reading(reading.without_nul)
    if chosen.lengths:
        yield "the longest values are taken", "36 characters are", reading.at_most_36


def _own() -> Iterator[tuple[str, str, str, Make]]:
    def late(dialect: str) -> Make:
        return answers.with_code("unknown", {"evolution": "OK", "gitslotpark": 0}[dialect])

    for dialect, first in (("evolution", "OK"), ("gitslotpark", 0)):
        yield dialect, _AGAIN, "it is a first one", answers.with_code("repeated", first)
        yield dialect, _UNKNOWN, "it is a success", late(dialect)
    for dialect in ("hub88", "caleta"):
        echo = answers.answering(lambda answer: answer.pop("request_uuid", None))
        yield dialect, _FORM, "the request is not repeated", echo
        player = answers.answering(lambda answer: answer.update(user="somebody"))
        yield dialect, _FORM, "another player is repeated", player
        currency = answers.answering(lambda answer: answer.pop("currency", None))
        yield dialect, _FORM, "there is no currency", currency
    echo = answers.answering(lambda answer: answer.pop("uuid", None))
    yield "evolution", _FORM, "the request is not repeated", echo
    game = answers.answering(lambda answer: answer.update(game_id="another"))
    yield "bgaming", _FORM, "another round is repeated", game
    for dialect in ("bgaming", "pragmatic", "groove"):
        yield dialect, _AGAIN, "our own name of it is another", answers.with_new_ids
    nameless = answers.answering(lambda answer: answer.pop("transactionId", None))
    yield "pragmatic", _FORM, "there is no name of our own", nameless
    nameless = answers.answering(lambda answer: answer.pop("accounttransactionid", None))
    yield "groove", _FORM, "there is no name of our own", nameless
    version = answers.answering(lambda answer: answer.update(apiversion="1.1"))
    yield "groove", _FORM, "another version is repeated", version
    yield "groove", _UNKNOWN, "it is a success", answers.with_code("unknown", 200)
    yield "groove", _SPELLINGS, "an amount is demanded", decisions.demanding_an_amount
    yield "bgaming", _UNKNOWN, "it is refused", answers.refusing("unknown", (400, 400))
    for rule, what, make in batches.of_batches():
        yield "bgaming", rule, what, make


def _of_handlers(dialect: str) -> Iterator[Wrong]:
    busy = decisions.busy(REFERENCE_RECEIVERS[dialect], FINAL[dialect])
    at_once = "cancels at once give back once"
    yield Wrong(dialect, at_once, "a passing fault is final", handler=busy, only=True)
    in_time, slow = "every answer comes in time", decisions.slow_over_more
    yield Wrong(dialect, in_time, "one comes late", handler=slow, limit_s=SHORT_S)


DEFECTS = [
    *(
        Wrong(dialect, rule, what, casino=casino)
        for dialect in REFERENCE_RECEIVERS
        for rule, what, casino in _of_casinos(dialect)
    ),
    *(
        Wrong(dialect, rule, what, receiver=make(REFERENCE_RECEIVERS[dialect]))
        for dialect in REFERENCE_RECEIVERS
        for rule, what, make in _of_receivers(dialect)
    ),
    *(
        Wrong(dialect, rule, what, receiver=make(REFERENCE_RECEIVERS[dialect]))
        for dialect, rule, what, make in _own()
    ),
    *(defect for dialect in REFERENCE_RECEIVERS for defect in _of_handlers(dialect)),
    Wrong("bgaming", batches.AT_ONCE, "a race is paid twice", handler=batches.racing),
    Wrong(
        "evolution", _SPELLINGS, "exponents are refused", handler=decisions.with_exponents_refused
    ),
    Wrong(
        "evolution",
        "what may be missing is not demanded",
        "it is",
        handler=decisions.with_details_demanded,
    ),
]
