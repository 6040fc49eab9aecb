"""Keys that are made up for a run of the tests."""

from testbed.provider.dialects.signing import new_rsa_key
from tests.ops.conformance.reference_receivers.receiver import KEY, SECOND_KEY

PRIVATE_KEY = new_rsa_key()
SECOND_PRIVATE_KEY = new_rsa_key()


def keys_of(dialect: str) -> tuple[str, str]:
    """The first and the second key of an endpoint."""
    if dialect in ("hub88", "caleta"):
        return PRIVATE_KEY, SECOND_PRIVATE_KEY
    return KEY, SECOND_KEY
