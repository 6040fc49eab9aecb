import json
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.nginx.proxy import Proxy, listens
from tests.servers import reserve_port
from tests.system.processes import System

PROVIDER = "127.0.0.5"
OTHER_ADDRESS = "127.0.0.6"
V1_SECRET = "another-secret-for-tests-only"  # noqa: S105


@pytest.fixture
def system(environment: dict[str, str], tmp_path: Path) -> Iterator[System]:
    """A worker; the receivers are the proxy's."""
    secret = environment["UNBET_URL_SECRET"]
    environment |= {
        "UNBET_TRUSTED_PROXIES": "127.0.0.1/32",
        "UNBET_ALLOWED_IPS": f"{PROVIDER}/32",
        "UNBET_LOG_FORMAT": "json",
        "UNBET_ENDPOINTS": json.dumps(
            {
                secret: {"provider": "LuckyMonaco"},
                V1_SECRET: {"provider": "LuckyMonaco", "dialect": "lucky-monaco-v1"},
            }
        ),
    }
    system = System(environment, tmp_path)
    yield system
    system.stop()


@pytest.fixture
def proxy(system: System, tmp_path: Path) -> Iterator[Proxy]:
    """nginx before two receivers."""
    first, second = system.environment["UNBET_PORT"], str(reserve_port())
    system.environment["UNBET_PORT"] = second
    system.start("receiver-2", sys.executable, "-m", "api")
    system.environment["UNBET_PORT"] = first
    system.start_both()
    system.wait("receiver-2", lambda: listens(int(second)))
    proxy = Proxy(tmp_path / "nginx", [int(first), int(second)])
    yield proxy
    proxy.stop()


@pytest.fixture
def provider(proxy: Proxy) -> Iterator[httpx.Client]:
    with proxy.client(PROVIDER) as client:
        yield client


@pytest.fixture
def other_client(proxy: Proxy) -> Iterator[httpx.Client]:
    with proxy.client(OTHER_ADDRESS) as client:
        yield client
