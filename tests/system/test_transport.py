"""The broker's connection, where kombu alone would end a worker."""

import pytest
from kombu import Connection

from contract import transport
from ops.services import Services


def test_what_is_asked_of_a_closed_connection_is_an_error_that_celery_knows(
    running_services: Services,
) -> None:
    """A worker gives its messages back after Redis has gone: it must not end by that."""
    connection = Connection(running_services.broker_url, transport=transport.Transport)
    channel = connection.default_channel
    assert channel.client.ping()
    known = connection.connection_errors
    connection.release()
    with pytest.raises(known, match="closed"), channel.conn_or_acquire():
        pass
