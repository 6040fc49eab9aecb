"""What the receiver, or another process, has logged."""

import json
from typing import Any

from tests.system.processes import System


def logged(system: System, event: str, *, of: str = "receiver") -> list[dict[str, Any]]:
    lines = [line for line in system.said(of).splitlines() if line.startswith("{")]
    return [line for line in map(json.loads, lines) if line["event"] == event]


def json_logs(system: System) -> System:
    system.environment["UNBET_LOG_FORMAT"] = "json"
    return system
