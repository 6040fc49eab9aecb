"""A request and its answer, as the small HTTP server has them."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

ALLOWED = "127.0.0.1"
"""The one address that may call."""
REFUSED = "127.0.0.2"
SECRET = "a-secret-for-tests-only"  # noqa: S105


class Request(NamedTuple):
    """An HTTP request."""

    method: str
    path: str
    content_type: str
    body: bytes
    sender: str
    """An address."""
    headers: Mapping[str, str] = {}
    """By their names in small letters."""

    @property
    def fields(self) -> dict[str, Any]:
        """Of a Cancel; none if the body is no JSON object in UTF-8."""
        try:
            document = json.loads(self.body.decode())
        except (ValueError, RecursionError):
            return {}
        return document if isinstance(document, dict) else {}

    def with_fields(self, **fields: Any) -> "Request":
        return self._replace(body=json.dumps(self.fields | fields).encode())


class Response(NamedTuple):
    """An HTTP response."""

    status: int
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        return dict(json.loads(self.body)) if self.body else {}

    def with_fields(self, **fields: Any) -> "Response":
        document = self.document | fields
        return self._replace(body=json.dumps(document).encode())
