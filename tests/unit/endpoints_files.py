"""Endpoints of a file, and secrets that nothing may show."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

SECRET: Final = "a-secret-not-to-be-shown"  # noqa: S105
OTHER: Final = "other-secret-not-to-be-shown"
KEY: Final = "a-key-not-to-be-shown"

ONE: Final[dict[str, Any]] = {"secret": {"env": "FIRST_SECRET"}, "provider": "P"}

Write = Callable[..., Path]
"""Writes the content of a file of that name."""


def listed(*endpoints: dict[str, Any]) -> str:
    """As JSON."""
    return json.dumps({"endpoints": endpoints})
