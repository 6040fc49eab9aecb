"""The built-in ledger over HTTP: once for each reference, told in the same words each time."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tests.system.ledger_http import (
    ALL,
    DONE,
    PROVIDER,
    REPLAYED,
    RIGHTS,
    Player,
    problem_of,
    token_of,
)
from tests.system.ledger_http import ledger as ledger
from tests.system.ledger_http import player as player
from tests.system.processes import EXAMPLE

GUESS = "a-guess-that-must-not-be-kept-at-all"


def test_a_bet_takes_its_stake_once_however_often_it_is_sent(player: Player) -> None:
    deposited = player.deposit("100.00")
    assert (deposited.status_code, deposited.json()) == (200, DONE)
    for expected in (DONE, REPLAYED, REPLAYED):
        answer = player.bet("10.25", "b1")
        assert (answer.status_code, answer.json()) == (200, expected)
    assert player.balances() == {"cash": "89.75", "bonus": "0.00", "held": "0.00"}


def test_a_bet_is_settled_and_its_win_is_cash(player: Player) -> None:
    player.deposit("100.00")
    player.bet("10.00", "b1")
    assert player.settle("b1", "25.000000000000000001").json() == DONE
    assert player.settle("b1", "25.000000000000000001").json() == REPLAYED
    assert player.cash() == "115.000000000000000001"


def test_bonus_is_kept_apart_and_may_pay_first(player: Player) -> None:
    player.deposit("5.00", "cash")
    player.deposit("10.00", "bonus", balance_type="bonus")
    assert player.bet("12.00", "b1", stake_order="bonus_first").json() == DONE
    assert player.balances() == {"cash": "3.00", "bonus": "0.00", "held": "0.00"}


def test_what_a_player_has_won_is_withdrawn(player: Player) -> None:
    player.deposit("100.00")
    player.bet("10.00", "b1")
    player.settle("b1", "30.00")
    for expected in (DONE, REPLAYED):
        assert player.withdraw("50.00").json() == expected
    assert player.balances() == {"cash": "70.00", "bonus": "0.00", "held": "50.00"}
    for expected in (DONE, REPLAYED):
        assert player.end("complete").json() == expected
    assert player.end("release").json()["refusal"] == "withdrawal_completed"
    assert player.balances() == {"cash": "70.00", "bonus": "0.00", "held": "0.00"}


def test_a_withdrawal_that_is_released_is_cash_again(player: Player) -> None:
    player.deposit("100.00")
    assert player.end("release").json()["refusal"] == "unknown_withdrawal"
    player.withdraw("60.00")
    assert player.bet("50.00", "b1").json()["refusal"] == "insufficient_funds"
    for expected in (DONE, REPLAYED):
        assert player.end("release").json() == expected
    assert player.end("complete").json()["refusal"] == "withdrawal_released"
    assert problem_of(player.withdraw("61.00"), 422)["type"] == "urn:unbet:problem:conflict"
    assert player.cash() == "100.00"


def test_bonus_becomes_cash_once(player: Player) -> None:
    player.deposit("10.00", balance_type="bonus")
    for expected in (DONE, REPLAYED):
        assert player.convert("4.00").json() == expected
    assert player.balances() == {"cash": "4.00", "bonus": "6.00", "held": "0.00"}


def test_a_correction_has_a_reason_and_a_name_and_is_made_once(player: Player) -> None:
    for expected in (DONE, REPLAYED):
        assert player.correct("credit", "7.00", "c1").json() == expected
    assert player.correct("debit", "2.00", "c2").json() == DONE
    assert player.correct("credit", "1.00", "c3", balance_type="bonus").json() == DONE
    assert player.correct("debit", "9.00", "c4").json()["refusal"] == "insufficient_funds"
    problem_of(player.correct("credit", "7.00", "c1", reason="another"), 422)
    document = problem_of(player.correct("credit", "1.00", "c5", made_by=" "), 400)
    assert [each["field"] for each in document["errors"]] == ["made_by"]
    assert player.balances() == {"cash": "5.00", "bonus": "1.00", "held": "0.00"}


def test_a_refusal_is_an_answer_and_stays_one(player: Player) -> None:
    refused = {"status": "refused", "refusal": "insufficient_funds"}
    answer = player.bet("10.00", "b1")
    assert (answer.status_code, answer.json()) == (200, {**refused, "replayed": False})
    player.deposit("100.00")
    assert player.bet("10.00", "b1").json() == {**refused, "replayed": True}
    assert player.cash() == "100.00"


def test_a_reference_with_other_details_changes_nothing_and_is_no_server_error(
    player: Player,
) -> None:
    player.deposit("100.00")
    player.bet("10.00", "b1")
    player.settle("b1", "1.00")
    for answer in (player.deposit("99.00"), player.bet("11.00", "b1"), player.settle("b1", "2.00")):
        document = problem_of(answer, 422)
        assert document["type"] == "urn:unbet:problem:conflict"
        assert document["detail"] == "Nothing was done."
    assert player.cash() == "91.00"


def test_a_cancelled_bet_is_neither_settled_nor_taken_again(player: Player) -> None:
    player.deposit("100.00")
    player.bet("10.00", "b1")
    for name in ("b1", "late"):
        system = player.ledger.system
        cancel = {"userId": player.user_id, "currency": "EUR", "uuid": player.reference(name)}
        answer = system.http.post(
            system.path, json={**EXAMPLE, **cancel, "reference": player.reference(name)}
        )
        assert answer.json()["error"] == 0
    assert player.cash() == "100.00"
    for answer in (player.settle("b1", "50.00"), player.bet("10.00", "late")):
        assert answer.json()["refusal"] == "cancelled"
    assert player.cash() == "100.00"


def test_one_key_sent_by_many_at_once_is_done_once(player: Player) -> None:
    player.deposit("100.00")
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: player.bet("1.00", "b1"), range(40)))
    assert [answer.status_code for answer in answers] == [200] * 40
    assert [answer.json()["replayed"] for answer in answers].count(False) == 1
    assert player.cash() == "99.00"


def test_a_token_is_good_for_its_rights_alone(player: Player) -> None:
    player.deposit("100.00")
    player.bet("1.00", "b1")
    account, http = player.account, player.ledger.http
    requests: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
        "bets": [
            ("POST", "/bets", player.bet_body("1.00", "b2")),
            (
                *("POST", "/settlements"),
                {"provider": PROVIDER, "bet_reference": player.reference("b1"), "amount": "0"},
            ),
        ],
        "money": [
            ("POST", "/deposits", {**account, "amount": "1.00"}),
            ("POST", "/withdrawals", {**account, "amount": "1.00"}),
            ("POST", "/withdrawals/complete", {}),
            ("POST", "/withdrawals/release", {}),
            ("POST", "/conversions", {**account, "amount": "1.00"}),
        ],
        "correct": [
            (
                *("POST", "/corrections"),
                {
                    **(account | {"amount": "1.00", "direction": "credit"}),
                    **{"reason": "a test", "made_by": "ada"},
                },
            )
        ],
        "read": [("GET", "/balances", account)],
    }
    for right, needing in requests.items():
        for method, path, fields in needing:
            for given in RIGHTS:
                reference = fields.get("reference", player.reference(f"{right}-right"))
                body = {**fields, "reference": reference} if method == "POST" else None
                headers = {
                    "Idempotency-Key": reference,
                    "Authorization": f"bearer {token_of(given)}",
                }
                params = fields if method == "GET" else None
                answer = http.request(method, path, json=body, params=params, headers=headers)
                if given == right:
                    assert answer.status_code == 200, answer.text
                else:
                    assert f"`{right}`" in problem_of(answer, 403)["detail"]
                    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert player.cash() == "99.00"


def test_without_a_known_token_nothing_is_done_and_guessing_is_slowed_down(player: Player) -> None:
    body = {**player.account, "amount": "1.00", "reference": player.reference("d1")}
    url = f"{player.ledger.http.base_url}/deposits"
    key = {"Idempotency-Key": body["reference"]}
    for given in ({}, {"Authorization": f"Basic {ALL}"}, {"Authorization": f"Bearer {ALL}x"}):
        answer = httpx.post(url, json=body, headers={**key, **given}, trust_env=False)
        problem_of(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")
    guesses = [player.ledger.post("/deposits", body, token=f"{n:032}") for n in range(25)]
    assert {guess.status_code for guess in guesses} == {401, 429}
    assert guesses[-1].headers["retry-after"] == "60"
    assert player.deposit("1.00").json() == DONE, "the right one is let in all the same"
    assert player.cash() == "1.00"


def test_no_token_is_in_the_log(player: Player) -> None:
    player.deposit("1.00")
    player.ledger.post("/deposits", {"reference": "r"}, token=GUESS)
    said = player.ledger.said()
    assert '"caller":"all"' in said
    assert player.reference("d1") in said
    for token in (ALL, *map(token_of, RIGHTS), GUESS):
        assert token not in said


def test_a_bet_may_name_its_round(player: Player) -> None:
    player.deposit("100.00")
    assert player.bet("10.00", "b1", round_id="R").json() == DONE
    assert player.bet("10.00", "b1", round_id="R").json() == REPLAYED
    assert player.bet("10.00", "b1", round_id="S").status_code == 422
    assert player.bet("10.00", "b2", round_id=None).json() == DONE
    assert player.bet("10.00", "b3", round_id=" ").status_code == 400
