"""A request as a whole: what is kept of it, and what is repeated to the sender."""

import hashlib
import json
from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest

from tests.fuzz.own import PLAYNGO_LIKE
from unbet.core.message import Decision
from unbet.core.outcomes import Outcome
from unbet.dialects import DIALECTS
from unbet.dialects.answers import AnswerContext
from unbet.dialects.auth import URL_SECRET, Auth, Parameter
from unbet.dialects.body import parse_kept, raw_of, read, render
from unbet.dialects.examples import Example, document_of
from unbet.dialects.raw import RawRequest

QUERY = b"request=rollback&accountid=u-1&transactionid=bet-1&gamesessionid=g-1"
XML = (
    b"<cancelReserve><externalId>u-1</externalId><transactionId>bet-1</transactionId>"
    b"<currency>EUR</currency><real>1.25</real><accessToken>s-1</accessToken></cancelReserve>"
)
GROOVE = DIALECTS["groove"]
PLAIN = replace(DIALECTS["pragmatic"], auth=URL_SECRET)


def test_of_a_get_the_query_is_kept_whatever_its_body_says() -> None:
    raw = RawRequest(QUERY.replace(b"bet-1", b"bet-2"), QUERY, method="GET")
    reading = read(raw, {}, "P", GROOVE)
    assert reading.parsed is not None
    assert reading.parsed.body == QUERY.decode()
    again = parse_kept(reading.parsed.body.encode(), "P", GROOVE)
    assert again.reference == reading.reference == "bet-1"


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (b"&accountid=u-1&transactionid=bet-1", ""),
        (b"&device=a&device=b&apiversion=1&apiversion=2", ""),
        (b"&accountid=u-2", "accountid is given more than once"),
        (b"&transactionid=", "transactionid is given more than once"),
        (b"&request=wager", "request is given more than once"),
    ],
)
def test_of_what_is_twice_in_a_query_only_what_is_read_must_be_the_same(
    more: bytes, problem: str
) -> None:
    raw = RawRequest(b"", QUERY + more, method="GET")
    signature = GROOVE.auth.signature(raw, {}, b"key")
    raw = raw._replace(headers=[(b"x-groove-signature", signature.encode())])
    assert read(raw, {}, "P", GROOVE, [b"key"]).problem == problem
    unsigned = raw._replace(query=raw.query + b"&device=c")
    assert read(unsigned, {}, "P", GROOVE, [b"key"]).reason == "signature"


HASHED = b"userId=u-1&reference=bet-1&roundDetails=K%E4se&token=t&token=t"


def hashed(text: str) -> bytes:
    digest = hashlib.md5(text.encode("latin-1") + b"the key", usedforsecurity=False)
    return HASHED + b"&bonusCode=&hash=" + digest.hexdigest().encode()


def test_pragmatics_hash_is_over_what_was_sent_with_or_without_what_is_empty() -> None:
    rest = "reference=bet-1&roundDetails=K\xe4se&token=t&token=t&userId=u-1"
    pragmatic = DIALECTS["pragmatic"]
    for text in (rest, f"bonusCode=&{rest}"):
        reading = read(RawRequest(hashed(text)), {}, "P", pragmatic, [b"the key"])
        assert (reading.problem, reading.reference) == ("", "bet-1")
    for text in (rest.replace("token=t&token", "token"), f"bonusCode=x&{rest}"):
        assert (
            read(RawRequest(hashed(text)), {}, "P", pragmatic, [b"the key"]).reason == "signature"
        )


@pytest.mark.parametrize("name", ["userId", "reference"])
def test_what_is_read_must_be_utf8(name: str) -> None:
    form = f"userId=u-1&reference=bet-1&{name}=K%E4se".replace(f"{name}=", "x=", 1)
    reading = read(raw_of(form.encode(), PLAIN), {}, "P", PLAIN)
    assert reading.problem == f"{name} is not a string"
    assert reading.reference == ("bet-1" if name == "userId" else None)


def test_another_charset_is_not_repeated_in_an_answer() -> None:
    reading = read(RawRequest(b"", QUERY + b"&apiversion=%E4", method="GET"), {}, "P", GROOVE)
    assert reading.parsed is not None
    answer = render(GROOVE, AnswerContext(reading.answer, document=reading.document))
    assert json.loads(answer)["apiversion"] == "1.2"


def test_a_secret_is_not_kept() -> None:
    reading = read(RawRequest(XML), {}, "P", PLAYNGO_LIKE, [b"s-1"])
    assert reading.parsed is not None
    assert "<accessToken>[secret]</accessToken>" in reading.parsed.body
    assert (
        parse_kept(reading.parsed.body.encode(), "P", PLAYNGO_LIKE).request
        == reading.parsed.request
    )

    dialect = replace(GROOVE, auth=Auth(Parameter("key")))
    reading = read(RawRequest(b"", QUERY + b"&key=s-1", method="GET"), {}, "P", dialect, [b"s-1"])
    assert reading.parsed is not None
    assert reading.parsed.body == QUERY.decode() + "&key=[secret]"


