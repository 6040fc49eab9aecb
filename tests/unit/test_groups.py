"""Groups fill while others are in flight, are sent again without a reply, and fall back unsent."""

import asyncio
from collections.abc import Callable

import pytest

from api.dispatch import Dispatcher
from api.publish import PublishError
from api.waits import Message
from tests.counting import counted
from tests.making import batch_of, cancel_of
from tests.unit.queueing import Queue, decide, dispatcher_of, settle_down


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


async def test_the_cancels_of_one_request_travel_in_one_message() -> None:
    queue = Queue()
    dispatcher = dispatcher_of(queue, groups_in_flight=9)
    cancels = [cancel_of("x"), *batch_of(*"abcde"), *batch_of(*"fgh"), cancel_of("y")]
    waits = [asyncio.ensure_future(dispatcher.decide(c, 5)) for c in cancels]
    await settle_down()
    # A message takes 3, and the rest of a request that it has begun with.
    sent = ["".join(cancel.reference for cancel in group) for group in queue.groups]
    assert sent == ["xabcde", "fgh", "y"]
    for group in queue.groups:
        dispatcher.resolve(decide(group))
    await asyncio.gather(*waits)


async def test_a_wallet_that_an_endpoint_names_has_messages_of_its_own() -> None:
    queue = Queue()
    dispatcher = Dispatcher(
        queue.submit,
        {"A": "http", "B": "http", "C": "sql"},
        **{"group_size": 9, "groups_in_flight": 1, "max_waiting": 9, "resend_after_s": 9},
    )
    cancels = {name: cancel_of("r1", provider=name) for name in "ABCDE"}
    waits = {name: dispatcher.decide(cancel, 5) for name, cancel in cancels.items()}
    await settle_down()
    told = [[cancel.provider for cancel in group] for group in queue.groups]
    assert told == [["A", "B"], ["C"], ["D", "E"]]
    # Of one wallet there is no reply: the others' next cancels go out nevertheless.
    dispatcher.resolve(decide([cancels["D"], cancels["E"]]))
    await settle_down()
    later = [dispatcher.decide(cancel_of("r2", provider=name), 5) for name in "AD"]
    await settle_down()
    assert [cancel.provider for cancel in queue.groups[-1]] == ["D"]
    dispatcher.resolve(decide([cancels["A"], cancels["B"]]))
    await settle_down()
    assert [cancel.provider for cancel in queue.groups[-1]] == ["A"]
    for wait in (*waits.values(), *later):
        wait.cancel()


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
