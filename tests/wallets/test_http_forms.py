"""What the adapter writes and reads, without a wallet."""

import json
import sys
import time
from decimal import Decimal
from typing import Any

import pytest

from tests.making import cancel_of
from tests.wallets.contract import verdicts_on
from tests.wallets.service import NOWHERE, wallet_at
from unbet.core.outcomes import Outcome
from unbet.runtime.breaker import OPEN_S
from unbet.wallets.http.request import body_of, calls_of, headers_of, items_of, key_of, signature
from unbet.wallets.http.response import MAX_DETAIL, read
from unbet.wallets.http.settings import HttpWalletSettings
from unbet.wallets.http.settings import key_of as key_of_secret
from unbet.wallets.port import Decided, Undecided, Verdict, Why

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - the published example's
OTHER = "whsec_" + "A" * 40
CANCEL = cancel_of("r1")
ITEMS = items_of([CANCEL])


def told(*verdicts: Any, status: int = 200, waits: bool = False) -> Verdict:
    body = json.dumps(list(verdicts)).encode()
    (verdict,) = read(ITEMS, status, waits, body)
    return verdict


def verdict(**fields: Any) -> dict[str, Any]:
    return {"request_id": str(CANCEL.request_id), "outcome": "reversed"} | fields


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """Their published example."""
    name, now, body = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    right = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    key, other = key_of_secret(SECRET), key_of_secret(OTHER)
    assert signature(name, now, body, [key]) == right
    both = signature(name, now, body, [other, key]).split()
    assert len(both) == 2
    assert both[1] == right


def test_a_key_is_the_bets_and_the_same_for_ever() -> None:
    # Written down: a release that changed it would have every cancel decided twice.
    known = "7570e8412019166f348a2454fd8717b53bc56446c9b670fb1c3e139a12ffa054"
    assert key_of(cancel_of("r1", provider="LuckyMonaco")) == known
    assert key_of(cancel_of("r1", provider="LuckyMonaco", uuid="b", user_id="bob")) == known
    assert key_of(cancel_of("R1", provider="LuckyMonaco")) != known
    assert key_of(cancel_of("1", provider="LuckyMonacor")) != known


def test_each_try_has_the_same_key_and_body_and_a_trace_of_its_own() -> None:
    body = body_of(ITEMS)
    first, second = (headers_of(ITEMS, body, [key_of_secret(SECRET)]) for _ in range(2))
    assert first["idempotency-key"] == first["webhook-id"] == key_of(CANCEL)
    assert second["idempotency-key"] == first["idempotency-key"]
    assert first["traceparent"] != second["traceparent"]
    assert first["traceparent"].split("-")[1] == CANCEL.request_id.hex


def test_the_key_of_a_group_does_not_go_by_the_order_in_which_they_came() -> None:
    cancels = [cancel_of("r1"), cancel_of("r2")]
    one, other = (headers_of(items_of(some), b"", []) for some in (cancels, cancels[::-1]))
    assert one["idempotency-key"] == other["idempotency-key"]


def test_a_players_cancels_are_in_one_call_where_they_fit() -> None:
    cancels = [
        cancel_of(f"{player} {number}", user_id=player)
        for player, count in (("a", 3), ("b", 2), ("c", 1), ("d", 6))
        for number in range(count)
    ]
    calls = calls_of(items_of(cancels), 4)
    players = [[item.cancel.player for item in call] for call in calls]
    assert players == [["a"] * 3, ["b", "b", "c"], ["d"] * 4, ["d"] * 2]


def test_no_bet_is_twice_in_a_call_and_none_is_left_out() -> None:
    cancels = [cancel_of(name, currency=currency) for name in "ab" for currency in ("EUR", "USD")]
    cancels.append(cancel_of("a", user_id="bob"))
    calls = [[item.cancel for item in call] for call in calls_of(items_of(cancels), 32)]
    assert all(len({key_of(one) for one in call}) == len(call) for call in calls)
    assert sorted(one.request_id for call in calls for one in call) == sorted(
        one.request_id for one in cancels
    )