def test_who_has_not_signed_learns_nothing_of_the_form() -> None:
    reading = read(RawRequest(b"<"), {}, "P", PLAYNGO_LIKE, [b"s-1"])
    assert (reading.reason, reading.parsed) == ("signature", None)
    assert reading.answer == PLAYNGO_LIKE.wrong_signature
    wrong = XML.replace(b"<currency>EUR", b"<currency>E")
    reading = read(RawRequest(wrong), {}, "P", PLAYNGO_LIKE, [b"s-1"])
    assert (reading.reason, reading.problem) == (
        "form",
        "currency is not 3 or 4 letters or digits",
    )


def test_a_nul_that_no_database_stores_is_refused() -> None:
    query = QUERY + b"&x=\0"
    reading = read(RawRequest(b"", query, method="GET"), {}, "P", GROOVE)
    assert (reading.problem, reading.reference) == ("the request has a NUL", "bet-1")
    assert read(raw_of(QUERY + b"&x=%00", GROOVE), {}, "P", GROOVE).parsed is not None


@pytest.mark.parametrize("name", ["evolution", "hub88", "caleta"])
def test_half_a_surrogate_pair_is_not_repeated_in_an_answer(name: str) -> None:
    dialect = DIALECTS[name]
    sent = b'{"uuid":"\\ud800","user":"a\\udfff","request_uuid":"\\ud800\\ud800"}'
    reading = read(RawRequest(sent), {}, "P", dialect, [])
    answer = json.loads(render(dialect, AnswerContext(reading.answer, document=reading.document)))
    assert list(answer) == [dialect.code_field]


def test_an_unknown_field_cannot_break_the_answer_to_a_decided_cancel() -> None:
    dialect = DIALECTS["bgaming"]
    action = b'{"action":"rollback","action_id":"a","original_action_id":"b"}'
    body = b'{"user_id":"u","currency":"EUR","game_id":"\\ud800","actions":[%s]}' % action
    parsed = parse_kept(body, "P", dialect)
    decision = Decision(request_id=uuid4(), outcome=Outcome.REVERSED, cash=Decimal(1))
    done = dialect.answer_of(Outcome.REVERSED)
    context = AnswerContext(done, None, decision, (decision,), json.loads(body))
    assert parsed.reference == "b"
    assert "game_id" not in json.loads(render(dialect, context))


def test_a_balance_of_any_size_is_answered() -> None:
    dialect = DIALECTS["hub88"]
    decision = Decision(
        request_id=uuid4(), outcome=Outcome.REVERSED, cash=Decimal("1E+19"), currency="EUR"
    )
    context = AnswerContext(dialect.answer_of(Outcome.REVERSED), None, decision)
    assert json.loads(render(dialect, context))["balance"] == 10**24


@pytest.mark.parametrize("name", ["hub88", "gitslotpark"])
def test_no_balance_is_told_where_its_currency_is_not_known(name: str) -> None:
    dialect = DIALECTS[name]

    def balance(currency: str | None) -> object:
        decision = Decision(request_id=uuid4(), outcome=Outcome.NO_BET, currency=currency)
        context = AnswerContext(
            dialect.answer_of(Outcome.NO_BET), "bet-1", decision, knows_players=True
        )
        return json.loads(render(dialect, context)).get("balance")

    assert balance(None) is None
    assert balance("EUR") == 0


@pytest.mark.parametrize(
    ("name", "repeated"),
    [("hub88", "request_uuid"), ("caleta", "request_uuid"), ("evolution", "uuid")],
)
def test_what_is_only_repeated_need_not_be_sent(name: str, repeated: str) -> None:
    dialect = DIALECTS[name]
    sent = document_of(dialect, Example("bet-1", "u-1", "EUR", "P"))
    del sent[repeated]
    assert parse_kept(json.dumps(sent).encode(), "P", dialect).reference == "bet-1"
    decision = Decision(
        request_id=uuid4(), outcome=Outcome.REVERSED, cash=Decimal(1), currency="EUR"
    )
    done = dialect.answer_of(Outcome.REVERSED)
    answer = json.loads(render(dialect, AnswerContext(done, "bet-1", decision, document=sent)))
    assert "balance" in answer
    assert repeated not in answer


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (b'{"actions":[{"action":"rollback"}]', "actions[0].original_action_id is missing"),
        (b'{"actions":[1]', "actions[0] is not an object"),
        (b'{"actions":{}', "actions is not a list"),
        (b'{"actions":[]', "actions has 0 items"),
    ],
)
def test_what_is_wrong_inside_is_named_by_its_place(wrong: bytes, problem: str) -> None:
    body = wrong + b',"user_id":"u","currency":"EUR"}'
    key = DIALECTS["bgaming"].auth.scheme
    assert key is not None
    raw = RawRequest(body, headers=[(b"x-request-sign", key.sign(b"k", body).encode())])
    assert read(raw, {}, "P", DIALECTS["bgaming"], [b"k"]).problem == problem
