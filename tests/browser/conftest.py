import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.system import PASSWORD, USER, Watched

CHROMIUM: Final = "/usr/bin/chromium"
ARGUMENTS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LIMIT_MS: Final = 20_000
"""No wait of a test is longer."""

Open = Callable[..., Page]

expect.set_options(timeout=LIMIT_MS)


@pytest.fixture(scope="session")
def system() -> Iterator[Watched]:
    directory = Path(tempfile.mkdtemp(prefix="unbet-test-"))
    system = Watched(directory)
    try:
        system.start_all()
        yield system
    finally:
        system.stop()
        shutil.rmtree(directory)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser says is wrong, a breach of the page's security policy included. A test that
    causes some on purpose empties it."""
    return []


@pytest.fixture
def open_page(browser: Browser, system: Watched, complaints: list[str]) -> Iterator[Open]:
    """Opens the console in a browser of its own, logged in; nothing may go wrong there."""
    contexts = []

    def open_it(path: str = "/", *, width: int = 1280, height: int = 800, **options: Any) -> Page:
        context = browser.new_context(
            base_url=system.console,
            viewport={"width": width, "height": height},
            http_credentials={"username": USER, "password": PASSWORD, "origin": system.console},
            **options,
        )
        context.set_default_timeout(LIMIT_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: _note(complaints, said.type, said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert complaints == []


def _note(complaints: list[str], kind: str, text: str) -> None:
    if kind == "error":
        complaints.append(text)
