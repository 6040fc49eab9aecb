"""Cancels of rounds where a wallet other than the ledger decides."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import Engine, text

from tests.ledger.rounds import round_cancel
from tests.making import cancel_of
from tests.wallets.contract import outcomes, verdicts_on
from tests.wallets.sql_casino import SqlCasino, run_sql
from tests.wallets.test_http_forms import SECRET
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.journal.asking import end_asked, key_of, remember_asked
from unbet.journal.outcomes import find_outcomes
from unbet.runtime.settings import WalletSettings
from unbet.runtime.wallet_choice import WalletChoice
from unbet.wallets.chosen import dry_runs_for, wallet_for
from unbet.wallets.http.making import settings_of
from unbet.wallets.http.request import body_of, calls_of, items_of
from unbet.wallets.http.request import key_of as http_key_of
from unbet.wallets.port import Abilities, Decided, Memory, Undecided, Verdict, Why
from unbet.wallets.recorded import RecordedWallet
from unbet.wallets.sql.making import wallet_of
from unbet.wallets.sql.wallet import SqlWallet
from unbet.wallets.undecided import keep_undecided

ROUND, BET = round_cancel("r1"), cancel_of("r1")


class Forgetful:
    """Decides anew whenever it is asked, and says how often it was."""

    abilities = Abilities(
        remembers=Memory.FOR_A_TIME,
        remembers_s=60.0,
        closes_unknown=True,
        tells_cash=False,
        finds=False,
        max_together=10,
        keeps_journal=False,
        cancels_rounds=True,
    )

    def __init__(self) -> None:
        self.asked: list[Cancel] = []

    def cancel(self, cancels: Sequence[Cancel], deadline: float) -> Iterator[Sequence[Verdict]]:
        del deadline
        self.asked += cancels
        yield [
            Decided(
                Decision(
                    request_id=one.request_id,
                    outcome=Outcome.REVERSED if one.of_round else Outcome.SETTLED,
                )
            )
            for one in cancels
        ]


@pytest.mark.parametrize("parked", [False, True])
def test_a_wallet_without_rounds_is_not_asked_and_a_person_looks(
    sql_casino: SqlCasino, worker_engine: Engine, engine: Engine, parked: bool
) -> None:
    sql_casino.deposit("10.00")
    assert sql_casino.bet("r1", "4.00")
    wallet = wallet_for("sql", worker_engine, hold_unknown=False, parked=parked)
    (verdict,) = verdicts_on(wallet, ROUND)
    assert isinstance(verdict, Undecided)
    assert (verdict.why, verdict.reason) == (Why.REJECTED, "a cancel of a round")
    keep_undecided(worker_engine, [verdict], time.monotonic() + 5.0)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT state, of_round, last_error FROM unbet.parked"))
        state, of_round, error = found.one()
    assert (state, of_round) == ("dead", True)
    assert "does not take cancels of rounds" in error


def test_others_of_the_group_are_decided(sql_casino: SqlCasino, worker_engine: Engine) -> None:
    sql_casino.deposit("10.00")
    assert sql_casino.bet("r1", "4.00")
    wallet = wallet_for("sql", worker_engine, hold_unknown=False)
    of_round, of_bet = verdicts_on(wallet, ROUND, BET)
    assert isinstance(of_round, Undecided)
    assert isinstance(of_bet, Decided)


def test_nor_does_a_dry_run_call_it_decided(sql_casino: SqlCasino, worker_engine: Engine) -> None:
    del sql_casino
    wallets = dry_runs_for(WalletChoice("sql", {}), worker_engine, hold_unknown=False)
    (verdict,) = verdicts_on(wallets["sql"], ROUND)
    assert isinstance(verdict, Undecided)


def test_the_setting_says_that_a_wallet_takes_them(engine: Engine) -> None:
    said = WalletSettings(
        wallet_cancels_rounds=True, wallet_url="http://127.0.0.1:1", wallet_secrets=SECRET
    )
    assert settings_of(said, hold_unknown=False).abilities.cancels_rounds
    assert wallet_of(said, engine, parked=False).abilities.cancels_rounds
    assert not SqlWallet(engine).abilities.cancels_rounds


def test_a_call_says_that_it_is_of_a_round_and_has_a_key_of_its_own() -> None:
    calls = calls_of(items_of([ROUND, BET]), 10)
    written = [one for call in calls for one in json.loads(body_of(call))]
    assert len(written) == 2
    (of_round,) = [one for one in written if "of_round" in one]
    (of_bet,) = [one for one in written if "of_round" not in one]
    assert of_round["of_round"] is True
    assert (of_round["reference"], of_bet["reference"]) == ("r1", "r1")
    assert of_round["key"] == http_key_of(ROUND) != of_bet["key"]


def test_the_function_is_told_that_it_is_of_a_round(
    sql_casino: SqlCasino, worker_engine: Engine, engine: Engine, database_url: str
) -> None:
    del sql_casino
    run_sql(
        database_url,
        """
        CREATE OR REPLACE FUNCTION public.unbet_cancel(cancels jsonb)
        RETURNS TABLE (request_id uuid, outcome text, wallet_ref text, cash numeric,
                       replayed boolean)
        LANGUAGE sql VOLATILE AS $$
            SELECT CAST(one ->> 'request_id' AS uuid),
                   CASE WHEN one @> '{"of_round": true}' THEN 'settled' ELSE 'no_bet' END,
                   NULL::text, NULL::numeric, NULL::boolean
              FROM jsonb_array_elements(cancels) AS one
        $$
        """,
    )
    wallet = SqlWallet(worker_engine, cancels_rounds=True)
    assert outcomes(wallet, ROUND, BET) == [Outcome.SETTLED, Outcome.NO_BET]
    with engine.connect() as connection:
        found = {one.request_id: one.outcome for one in find_outcomes(connection, [ROUND, BET])}
    assert found == {ROUND.request_id: Outcome.SETTLED, BET.request_id: Outcome.NO_BET}


def test_what_is_on_record_of_a_bet_is_not_told_of_the_round(
    worker_engine: Engine,
) -> None:
    asked = Forgetful()
    wallet = RecordedWallet(worker_engine, asked, "theirs")
    bet, of_round = cancel_of("r1"), round_cancel("r1")
    assert outcomes(wallet, bet) == [Outcome.SETTLED]
    assert outcomes(wallet, of_round) == [Outcome.REVERSED]
    assert outcomes(wallet, cancel_of("r1"), round_cancel("r1")) == [
        Outcome.SETTLED,
        Outcome.REVERSED,
    ]
    assert asked.asked == [bet, of_round]


def test_a_doubt_about_the_round_is_none_about_the_bet(worker_engine: Engine) -> None:
    with worker_engine.begin() as connection:
        assert remember_asked(connection, [BET, ROUND]) == {}
        end_asked(connection, decided={key_of(ROUND)})
    with worker_engine.begin() as connection:
        assert [*remember_asked(connection, [BET, ROUND])] == [key_of(BET)]
        end_asked(connection, undone={key_of(BET)})
    with worker_engine.begin() as connection:
        assert len(remember_asked(connection, [BET])) == 1


def test_a_forgetful_wallet_is_asked_about_bet_and_round_in_one_call(
    worker_engine: Engine,
) -> None:
    asked = Forgetful()
    wallet = RecordedWallet(worker_engine, asked, "theirs")
    bet, of_round = cancel_of("r2"), round_cancel("r2")
    assert outcomes(wallet, bet, of_round) == [Outcome.SETTLED, Outcome.REVERSED]


def test_without_the_ability_a_wallet_in_python_is_not_asked_either(engine: Engine) -> None:
    abilities = replace(Forgetful.abilities, cancels_rounds=False)
    assert not abilities.cancels_rounds
    made = wallet_for(f"{__name__}:without_rounds", engine, hold_unknown=False)
    (verdict,) = verdicts_on(made, ROUND)
    assert isinstance(verdict, Undecided)
    assert verdict.why is Why.REJECTED


def without_rounds(engine: Engine, *, hold_unknown: bool, parked: bool) -> Forgetful:
    del engine, hold_unknown, parked
    made = Forgetful()
    made.abilities = replace(made.abilities, cancels_rounds=False)
    return made
