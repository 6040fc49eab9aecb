"""The receiver's OpenAPI document."""

import json
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).parents[1] / "docs/openapi.json"

DOCUMENT: Final[dict[str, Any]] = json.loads(FILE.read_bytes())
