"""The chaos run's checker: content with what is right, blind to no kind of violation.

Longer than other files because each of its rules has a test here.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from testbed.chaos import checker, evidence
from testbed.chaos.check_result import CheckResult, Kind
from testbed.chaos.checker import Judged
from testbed.chaos.circumstances import Circumstances
from testbed.chaos.clients import HALF_CLOSES, NEVER_READS, RESETS
from testbed.chaos.outages import Outage
from testbed.chaos.parts import Part, part_of, split
from testbed.chaos.wallets import ledger
from testbed.provider import Sent, Win, as_line
from tests import judging
from tests.judging import NOON, attempts, bet, cancel, sent, tamper
from tests.making import Operator, cancel_of
from unbet.journal.parking import park


def of_ledger(engine: Engine) -> Judged:
    return Judged(engine, engine, ledger.ROWS, has_audit=True)


def check(log: Iterable[Sent], engine: Engine, around: Circumstances | None = None) -> CheckResult:
    return judging.check(log, of_ledger(engine), around)


def found(engine: Engine, *log: Sent, outages: Sequence[Outage] = ()) -> dict[Kind, list[str]]:
    around = Circumstances(outages=outages)
    return {k: v for k, v in check(log, engine, around).violations.items() if v}


@pytest.fixture
def operator(operator: Operator) -> Operator:
    operator.deposit("100.00")
    return operator


def test_a_run_in_which_all_went_well_is_clean(engine: Engine, operator: Operator) -> None:
    for reference in ("given back", "not his", "other currency", "standing", "won"):
        operator.bet(reference)
    operator.bet("too much", "1000.00")
    operator.settle("won", "25.00")
    operator.cancel(cancel_of("given back"), cancel_of("unknown"), cancel_of("too much"))
    operator.cancel(cancel_of("won"), cancel_of("not his", user_id="mallory"))
    operator.cancel(cancel_of("other currency", currency="USD"), cancel_of("not his"))
    log = [
        bet("given back", None, 0),
        cancel("given back", 100, 100, 0),
        cancel("given back", 0),
        cancel("unknown", 0),
        bet("unknown", 120, at=NOON + timedelta(seconds=9)),
        bet("too much", 1),
        cancel("too much", 0),
        bet("won", 0),
        sent(Win(reference="won", amount=Decimal("25.00")), attempts(0)),
        cancel("won", 120),
        bet("not his", 0),
        cancel("not his", 7, 7, 7, user_id="mallory"),
        cancel("not his", 0),
        bet("other currency", 0),
        cancel("other currency", 2, currency="USD"),
        bet("standing", 0),
    ]
    result = check(log, engine)
    assert (result.ok, result.dead, dict(result.violations)) == (True, 0, {})


@pytest.mark.parametrize("code", [2, 100, 120])
def test_an_answered_cancel_without_an_outcome_is_lost(
    engine: Engine, operator: Operator, code: int
) -> None:
    operator.bet("r")
    assert "r of alice" in found(engine, cancel("r", None, code, None))[Kind.LOST][0]


def test_a_lost_cancel_of_an_unknown_bet_is_lost_too(engine: Engine) -> None:
    assert list(found(engine, cancel("unknown", 100, 100, 100))) == [Kind.LOST]


def test_another_players_cancel_needs_its_record(engine: Engine, operator: Operator) -> None:
    operator.bet("r")
    operator.cancel(cancel_of("r"))
    assert list(found(engine, cancel("r", 100, user_id="mallory"))) == [Kind.LOST]
    operator.cancel(cancel_of("r", user_id="mallory"))
    assert found(engine, cancel("r", 100, user_id="mallory")) == {}


def test_a_cancel_that_nobody_answered_was_promised_nothing(
    engine: Engine, operator: Operator
) -> None:
    operator.bet("r")
    killed = Outage("receiver-1", NOON, NOON + timedelta(seconds=5))
    assert found(engine, cancel("r", None, None, None), outages=[killed]) == {}


def test_a_parked_cancel_is_undrained_and_lost_a_dead_one_is_counted(
    engine: Engine, operator: Operator
) -> None:
    operator.bet("r")
    with engine.begin() as connection:
        park(connection, [cancel_of("r")], reason="test")
    assert set(found(engine, cancel("r", 100))) == {Kind.LOST, Kind.UNDRAINED}
    with engine.begin() as connection:
        connection.execute(text("UPDATE unbet.parked SET state = 'dead'"))
    result = check([cancel("r", 100)], engine)
    assert (result.ok, result.dead) == (True, 1)


def test_a_success_that_the_ledger_does_not_know_is_uncommitted(engine: Engine) -> None:
    assert list(found(engine, cancel("r", 0))) == [Kind.UNCOMMITTED]


def test_a_bet_that_stands_after_its_cancel_succeeded_is_a_late_debit(
    engine: Engine, operator: Operator
) -> None:
    operator.bet("r")
    assert list(found(engine, cancel("r", 100, 0))) == [Kind.LATE_DEBIT]
    operator.settle("r", "5.00")
    assert Kind.LATE_DEBIT in found(engine, cancel("r", 100, 0))


def test_a_bet_that_is_taken_after_its_cancel_succeeded_is_a_late_debit(
    engine: Engine, operator: Operator
) -> None:
    operator.bet("r")
    operator.cancel(cancel_of("r"))
    late = bet("r", 0, at=NOON + timedelta(seconds=1))
    assert list(found(engine, cancel("r", 0), late)) == [Kind.LATE_DEBIT]
    assert found(engine, cancel("r", 0), bet("r", 0)) == {}


@pytest.mark.parametrize(
    ("codes", "user_id"),
    [((100, 120, 0), "alice"), ((120,), "alice"), ((7,), "alice"), ((0,), "mallory")],
    ids=["two answers", "refused", "another's", "another player's success"],
)
def test_an_answer_that_the_ledger_contradicts_is_found(
    engine: Engine, operator: Operator, codes: tuple[int, ...], user_id: str
) -> None:
    operator.bet("r")
    operator.cancel(cancel_of("r"), cancel_of("r", user_id="mallory"))
    log = [cancel("r", code, user_id=user_id) for code in codes]
    assert list(found(engine, *log)) == [Kind.CONTRADICTION]


def test_a_stake_given_back_twice_is_doubled(engine: Engine, operator: Operator) -> None:
    operator.bet("r")
    operator.cancel(cancel_of("r"))
    tamper(
        engine,
        "DROP INDEX unbet_ledger.one_reversal_per_bet",
        """INSERT INTO unbet_ledger.transfers (id, kind, bet_id)
           SELECT 1000, 'reversal', bet_id FROM unbet_ledger.transfers WHERE kind = 'reversal'""",
        """INSERT INTO unbet_ledger.entries
           SELECT 1000, account_id, entries.amount, balance_after + 10
             FROM unbet_ledger.entries JOIN unbet_ledger.transfers ON transfers.id = transfer_id
            WHERE kind = 'reversal'""",
        "UPDATE unbet_ledger.accounts SET balance = balance + 10 WHERE balance IS NOT NULL",
    )
    kinds = found(engine, cancel("r", 0))
    assert "2 times reversal" in kinds[Kind.DOUBLED][0]
    assert kinds.keys() == {Kind.DOUBLED, Kind.MONEY, Kind.AUDIT}


def test_more_given_back_than_was_staked_is_doubled(engine: Engine, operator: Operator) -> None:
    operator.bet("r")
    operator.cancel(cancel_of("r"))
    tamper(
        engine,
        """UPDATE unbet_ledger.entries SET amount = 2 * amount
            WHERE transfer_id = (SELECT reversal_id FROM unbet_ledger.bets)""",
    )
    assert Kind.DOUBLED in found(engine, cancel("r", 0))


def test_a_bet_that_the_operator_reported_and_the_ledger_forgot_is_unrecorded(
    engine: Engine, operator: Operator
) -> None:
    assert list(found(engine, bet("never came", None, 0))) == [Kind.UNRECORDED]
    operator.bet("r", "10.00")
    assert list(found(engine, bet("r", 0, amount="11.00"))) == [Kind.UNRECORDED]
    win = sent(Win(reference="r", amount=Decimal(5)), attempts(0))
    assert list(found(engine, win)) == [Kind.UNRECORDED]


def test_a_balance_that_is_not_what_is_due_is_found(engine: Engine, operator: Operator) -> None:
    operator.bet("r")
    tamper(
        engine,
        "UPDATE unbet_ledger.accounts SET balance = balance + 0.01 WHERE balance IS NOT NULL",
    )
    kinds = found(engine)
    assert "alice EUR has 90.01" in kinds[Kind.MONEY][0]
    assert kinds.keys() == {Kind.MONEY, Kind.AUDIT}


def test_no_answer_is_excused_by_a_killed_receiver_only(engine: Engine) -> None:
    killed = Outage("receiver-1", NOON, NOON + timedelta(seconds=60))
    assert found(engine, cancel("r", None), outages=[killed]) == {}
    assert list(found(engine, cancel("r", None))) == [Kind.UNANSWERED]
    after = cancel("r", None, at=NOON + timedelta(minutes=2))
    assert list(found(engine, after, outages=[killed])) == [Kind.UNANSWERED]


def test_while_another_receiver_is_up_a_killed_one_excuses_only_what_it_was_at(
    engine: Engine,
) -> None:
    one, other = (Outage(f"receiver-{n}", NOON, NOON + timedelta(seconds=60)) for n in (1, 2))
    log = [cancel("r", None, at=NOON + timedelta(seconds=30))]
    assert not check(log, engine, Circumstances([one], receivers=2)).ok
    assert check(log, engine, Circumstances([one, other], receivers=2)).ok


def test_ten_seconds_without_an_answer_are_excused_by_nothing(engine: Engine) -> None:
    killed = Outage("receiver-1", NOON, NOON + timedelta(seconds=1))
    silent = cancel("r", None, text="no answer within 10 s")
    assert list(found(engine, silent, outages=[killed])) == [Kind.UNANSWERED]


@pytest.mark.parametrize(("client", "excused"), [(RESETS, 1), (NEVER_READS, 1), (HALF_CLOSES, 0)])
def test_who_cannot_hear_needs_no_answer_and_who_half_closes_needs_one(
    engine: Engine, client: str, excused: int
) -> None:
    [silence] = attempts(None)
    log = cancel("r").model_copy(
        update={"attempts": (silence.model_copy(update={"client": client}),)}
    )
    assert list(found(engine, log)) == [Kind.UNANSWERED] * (1 - excused)


def test_503_is_right_only_while_neither_ledger_nor_disk_can_keep_a_cancel(engine: Engine) -> None:
    [refused] = attempts(None, text="HTTP 503")
    log = [
        cancel("r").model_copy(update={"attempts": (refused.model_copy(update={"status": 503}),)})
    ]
    full = Outage("spool", NOON - timedelta(seconds=2), NOON + timedelta(seconds=2))
    killed = Outage("receiver-1", NOON, NOON + timedelta(seconds=60))
    assert check(log, engine, Circumstances(without_room=[full])).ok
    assert list(found(engine, *log, outages=[killed])) == [Kind.UNANSWERED]
    earlier = Outage("spool", NOON - timedelta(seconds=20), NOON - timedelta(seconds=10))
    assert not check(log, engine, Circumstances(without_room=[earlier])).ok


def test_an_answer_after_eight_seconds_is_a_violation_that_tells_of_the_providers_own_lag(
    engine: Engine, operator: Operator
) -> None:
    operator.bet("r")
    operator.cancel(cancel_of("r"))

    def answered(seconds: float) -> Sent:
        [answer] = attempts(0)
        late = answer.model_copy(update={"seconds": 9.5, "answered_s": seconds})
        return cancel("r").model_copy(update={"attempts": (late,)})

    assert found(engine, answered(7.999)) == {}
    around = Circumstances(held_up=lambda _since, _seconds: 0.7)
    result = check([answered(8.001)], engine, around)
    assert not result.ok
    [what] = result.violations[Kind.LATE_ANSWER]
    assert "0 after 8.001 s" in what
    assert "held up for 0.7 s" in what


def test_a_log_is_checked_part_by_part_with_the_same_result(
    engine: Engine, operator: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    references = [f"r{number}" for number in range(40)]
    for reference in references:
        operator.bet(reference, "1.00")
    operator.cancel(*(cancel_of(reference) for reference in references[:-2]))
    log = [
        line
        for reference in references
        for line in (bet(reference, 0, amount="1.00"), cancel(reference, 0))
    ]
    file = tmp_path / "provider.jsonl"
    file.write_text("".join(map(as_line, log)))
    whole = check(log, engine)
    monkeypatch.setattr("testbed.chaos.parts.ROWS", 10)
    assert len(split(file, tmp_path / "parts")) == 9
    parts = checker.check(file, of_ledger(engine), Circumstances(), tmp_path / "again")
    assert parts.counts == whole.counts == {Kind.LATE_DEBIT: 2}
    assert sorted(parts.violations[Kind.LATE_DEBIT]) == sorted(whole.violations[Kind.LATE_DEBIT])


def test_the_database_and_the_log_are_parted_alike(engine: Engine, operator: Operator) -> None:
    references = {"given back", "ünïcode-✓", "r1", "r2", "r3", "r4", "r5"}
    for reference in references:
        operator.bet(reference, "1.00")
    seen: set[str] = set()
    for number in range(3):
        with engine.begin() as connection:
            bets = evidence.read(connection, connection, ledger.ROWS, Part(number, 3)).bets
        assert all(part_of(reference, 3) == number for reference in bets)
        seen |= bets.keys()
    assert seen == references
