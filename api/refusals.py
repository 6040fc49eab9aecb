"""What is refused from a caller that knows a secret: never silently, since it will not call again.

The provider tries three times and stops. So each refusal is logged whole, counted by reason, and
can be decided later, once mended, by a person: `unbet replay`.
"""

import base64
from datetime import datetime
from typing import Final

import structlog

from unbet.runtime import metrics
from unbet.runtime.doors import Door

LOGGED_BYTES: Final = 16 * 1024
"""A body is no longer than this where it can be read at all."""

log = structlog.get_logger("receiver")


def tell(
    reason: str, problem: str, *, door: Door, received_at: datetime, sender: str, body: bytes = b""
) -> None:
    """Log and count a refusal. `reason` is one of a few words, `problem` a sentence."""
    metrics.REFUSED.labels(reason=reason).inc()
    kept = body[:LOGGED_BYTES]
    try:
        content = {"body": kept.decode()}
    except UnicodeDecodeError:
        content = {"body_base64": base64.b64encode(kept).decode()}
    log.warning(
        "refused",
        reason=reason,
        problem=problem,
        provider=door.endpoint.provider,
        dialect=door.dialect.name,
        received_at=received_at.isoformat(),
        received_from=sender,
        **content,
    )
