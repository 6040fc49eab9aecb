"""A console on the test's own ledger, with the rights that it has, and people who use it."""

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.databases import url_as
from tests.ops.console.serving import served
from unbet.console.app import create_app
from unbet.database.roles import Role
from unbet.runtime.settings import Settings

ANNA = ("anna", "a-password-of-annas")
BERT = ("bert", "a-password-of-berts")


@pytest.fixture
def console_settings(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    environment |= {
        "UNBET_DATABASE_URL": url_as(Role.CONSOLE, environment["UNBET_DATABASE_URL"]),
        "UNBET_CONSOLE_BASIC_AUTH": ",".join(map(":".join, (ANNA, BERT))),
        "UNBET_CONSOLE_HOSTS": "console.example",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Settings()


@pytest.fixture
def console(console_settings: Settings) -> Iterator[str]:
    """Its address."""
    with served(create_app(console_settings)) as address:
        yield address


@pytest.fixture
def anonymous(console: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=console, trust_env=False) as client:
        yield client


@pytest.fixture
def anna(console: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=console, auth=ANNA, trust_env=False) as client:
        yield client


@pytest.fixture
def bert(console: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=console, auth=BERT, trust_env=False) as client:
        yield client


def token_of(client: httpx.Client, path: str = "/parked") -> str:
    """What a form on that page carries."""
    found = re.search(r'name="token" value="([^"]+)"', client.get(path).text)
    assert found
    return found[1]