def test_a_call_looks_for_no_module(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_for: list[str] = []

    class Finder:
        def find_spec(self, name: str, *_: object) -> None:
            looked_for.append(name)

    with wallet_at(NOWHERE) as wallet:
        verdicts_on(wallet, cancel_of("r1"))  # the first one imports what it needs
        time.sleep(OPEN_S)
        monkeypatch.setattr("sys.meta_path", [Finder(), *sys.meta_path])
        (told,) = verdicts_on(wallet, cancel_of("r1"))
    assert isinstance(told, Undecided)
    assert told.reason == "the wallet cannot be reached"
    assert looked_for == []


def test_a_verdict_is_read_as_it_is() -> None:
    found = told(verdict(cash="-0.000000000000000001", replayed=True, wallet_ref="7", more=[]))
    assert isinstance(found, Decided)
    assert found.decision.outcome is Outcome.REVERSED
    assert found.decision.cash == Decimal("-0.000000000000000001")
    assert (found.decision.currency, found.replayed) == ("EUR", True)


@pytest.mark.parametrize("outcome", ["mismatch", "currency_mismatch", "amount_mismatch"])
def test_who_asks_about_anothers_bet_is_not_told_their_cash(outcome: str) -> None:
    found = told(verdict(outcome=outcome, cash="5.00"))
    assert isinstance(found, Decided)
    assert found.decision.cash is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"outcome": "Reversed"},
        {"outcome": "parked"},
        {"outcome": "closed"},
        {"outcome": None},
        {"outcome": True},
        {"cash": 10},
        {"cash": 10.5},
        {"cash": "1e3"},
        {"cash": "NaN"},
        {"cash": "10,00"},
        {"replayed": "true"},
        {"undecided": "busy"},
        {"outcome": None, "undecided": "ambiguous"},
        {"outcome": None, "undecided": "away"},
    ],
    ids=str,
)
def test_what_is_not_exactly_a_verdict_is_ambiguous(wrong: dict[str, Any]) -> None:
    found = told(verdict(**wrong))
    assert isinstance(found, Undecided)
    assert found.why is Why.AMBIGUOUS


@pytest.mark.parametrize("why", [Why.BUSY, Why.REJECTED])
def test_the_wallet_may_leave_one_undecided(why: Why) -> None:
    answer = {"request_id": str(CANCEL.request_id), "undecided": why.value, "detail": "x" * 999}
    found = told(answer)
    assert isinstance(found, Undecided)
    assert (found.why, len(found.detail)) == (why, MAX_DETAIL)


@pytest.mark.parametrize("status", [*range(100, 600)])
def test_only_http_200_decides(status: int) -> None:
    found = told(verdict(outcome="no_bet"), status=status)
    assert isinstance(found, Decided) == (status == 200)
    if isinstance(found, Undecided):
        assert found.why is (Why.AWAY if status == 401 else Why.UNANSWERED)


def test_a_body_of_anything_decides_nothing() -> None:
    nothing = {Why.UNANSWERED, Why.AMBIGUOUS}
    for body in (b"", b"null", b"[null]", b"[[]]", b"{}", b"\xff", b"[" * 9999, b'"reversed"'):
        (found,) = read(ITEMS, 200, False, body)
        assert isinstance(found, Undecided)
        assert found.why in nothing


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"url": "ftp://wallet"}, "http:// or https://"),
        ({"url": "https://"}, "a host"),
        ({"url": "https://me:secret@wallet"}, "no user"),
        ({"url": "https://me@wallet"}, "no user"),
        ({"url": "https://wallet/?a=b"}, "no query"),
        ({"secrets": ()}, "one secret, or with two"),
        ({"secrets": (SECRET,) * 3}, "one secret, or with two"),
        ({"secrets": ("hunter2",)}, "base64"),
        ({"secrets": ("whsec_hunter2",)}, "base64"),
        ({"secrets": ("whsec_aHVudGVyMg==",)}, "24 to 64 bytes"),
        ({"max_together": 0}, "cancels in one call"),
        ({"max_together": 257}, "cancels in one call"),
        ({"calls_at_once": 0}, "calls at once"),
        ({"call_limit_s": 0.0}, "seconds of a call"),
        ({"connect_limit_s": 9.0}, "seconds to connect"),
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_refused_with_a_sentence(
    wrong: dict[str, Any], said: str
) -> None:
    right: dict[str, Any] = {"url": "https://wallet.example/unbet/", "secrets": (SECRET, OTHER)}
    assert HttpWalletSettings(**right).endpoint == "https://wallet.example/unbet/cancels"
    with pytest.raises(ValueError, match=said) as refused:
        HttpWalletSettings(**right | wrong)
    assert "hunter2" not in str(refused.value)
    assert "secret@" not in str(refused.value)
