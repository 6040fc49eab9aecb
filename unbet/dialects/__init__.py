"""What each provider asks, and how it is told: one file a provider."""

from collections.abc import Mapping
from typing import Final, Literal

from unbet.dialects.lucky_monaco import V1, V4
from unbet.dialects.port import Dialect

DialectName = Literal["lucky-monaco-v4", "lucky-monaco-v1"]

DIALECTS: Final[Mapping[str, Dialect]] = {dialect.name: dialect for dialect in (V4, V1)}
"""The forms of requests and answers that the receiver speaks."""
