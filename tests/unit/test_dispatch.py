"""The dispatcher: equal requests share a wait, and each has its decision or its deadline."""

import asyncio
import gc

import pytest

from api.dispatch import Overloaded
from api.waits import Message, Wait
from tests.making import batch_of, cancel_of
from tests.unit.queueing import Queue, decide, dispatcher_of, settle_down
from unbet.core.outcomes import Outcome


async def test_equal_requests_share_a_wait_and_others_do_not() -> None:
    queue = Queue()
    dispatcher = dispatcher_of(queue, groups_in_flight=9)
    first, second = cancel_of("r1", uuid="a"), cancel_of("r1", uuid="b")
    others = [
        cancel_of("r1", user_id="bob"),
        cancel_of("r1", currency="USD"),
        cancel_of("r2"),
        cancel_of("r1", user_id=None),
        cancel_of("r1", currency=None),
        cancel_of("r1", amount="1.00"),
        cancel_of("r1", amount="2.00"),
        *batch_of("r1"),
        *batch_of("r1"),
    ]
    waits = [asyncio.ensure_future(dispatcher.decide(c, 5)) for c in (first, second, *others)]
    await settle_down()
    published = [c for group in queue.groups for c in group]
    assert published == [first, *others]
    dispatcher.resolve(decide(published))
    decided = await asyncio.gather(*waits)
    assert [request_id for _, request_id, _ in decided[:2]] == [first.request_id] * 2
    # The wait is over: an equal request now is a new one.
    again = asyncio.ensure_future(dispatcher.decide(second, 5))
    await settle_down()
    assert queue.groups[-1] == (second,)
    dispatcher.resolve(decide([second]))
    await again


async def test_an_equal_request_after_the_decision_is_a_new_one() -> None:
    queue = Queue()
    dispatcher = dispatcher_of(queue, groups_in_flight=2)
    first, second = cancel_of("r1"), cancel_of("r1")
    waiting = dispatcher.decide(first, 5)
    await settle_down()
    dispatcher.resolve(decide([first]))
    # Whoever waits has not run since.
    after = dispatcher.decide(second, 5)
    await settle_down()
    dispatcher.resolve(decide([second]))
    async with asyncio.timeout(10):
        assert [(await one).request_id for one in (waiting, after)] == [
            first.request_id,
            second.request_id,
        ]


async def test_a_request_that_has_gone_itself_is_let_go_at_its_deadline() -> None:
    dispatcher = dispatcher_of(Queue())
    gone, stays = dispatcher.decide(cancel_of("r1"), 0.02), dispatcher.decide(cancel_of("r2"), 0.04)
    gone.cancel()
    assert (await stays).decision is None
    assert (dispatcher.waiting, dispatcher._waits) == (0, {})


async def test_without_a_reply_in_time_there_is_no_decision_and_nothing_is_kept() -> None:
    dispatcher = dispatcher_of(Queue())
    cancel = cancel_of("r1")
    assert (await dispatcher.decide(cancel, 0.01))[:2] == (None, cancel.request_id)
    assert (dispatcher._waits, dispatcher._by_content, dispatcher._groups.filling) == ({}, {}, {})
    # A reply that comes too late is let go.
    dispatcher.resolve(decide([cancel]))


async def test_a_later_equal_request_waits_its_own_time_though_the_first_gave_up() -> None:
    queue = Queue()
    dispatcher = dispatcher_of(queue)
    first, second = cancel_of("r1"), cancel_of("r1")
    impatient = asyncio.ensure_future(dispatcher.decide(first, 0.01))
    patient = asyncio.ensure_future(dispatcher.decide(second, 5))
    assert (await impatient)[0] is None
    dispatcher.resolve(decide([first]))
    decision, request_id, _ = await patient
    assert decision is not None
    assert request_id == first.request_id


async def test_what_is_expired_is_told_once_and_not_sent_again() -> None:
    queue = Queue()
    dispatcher = dispatcher_of(queue, resend_after_s=0.02)
    wait = asyncio.ensure_future(dispatcher.decide(cancel_of("r1"), 2))
    await settle_down()
    assert dispatcher.take_expired(0) != []
    assert (await wait)[0] is None
    assert len(queue.groups) == 1


async def test_the_cancels_of_one_request_expire_at_one_moment() -> None:
    dispatcher = dispatcher_of(Queue(), groups_in_flight=9)
    batch, lone = batch_of(*"abcde"), cancel_of("x")
    waits = [asyncio.ensure_future(dispatcher.decide(c, 30)) for c in (*batch, lone)]
    await settle_down()
    for early in (*batch[:2], lone):
        dispatcher._waits[early.request_id].since -= 60
    dispatcher.resolve(decide([lone]))
    # By the first of them; what is decided meanwhile is not among them.
    expired = [wait.cancel.reference for wait in dispatcher.take_expired(45)]
    assert expired == [*"abcde"]
    assert dispatcher.take_expired(0) == []
    dispatcher.resolve(decide(batch))
    await asyncio.gather(*waits)


async def test_once_persisted_the_answer_at_the_deadline_is_parked() -> None:
    dispatcher = dispatcher_of(Queue())
    wait = asyncio.ensure_future(dispatcher.decide(cancel_of("r1"), 2))
    await settle_down()
    (expired,) = dispatcher.take_expired(0)
    expired.is_persisted = True
    decision, *_ = await wait
    assert decision is not None
    assert decision.outcome is Outcome.PARKED


async def test_more_than_may_wait_are_turned_away() -> None:
    dispatcher = dispatcher_of(Queue(), max_waiting=2)
    waits = [asyncio.ensure_future(dispatcher.decide(cancel_of(f"r{n}"), 2)) for n in range(2)]
    await settle_down()
    with pytest.raises(Overloaded):
        await dispatcher.decide(cancel_of("r3"), 5)
    await asyncio.gather(*waits)


async def test_nothing_of_a_decided_group_waits_for_the_garbage_collector() -> None:
    queue = Queue()
    dispatcher = dispatcher_of(queue)
    gc.collect()
    gc.disable()
    try:
        for number in range(3):
            wait = dispatcher.decide(cancel_of(f"r{number}"), 5)
            await settle_down()
            dispatcher.resolve(decide(queue.groups[-1]))
            await wait
        await settle_down()
        del wait
        assert not [kept for kept in gc.get_objects() if type(kept) in (Message, Wait)]
    finally:
        gc.enable()
