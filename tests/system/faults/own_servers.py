"""Fixtures to import: servers that all such tests share, and a database of the test's own.

A test may kill, stop or fill them; one that changes their clock or who follows whom has its own.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.databases import Databases
from tests.servers import services


@pytest.fixture
def own_services(kept_servers: Path) -> Path:
    """Both run, and Redis is empty."""
    url = services.start(kept_servers).broker_url
    assert url
    with redis.Redis.from_url(url) as client:
        client.flushall()
    return kept_servers


@pytest.fixture
def service_url(own_services: Path, kept_databases: Databases) -> Iterator[str]:
    assert own_services
    url = kept_databases.take()
    yield url.replace("+psycopg", "")
    services.start(own_services)
    kept_databases.give_back(url)
