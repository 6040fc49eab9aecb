"""What the log says of a refused request has no secret of the provider's in it."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from api.refusals import report
from tests.fuzz.own import PLAYNGO_LIKE
from unbet.runtime.endpoint_registry import Endpoint
from unbet.runtime.endpoints import EndpointConfig


@pytest.mark.parametrize("content", [b"<accessToken>s-1</accessToken>", b"s-1\xff\xfe"])
def test_a_refused_request_is_logged_without_its_secret(content: bytes) -> None:
    config = EndpointConfig(provider="LuckyMonaco")
    endpoint = Endpoint(b"/x", config, PLAYNGO_LIKE, (b"s-1",))
    logged: list[Any]
    with capture_logs() as logged:
        report(
            "form",
            "wrong",
            endpoint=endpoint,
            received_at=datetime(2026, 1, 1, tzinfo=UTC),
            sender="192.0.2.1",
            body=content,
            query=b"",
            values={},
        )
    (line,) = logged
    body = line["body"].encode() if "body" in line else base64.b64decode(line["body_base64"])
    assert body == content.replace(b"s-1", b"[secret]")
