"""Keys that are made up for a run of the tests."""

from testbed.provider import DIALECTS
from tests.ops.conformance.speaking.speaker import KEY, SECOND_KEY

PRIVATE_KEY = DIALECTS["hub88"].other_key()
SECOND_PRIVATE_KEY = DIALECTS["hub88"].other_key()


def keys_of(dialect: str) -> tuple[str, str]:
    """The first and the second key of an endpoint."""
    if dialect in ("hub88", "caleta"):
        return PRIVATE_KEY, SECOND_PRIVATE_KEY
    return KEY, SECOND_KEY
