"""The dispatcher: groups fill while others are in flight, equal requests share a wait."""

import asyncio
import gc
import time
from collections.abc import Callable, Iterable

import pytest

from api.dispatch import Dispatcher, Overloaded
from api.publish import PublishError
from api.waits import Message, Wait
from tests.counting import counted
from tests.making import cancel_of
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome


class Queue:
    """Takes groups as the broker would, and keeps them for the test to look at."""

    def __init__(self, error: Exception | None = None) -> None:
        self.groups: list[tuple[Cancel, ...]] = []
        self.message_ids: list[str] = []
        self.error = error

    def submit(self, message: Message, failed: Callable[[Exception], object]) -> None:
        self.groups.append(tuple(wait.cancel for wait in message.waits))
        self.message_ids.append(message.id)
        if self.error:
            failed(self.error)
        else:
            message.published_at = time.monotonic()


def dispatcher_of(queue: Queue, *, resend_after_s: float = 9, **limits: int) -> Dispatcher:
    defaults = {"group_size": 3, "groups_in_flight": 1, "max_waiting": 100}
    return Dispatcher(queue.submit, **(defaults | limits), resend_after_s=resend_after_s)


def decide(cancels: Iterable[Cancel]) -> list[Decision]:
    return [Decision(request_id=c.request_id, outcome=Outcome.REVERSED) for c in cancels]


async def settle_down() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_lone_cancel_leaves_at_once_and_the_next_ones_travel_together() -> None:
    queue = Queue()
    dispatcher = dispatcher_of(queue)
    cancels = [cancel_of(f"r{number}") for number in range(6)]
    waits = [asyncio.ensure_future(dispatcher.decide(cancels[0], 5))]
    await settle_down()
    assert [len(group) for group in queue.groups] == [1]
    waits += [asyncio.ensure_future(dispatcher.decide(c, 5)) for c in cancels[1:]]
    await settle_down()
    assert [len(group) for group in queue.groups] == [1]
    dispatcher.resolve(decide(queue.groups[0]))
    await settle_down()
    assert [len(group) for group in queue.groups] == [1, 3]
    dispatcher.resolve(decide(queue.groups[1]))
    await settle_down()
    assert [len(group) for group in queue.groups] == [1, 3, 2]
    dispatcher.resolve(decide(queue.groups[2]))
    decided = await asyncio.gather(*waits)
    assert [d.request_id for d, *_ in decided if d] == [c.request_id for c in cancels]


async def test_what_the_server_has_read_at_once_travels_together() -> None:
    queue = Queue()
    dispatcher = dispatcher_of(queue)
    cancels = [cancel_of(f"r{number}") for number in range(3)]
    waits = [asyncio.ensure_future(dispatcher.decide(c, 5)) for c in cancels]
    await settle_down()
    assert [len(group) for group in queue.groups] == [3]
    dispatcher.resolve(decide(queue.groups[0]))
    await asyncio.gather(*waits)


async def test_equal_requests_share_a_wait_and_others_do_not() -> None:
    queue = Queue()
    dispatcher = dispatcher_of(queue, groups_in_flight=9)
    first, second = cancel_of("r1", uuid="a"), cancel_of("r1", uuid="b")
    others = [cancel_of("r1", user_id="bob"), cancel_of("r1", currency="USD"), cancel_of("r2")]
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


