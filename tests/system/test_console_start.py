"""The console's first page after its start says what there is."""

import re
import sys

import httpx

from tests.servers import reserve_port
from tests.system.processes import System


def test_the_first_page_after_the_start_knows_queue_and_workers(idle_system: System) -> None:
    port = reserve_port()
    login = ("anna", "a-password-for-tests-only")
    idle_system.environment |= {
        "UNBET_CONSOLE_PORT": str(port),
        "UNBET_CONSOLE_BASIC_AUTH": ":".join(login),
    }
    idle_system.start_both()
    idle_system.start("console", sys.executable, "-m", "unbet.console")
    url = f"http://127.0.0.1:{port}"

    def listens() -> bool:
        try:
            return httpx.get(url, trust_env=False).status_code == 401
        except httpx.TransportError:
            return False

    idle_system.wait("console", listens)
    page = httpx.get(url, auth=login, trust_env=False, timeout=10).text
    (title,) = re.findall(r'id="title"[^>]*>([^<]*)<', page)
    assert title.strip() == "No cancel has come yet"
