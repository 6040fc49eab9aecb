"""The dispatcher: groups fill while others are in flight, equal requests share a wait."""

import asyncio
import time
from collections.abc import Callable, Iterable

import pytest

from api.dispatch import Dispatcher, Overloaded
from api.publish import PublishError
from api.waits import Message
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


def dispatcher(queue: Queue, *, resend_after_s: float = 9, **limits: int) -> Dispatcher:
    defaults = {"group_size": 3, "groups_in_flight": 1, "most_waiting": 100}
    return Dispatcher(queue.submit, **(defaults | limits), resend_after_s=resend_after_s)


def decide(cancels: Iterable[Cancel]) -> list[Decision]:
    return [Decision(request_id=c.request_id, outcome=Outcome.REVERSED) for c in cancels]


async def settle_down() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_lone_cancel_leaves_at_once_and_the_next_ones_travel_together() -> None:
    queue = Queue()
    desk = dispatcher(queue)
    cancels = [cancel_of(f"r{number}") for number in range(6)]
    waits = [asyncio.ensure_future(desk.decide(cancels[0], 5))]
    await settle_down()
    assert [len(group) for group in queue.groups] == [1]
    waits += [asyncio.ensure_future(desk.decide(c, 5)) for c in cancels[1:]]
    await settle_down()
    assert [len(group) for group in queue.groups] == [1]
    desk.resolve(decide(queue.groups[0]))
    await settle_down()
    assert [len(group) for group in queue.groups] == [1, 3]
    desk.resolve(decide(queue.groups[1]))
    await settle_down()
    assert [len(group) for group in queue.groups] == [1, 3, 2]
    desk.resolve(decide(queue.groups[2]))
    decided = await asyncio.gather(*waits)
    assert [d.request_id for d, *_ in decided if d] == [c.request_id for c in cancels]


async def test_what_the_server_has_read_at_once_travels_together() -> None:
    queue = Queue()
    desk = dispatcher(queue)
    cancels = [cancel_of(f"r{number}") for number in range(3)]
    waits = [asyncio.ensure_future(desk.decide(c, 5)) for c in cancels]
    await settle_down()
    assert [len(group) for group in queue.groups] == [3]
    desk.resolve(decide(queue.groups[0]))
    await asyncio.gather(*waits)


async def test_equal_requests_share_a_wait_and_others_do_not() -> None:
    queue = Queue()
    desk = dispatcher(queue, groups_in_flight=9)
    first, second = cancel_of("r1", uuid="a"), cancel_of("r1", uuid="b")
    others = [cancel_of("r1", user_id="bob"), cancel_of("r1", currency="USD"), cancel_of("r2")]
    waits = [asyncio.ensure_future(desk.decide(c, 5)) for c in (first, second, *others)]
    await settle_down()
    published = [c for group in queue.groups for c in group]
    assert published == [first, *others]
    desk.resolve(decide(published))
    decided = await asyncio.gather(*waits)
    assert [request_id for _, request_id, _ in decided[:2]] == [first.request_id] * 2
    # The wait is over: an equal request now is a new one.
    again = asyncio.ensure_future(desk.decide(second, 5))
    await settle_down()
    assert queue.groups[-1] == (second,)
    desk.resolve(decide([second]))
    await again


async def test_an_equal_request_after_the_decision_is_a_new_one() -> None:
    queue = Queue()
    desk = dispatcher(queue, groups_in_flight=2)
    first, second = cancel_of("r1"), cancel_of("r1")
    waiting = desk.decide(first, 5)
    await settle_down()
    desk.resolve(decide([first]))
    # Whoever waits has not run since.
    after = desk.decide(second, 5)
    await settle_down()
    desk.resolve(decide([second]))
    async with asyncio.timeout(10):
        assert [(await one).request_id for one in (waiting, after)] == [
            first.request_id,
            second.request_id,
        ]


async def test_a_request_that_has_gone_itself_is_let_go_at_its_deadline() -> None:
    desk = dispatcher(Queue())
    gone, stays = desk.decide(cancel_of("r1"), 0.02), desk.decide(cancel_of("r2"), 0.04)
    gone.cancel()
    assert (await stays).decision is None
    assert (desk.waiting, desk._waits) == (0, {})


async def test_what_the_broker_does_not_take_in_time_is_overdue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("api.publish.PUBLISH_LIMIT_S", 0.02)
    desk = Dispatcher(
        lambda _message, _failed: None,
        **{"group_size": 1, "groups_in_flight": 1, "most_waiting": 9, "resend_after_s": 9},
    )
    waits = [desk.decide(cancel_of(f"r{number}"), 0.2) for number in range(2)]
    async with asyncio.timeout(10):
        while not (overdue := desk.take_overdue(99)):
            await asyncio.sleep(0.001)
    # The broker is left alone then: the next one is not even tried.
    assert len(overdue) == 2
    assert [(await wait).decision for wait in waits] == [None, None]


async def test_without_a_reply_in_time_there_is_no_decision_and_nothing_is_kept() -> None:
    desk = dispatcher(Queue())
    cancel = cancel_of("r1")
    assert (await desk.decide(cancel, 0.01))[:2] == (None, cancel.request_id)
    assert (desk._waits, desk._same, desk._groups.filling) == ({}, {}, {})
    # A reply that comes too late is let go.
    desk.resolve(decide([cancel]))