async def test_what_the_broker_does_not_take_in_time_is_expired(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("api.publish.PUBLISH_LIMIT_S", 0.02)
    dispatcher = Dispatcher(
        lambda _message, _failed: None,
        **{"group_size": 1, "groups_in_flight": 1, "max_waiting": 9, "resend_after_s": 9},
    )
    waits = [dispatcher.decide(cancel_of(f"r{number}"), 0.2) for number in range(2)]
    async with asyncio.timeout(10):
        while not (expired := dispatcher.take_expired(99)):
            await asyncio.sleep(0.001)
    # The broker is left alone then: the next one is not even tried.
    assert len(expired) == 2
    assert [(await wait).decision for wait in waits] == [None, None]


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


async def test_what_cannot_be_published_is_expired_at_once_and_the_broker_is_left_alone() -> None:
    queue = Queue(PublishError("refused"))
    dispatcher = dispatcher_of(queue)
    before = counted("unbet_unpublished_total")
    waits = [asyncio.ensure_future(dispatcher.decide(cancel_of(f"r{n}"), 5)) for n in range(2)]
    await settle_down()
    assert dispatcher.take_expired(99) != []
    assert dispatcher.take_expired(99) == []
    assert len(queue.groups) == 1
    assert counted("unbet_unpublished_total") == before + 2
    for wait in dispatcher._waits.values():
        wait.is_persisted = True
    dispatcher.resolve(decide(wait.cancel for wait in dispatcher.parked()))
    assert all(decision for decision, *_ in await asyncio.gather(*waits))


async def test_an_error_that_nobody_foresaw_makes_its_cancels_expired_and_no_others() -> None:
    queue = Queue(ZeroDivisionError("nobody foresaw it"))
    dispatcher = dispatcher_of(queue)
    waits = [asyncio.ensure_future(dispatcher.decide(cancel_of("r1"), 5))]
    await settle_down()
    assert len(dispatcher.take_expired(99)) == 1
    queue.error = None
    waits.append(asyncio.ensure_future(dispatcher.decide(cancel_of("r2"), 5)))
    await settle_down()
    assert dispatcher.take_expired(99) == []
    assert len(queue.groups) == 2
    dispatcher.resolve(decide(wait.cancel for wait in dispatcher._waits.values()))
    assert all(decision for decision, *_ in await asyncio.gather(*waits))


async def test_what_is_expired_is_told_once_and_not_sent_again() -> None:
    queue = Queue()
    dispatcher = dispatcher_of(queue, resend_after_s=0.02)
    wait = asyncio.ensure_future(dispatcher.decide(cancel_of("r1"), 2))
    await settle_down()
    assert dispatcher.take_expired(0) != []
    assert (await wait)[0] is None
    assert len(queue.groups) == 1


async def test_once_persisted_the_answer_at_the_deadline_is_parked() -> None:
    dispatcher = dispatcher_of(Queue())
    wait = asyncio.ensure_future(dispatcher.decide(cancel_of("r1"), 2))
    await settle_down()
    (expired,) = dispatcher.take_expired(0)
    expired.is_persisted = True
    decision, *_ = await wait
    assert decision is not None
    assert decision.outcome is Outcome.PARKED


async def test_a_cancel_without_a_reply_is_sent_again_twice_and_then_no_more() -> None:
    queue = Queue()
    dispatcher = dispatcher_of(queue, resend_after_s=0.02)
    cancel = cancel_of("r1")
    decided = await dispatcher.decide(cancel, 2)
    assert decided.decision is None
    assert queue.groups == [(cancel,)] * 3
    # Each message has an id of its own; the last one is told.
    assert len(set(queue.message_ids)) == 3
    assert decided.group == queue.message_ids[-1]


async def test_a_lost_group_gives_its_place_back() -> None:
    queue = Queue()
    dispatcher = dispatcher_of(queue, resend_after_s=0.02)
    lost = asyncio.ensure_future(dispatcher.decide(cancel_of("r1"), 5))
    await settle_down()
    waits = asyncio.ensure_future(dispatcher.decide(cancel_of("r2"), 5))
    async with asyncio.timeout(4):
        while len(queue.groups) < 2:
            await asyncio.sleep(0.001)
    dispatcher.resolve(decide(queue.groups[0] + queue.groups[1]))
    await asyncio.gather(lost, waits)


async def test_more_than_may_wait_are_turned_away() -> None:
    dispatcher = dispatcher_of(Queue(), max_waiting=2)
    waits = [asyncio.ensure_future(dispatcher.decide(cancel_of(f"r{n}"), 2)) for n in range(2)]
    await settle_down()
    with pytest.raises(Overloaded):
        await dispatcher.decide(cancel_of("r3"), 5)
    await asyncio.gather(*waits)


async def test_what_was_not_sent_frees_no_place_for_another_group(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue = Queue(error=PublishError("away"))
    dispatcher = dispatcher_of(queue)
    monkeypatch.setattr("unbet.runtime.breaker.OPEN_S", 0.2)
    first, unsent = cancel_of("r1"), [cancel_of(f"r{number}") for number in range(2, 5)]
    waits = [dispatcher.decide(first, 5)]
    await settle_down()
    for cancel in unsent:  # each a group of its own, while the breaker is open
        waits.append(dispatcher.decide(cancel, 5))
        await settle_down()
    assert [len(group) for group in queue.groups] == [1]
    dispatcher.resolve(decide([first, *unsent]))  # the ledger was asked
    await asyncio.gather(*waits)
    queue.error = None
    await asyncio.sleep(0.25)
    later = []
    for number in range(5, 8):
        later.append(dispatcher.decide(cancel_of(f"r{number}"), 0.1))
        await settle_down()
    assert len(queue.groups) == 2, "one group may be on its way at a time"
    await asyncio.gather(*later)


async def test_a_group_that_cannot_be_submitted_falls_back_and_gives_its_place_back() -> None:
    queue = Queue()

    def submit(message: Message, failed: Callable[[Exception], object]) -> None:
        if not queue.groups:
            queue.groups.append(())
            raise RuntimeError("can't start new thread")
        queue.submit(message, failed)

    dispatcher = Dispatcher(
        submit, group_size=3, groups_in_flight=1, max_waiting=100, resend_after_s=9
    )
    first, second = cancel_of("r1"), cancel_of("r2")
    waits = [dispatcher.decide(first, 5)]
    await settle_down()
    assert [wait.cancel.reference for wait in dispatcher.take_expired(9)] == ["r1"]
    waits.append(dispatcher.decide(second, 5))
    await settle_down()
    assert len(queue.groups) == 2
    dispatcher.resolve(decide([first, second]))
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


async def test_failures_of_what_was_on_its_way_do_not_keep_the_breaker_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("unbet.runtime.breaker.OPEN_S", 0.2)
    failures: list[Callable[[Exception], object]] = []
    dispatcher = Dispatcher(
        lambda _message, failed: failures.append(failed),
        **{"group_size": 1, "groups_in_flight": 2, "max_waiting": 100, "resend_after_s": 9},
    )
    waits = [dispatcher.decide(cancel_of(f"r{number}"), 0.6) for number in range(2)]
    await settle_down()
    failures[0](PublishError("away"))
    await asyncio.sleep(0.15)
    failures[1](PublishError("away"))
    await asyncio.sleep(0.1)
    waits.append(dispatcher.decide(cancel_of("r2"), 0.1))
    await settle_down()
    assert len(failures) == 3, "it was submitted"
    await asyncio.gather(*waits)
