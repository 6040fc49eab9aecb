"""Messages and replies that are not ours, or that make no sense: the newest ones are kept aside
for a person to look at.

No money depends on them: a cancel that was answered has its home in the ledger or on a receiver's
disk.
"""

import json
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from unbet.broker.presence import key

LIST: Final = "rejected"
"""In the Redis of the replies, a deployment's own (`presence.py`); the newest first."""

MOST: Final = 1000
LONGEST: Final = 16 * 1024
"""Characters kept of one."""


def put(pipeline: Any, deployment: UUID, kind: str, problem: str, content: str | bytes) -> None:
    """Add the commands to `pipeline` that keep a rejected message or reply (`kind`) aside."""
    aside = key(deployment, LIST)
    pipeline.lpush(aside, entry(kind, problem, content))
    pipeline.ltrim(aside, 0, MOST - 1)


def entry(kind: str, problem: str, content: str | bytes) -> str:
    """What is kept of a rejected message or reply (`kind`)."""
    text = content.decode(errors="replace") if isinstance(content, bytes) else content
    return json.dumps(
        {
            "at": datetime.now(UTC).isoformat(),
            "kind": kind,
            "problem": problem,
            "content": text[:LONGEST],
        }
    )