async def test_a_later_equal_request_waits_its_own_time_though_the_first_gave_up() -> None:
    queue = Queue()
    desk = dispatcher(queue)
    first, second = cancel_of("r1"), cancel_of("r1")
    impatient = asyncio.ensure_future(desk.decide(first, 0.01))
    patient = asyncio.ensure_future(desk.decide(second, 5))
    assert (await impatient)[0] is None
    desk.resolve(decide([first]))
    decision, request_id, _ = await patient
    assert decision is not None
    assert request_id == first.request_id


async def test_what_cannot_be_published_is_overdue_at_once_and_the_broker_is_left_alone() -> None:
    queue = Queue(PublishError("refused"))
    desk = dispatcher(queue)
    before = counted("unbet_unpublished_total")
    waits = [asyncio.ensure_future(desk.decide(cancel_of(f"r{n}"), 5)) for n in range(2)]
    await settle_down()
    assert desk.take_overdue(99) != []
    assert desk.take_overdue(99) == []
    assert len(queue.groups) == 1
    assert counted("unbet_unpublished_total") == before + 2
    for wait in desk._waits.values():
        wait.has_home = True
    desk.resolve(decide(wait.cancel for wait in desk.parked()))
    assert all(decision for decision, *_ in await asyncio.gather(*waits))


async def test_an_error_that_nobody_foresaw_makes_its_cancels_overdue_and_no_others() -> None:
    queue = Queue(ZeroDivisionError("nobody foresaw it"))
    desk = dispatcher(queue)
    waits = [asyncio.ensure_future(desk.decide(cancel_of("r1"), 5))]
    await settle_down()
    assert len(desk.take_overdue(99)) == 1
    queue.error = None
    waits.append(asyncio.ensure_future(desk.decide(cancel_of("r2"), 5)))
    await settle_down()
    assert desk.take_overdue(99) == []
    assert len(queue.groups) == 2
    desk.resolve(decide(wait.cancel for wait in desk._waits.values()))
    assert all(decision for decision, *_ in await asyncio.gather(*waits))


async def test_what_is_overdue_is_told_once_and_not_sent_again() -> None:
    queue = Queue()
    desk = dispatcher(queue, resend_after_s=0.02)
    wait = asyncio.ensure_future(desk.decide(cancel_of("r1"), 2))
    await settle_down()
    assert desk.take_overdue(0) != []
    assert (await wait)[0] is None
    assert len(queue.groups) == 1


async def test_with_a_home_the_answer_at_the_deadline_is_parked() -> None:
    desk = dispatcher(Queue())
    wait = asyncio.ensure_future(desk.decide(cancel_of("r1"), 2))
    await settle_down()
    (overdue,) = desk.take_overdue(0)
    overdue.has_home = True
    decision, *_ = await wait
    assert decision is not None
    assert decision.outcome is Outcome.PARKED


async def test_a_cancel_without_a_reply_is_sent_again_twice_and_then_no_more() -> None:
    queue = Queue()
    desk = dispatcher(queue, resend_after_s=0.02)
    cancel = cancel_of("r1")
    decided = await desk.decide(cancel, 2)
    assert decided.decision is None
    assert queue.groups == [(cancel,)] * 3
    # Each message has an id of its own; the last one is told.
    assert len(set(queue.message_ids)) == 3
    assert decided.group == queue.message_ids[-1]


async def test_a_lost_group_gives_its_place_back() -> None:
    queue = Queue()
    desk = dispatcher(queue, resend_after_s=0.02)
    lost = asyncio.ensure_future(desk.decide(cancel_of("r1"), 5))
    await settle_down()
    waits = asyncio.ensure_future(desk.decide(cancel_of("r2"), 5))
    async with asyncio.timeout(4):
        while len(queue.groups) < 2:
            await asyncio.sleep(0.001)
    desk.resolve(decide(queue.groups[0] + queue.groups[1]))
    await asyncio.gather(lost, waits)


async def test_more_than_may_wait_are_turned_away() -> None:
    desk = dispatcher(Queue(), most_waiting=2)
    waits = [asyncio.ensure_future(desk.decide(cancel_of(f"r{n}"), 2)) for n in range(2)]
    await settle_down()
    with pytest.raises(Overloaded):
        await desk.decide(cancel_of("r3"), 5)
    await asyncio.gather(*waits)


async def test_what_was_not_sent_frees_no_place_for_another_group(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue = Queue(error=PublishError("away"))
    desk = dispatcher(queue)
    monkeypatch.setattr("unbet.runtime.breaker.OPEN_S", 0.2)
    first, unsent = cancel_of("r1"), [cancel_of(f"r{number}") for number in range(2, 5)]
    waits = [desk.decide(first, 5)]
    await settle_down()
    for cancel in unsent:  # each a group of its own, while the breaker is open
        waits.append(desk.decide(cancel, 5))
        await settle_down()
    assert [len(group) for group in queue.groups] == [1]
    desk.resolve(decide([first, *unsent]))  # the ledger was asked
    await asyncio.gather(*waits)
    queue.error = None
    await asyncio.sleep(0.25)
    later = []
    for number in range(5, 8):
        later.append(desk.decide(cancel_of(f"r{number}"), 0.1))
        await settle_down()
    assert len(queue.groups) == 2, "one group may be on its way at a time"
    await asyncio.gather(*later)
