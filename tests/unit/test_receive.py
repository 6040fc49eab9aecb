"""The endpoint as an ASGI application, where no server would send what it must bear."""

import json
from typing import Any, cast

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from api.receive import Receiver
from api.waits import Decided
from tests.system.processes import EXAMPLE
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.runtime.settings import Settings

PATH = "/a-secret-for-tests-only/V4/Cancel"


class Dispatcher:
    """Decides at once."""

    def __init__(self) -> None:
        self.cancels: list[Cancel] = []

    async def decide(self, cancel: Cancel, _within_s: float) -> Decided:
        self.cancels.append(cancel)
        decision = Decision(request_id=cancel.request_id, outcome=Outcome.REVERSED)
        return Decided(decision, cancel.request_id)


class NoNotes:
    def add(self, _note: object) -> None:
        pass


async def test_a_sender_that_has_no_address_any_more_is_answered() -> None:
    dispatcher = Dispatcher()
    status, answer = await answer_to(dispatcher, PATH, url_secret=PATH.split("/")[1])
    assert status == 200
    assert json.loads(answer)["error"] == 0
    assert [cancel.received_from for cancel in dispatcher.cancels] == ["unknown"]


async def test_an_answer_that_cannot_be_made_is_none_and_the_cancel_is_named_in_the_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("api.receive.answer_to", fail)
    logged: list[Any]
    with capture_logs() as logged:
        answer = await answer_to(Dispatcher(), PATH, url_secret=PATH.split("/")[1])
    assert answer == (503, b"")
    (line,) = [line for line in logged if line["event"] == "the answer cannot be made"]
    assert (line["reference"], line["dialect"]) == (EXAMPLE["reference"], "lucky-monaco-v4")


async def test_each_secret_leads_to_its_own_endpoint_by_its_own_path() -> None:
    dispatcher = Dispatcher()
    endpoints = {
        "a-secret-of-the-first": {"provider": "First"},
        "a-secret-of-the-second": {"provider": "Second", "dialect": "lucky-monaco-v1"},
    }

    async def provider(path: str) -> str | None:
        dispatcher.cancels.clear()
        for name in ("First", "Second"):
            await answer_to(dispatcher, path, name, endpoints=endpoints)
        found = {cancel.provider for cancel in dispatcher.cancels}
        return found.pop() if found else None

    assert await provider("/a-secret-of-the-first/V4/Cancel") == "First"
    assert await provider("/a-secret-of-the-second/v1/Cancel") == "Second"
    for path in (
        *("/a-secret-of-the-first/v1/Cancel", "/a-secret-of-the-second/V4/Cancel"),
        *("/a-secret-of-the-firs/V4/Cancel", "/a-secret-of-the-first/V4/Cancel/"),
        *("//a-secret-of-the-first/V4/Cancel", "/V4/Cancel", "//V4/Cancel", "", "\udcff"),
    ):
        assert await provider(path) is None, path


@pytest.mark.parametrize(
    ("dialect", "code"), [("evolution", "BET_ALREADY_SETTLED"), ("gitslotpark", "9")]
)
def test_the_first_repeated_cancel_is_seen_as_an_increase(
    dialect: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY_OF_TESTS", "a-key-of-tests")
    provider = f"{dialect} of tests"
    config = {"provider": provider, "dialect": dialect, "keys": [{"env": "KEY_OF_TESTS"}]}
    receiver_of(Dispatcher(), endpoints={"a-secret-of-this-one": config})
    labels = {"code": code, "outcome": "reversed", "dialect": dialect, "provider": provider}
    assert REGISTRY.get_sample_value("unbet_answers_total", labels) == 0


def receiver_of(dispatcher: Dispatcher, **settings: Any) -> Receiver:
    """A receiver with these settings."""
    urls: dict[str, Any] = {
        "database_url": "postgresql://localhost/unbet",
        "broker_url": "redis://localhost",
    }
    return Receiver(
        Settings(**urls, **settings), cast(Any, dispatcher), cast(Any, None), cast(Any, NoNotes())
    )


async def answer_to(
    dispatcher: Dispatcher, path: str, provider: str = "LuckyMonaco", **settings: Any
) -> tuple[int, bytes]:
    """What a receiver with these settings answers to the example."""
    receiver = receiver_of(dispatcher, **settings)
    sent: list[Any] = []
    body = json.dumps(EXAMPLE | {"roundId": "1", "providerId": provider}).encode()

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(errors="surrogateescape"),
        "client": None,
        "headers": [],
    }
    await receiver(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]
