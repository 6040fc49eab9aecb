"""The parts of an answer's deadline, whatever the deadline is."""

from api.deadline import ANSWER_SHARE, ASK_SHARE, CALL_SHARE

DISK_SHARE = 0.02
"""An append to the spool, with its sync."""


def test_a_cancel_is_persisted_before_its_answer_is_due_though_each_call_to_the_ledger_hangs() -> (
    None
):
    the_question, a_batch_that_is_being_parked, the_own_batch = [CALL_SHARE] * 3
    calls = the_question + a_batch_that_is_being_parked + the_own_batch

    assert ASK_SHARE + calls + DISK_SHARE <= ANSWER_SHARE


def test_an_answer_has_a_second_to_get_out_of_a_busy_process_of_the_default_eight() -> None:
    assert 8 * (1 - ANSWER_SHARE) >= 1
