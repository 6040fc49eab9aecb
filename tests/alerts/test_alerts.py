"""Each alert fires when what it is for happens to a real system, and is silent again afterwards.

The tests share one system and are run in their order.
"""

from pathlib import Path

import psutil
import redis
from sqlalchemy import text

from tests.alerts.casino import Casino
from tests.alerts.prometheus import NAMES
from tests.system.processes import EXAMPLE
from tests.system.watching import PLAYER

WAITING = text("""
    INSERT INTO unbet.parked (request_id, provider, reference, cancel, state, reason)
    VALUES (gen_random_uuid(), 'LuckyMonaco', 'unreadable', '{}', 'parked', 'test'),
           (gen_random_uuid(), 'LuckyMonaco', 'settled', '{}', 'dead', 'late bet')
""")
OVERDUE = text("""
    INSERT INTO unbet.watched (request_id, provider, reference, cancel, look_at)
    VALUES (gen_random_uuid(), 'LuckyMonaco', 'overdue', '{}', now() - interval '1 hour')
""")
OURS = "SELECT request_id FROM unbet.parked WHERE reference IN ('unreadable', 'settled')"


def test_while_all_is_well_no_alert_fires(casino: Casino) -> None:
    prometheus = casino.prometheus
    answered = 'sum(increase(unbet_answers_total{code="0"}[6s])) > 10'
    prometheus.until(lambda: prometheus.query(answered), lambda: "no cancels are answered")
    assert prometheus.query("unbet_sweep_rounds_total > 0")
    casino.calms_down()  # at once, unless an answer came late


def test_without_worker_and_sweep_nothing_is_decided(casino: Casino) -> None:
    casino.kill("worker")
    casino.kill("sweep")
    casino.fires(
        "UnbetNoReplies",
        "UnbetQueueGrows",
        "UnbetSlowAnswers",
        "UnbetRetriesAnswered",
        "UnbetNothingGetsThrough",
        "UnbetParkedOld",
        "UnbetSweepNotRunning",
    )
    casino.system.start_worker()
    casino.system.start_sweep()
    casino.calms_down()


def test_without_servers_cancels_go_to_the_disk_and_with_it_full_nowhere(casino: Casino) -> None:
    casino.lose_servers()
    casino.fires("UnbetDependencyAway", "UnbetSpooled")

    def away() -> set[str]:
        return {labels.get("dependency", "") for labels in casino.prometheus.firing()} - {""}

    casino.prometheus.until(
        lambda: away() == {"ledger", "broker", "replies"}, lambda: f"away: {away()}"
    )
    receiver = psutil.Process(casino.system.processes["receiver"].pid)
    _, hard = receiver.rlimit(psutil.RLIMIT_FSIZE)
    receiver.rlimit(psutil.RLIMIT_FSIZE, (0, hard))
    casino.fires("UnbetUnpersisted")
    receiver.rlimit(psutil.RLIMIT_FSIZE, (hard, hard))
    casino.get_servers_back()
    casino.calms_down()


def test_what_is_none_of_ours_and_what_waits_for_a_person_is_told(casino: Casino) -> None:
    system = casino.system
    with redis.Redis.from_url(system.environment["UNBET_BROKER_URL"]) as broker:
        broker.lpush(system.key("cancels"), "forged")
    assert system.http.post(system.path, content=b"{}").status_code == 200
    for _ in range(200):
        system.http.post("/not-a-secret-of-ours/V4/Cancel", json=EXAMPLE)
    assert system.cancel(reference="late")["error"] == 0
    assert casino.operator.bet("late", "1.00", **PLAYER).status == "refused"
    with casino.engine.begin() as connection:
        connection.execute(WAITING)
        connection.execute(OVERDUE)
    firing = casino.fires(
        "UnbetRejected",
        "UnbetRefused",
        "UnbetWrongSecrets",
        "UnbetLateBets",
        "UnbetLateBetNotReversed",
        "UnbetLateBetsNotLookedFor",
        "UnbetDead",
    )
    assert {labels.get("kind") for labels in firing} >= {"message"}
    assert {labels.get("reason") for labels in firing} >= {"form"}
    with casino.engine.begin() as connection:
        waiting = connection.execute(text(OURS)).scalars().all()
        connection.execute(text("DELETE FROM unbet.watched"))
    for request_id in waiting:
        closed = system.unbet("parked", "close", str(request_id), "--reason", "a test")
        assert closed.returncode == 0
    casino.calms_down()


def test_what_is_damaged_in_a_spool_is_told_until_somebody_has_looked(casino: Casino) -> None:
    spool = Path(casino.system.environment["UNBET_SPOOL_DIR"])
    (spool / "0.spool2").write_bytes(b"no record of ours")
    assert {labels.get("reason") for labels in casino.fires("UnbetSpoolDamaged")} >= {"damaged"}
    (spool / "0.spool2.damaged").unlink()
    casino.calms_down()


def test_a_provider_that_does_not_call_any_more_is_missed(casino: Casino) -> None:
    often = "sum(increase(unbet_answers_total[6s])) > 25"
    casino.prometheus.until(lambda: casino.prometheus.query(often), lambda: "no cancels come")
    casino.provider_calls.clear()
    firing = casino.fires("UnbetNoCancels")
    assert "LuckyMonaco" in {labels.get("provider") for labels in firing}
    casino.provider_calls.set()
    casino.calms_down()


def test_a_receiver_that_is_gone_is_missed(casino: Casino) -> None:
    casino.kill("receiver")
    casino.fires("UnbetReceiverGone")
    casino.system.start_receiver()
    casino.calms_down()


def test_no_alert_was_left_out(casino: Casino) -> None:
    assert casino.caused == NAMES
