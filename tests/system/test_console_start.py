"""The console's first page after its start says what there is."""

import re

import httpx

from tests.servers import reserve_port
from tests.system.processes import System


def test_the_first_page_after_the_start_knows_queue_and_workers(idle_system: System) -> None:
    login = ("anna", "a-password-for-tests-only")
    idle_system.environment |= {
        "UNBET_CONSOLE_PORT": str(reserve_port()),
        "UNBET_CONSOLE_BASIC_AUTH": ":".join(login),
    }
    idle_system.start_both()
    idle_system.start_console()
    page = httpx.get(idle_system.console, auth=login, trust_env=False, timeout=10).text
    (title,) = re.findall(r'id="title"[^>]*>([^<]*)<', page)
    assert title.strip() == "No cancel has come yet"
