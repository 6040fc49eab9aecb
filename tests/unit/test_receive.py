"""The endpoint as an ASGI application, where no server would send what it must bear."""

import json
from typing import Any, cast

from api.dispatch import Decided
from api.receive import Receiver
from tests.system.processes import EXAMPLE
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.runtime.settings import Settings

PATH = "/a-secret-for-tests-only/V4/Cancel"


class Desk:
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
    settings = Settings(
        database_url="postgresql://localhost/unbet",
        broker_url="redis://localhost",
        url_secret=PATH.split("/")[1],
    )
    desk = Desk()
    receiver = Receiver(settings, cast(Any, desk), cast(Any, None), cast(Any, NoNotes()))
    sent: list[Any] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": json.dumps(EXAMPLE).encode()}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": PATH, "client": None}
    await receiver(scope, receive, send)
    assert sent[0]["status"] == 200
    assert json.loads(sent[1]["body"])["error"] == 0
    assert [cancel.received_from for cancel in desk.cancels] == ["unknown"]
