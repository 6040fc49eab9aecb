"""The pictures of the console in docs/images/: a system with a quarter of an hour's traffic.

python -m tests.browser.pictures
"""

import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.system import PASSWORD, USER, Watched
from tests.making import cancel_of
from tests.servers import Role
from tests.system.processes import EXAMPLE, ROOT
from tests.system.watching import PLAYER
from unbet.journal.parking import set_aside

IMAGES: Final = ROOT / "docs" / "images"
DESKTOP: Final[ViewportSize] = {"width": 1280, "height": 940}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
RATES: Final = (4, 9, 6, 14, 22, 17, 30, 24, 12, 18, 9)
"""Cancels per second, one piece of traffic after the other."""
PIECE_S: Final = 80


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="unbet-test-"))
    system = Watched(directory)
    try:
        system.start_sweep()
        system.start_both()
        for rate in RATES:
            _playing(system, rate).wait()
        _leave_dead_ones(system)
        _example(system)
        system.start_console()
        last = _playing(system, RATES[-1])
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            _take(browser, system)
            browser.close()
        last.terminate()
        last.wait()
    finally:
        system.stop()
        shutil.rmtree(directory)


def _playing(system: Watched, rate: int) -> subprocess.Popen[bytes]:
    endpoint = f"{system.http.base_url}/{system.environment['UNBET_URL_SECRET']}"
    numbers = ["--cancels", str(rate * PIECE_S), "--rate", str(rate)]
    return subprocess.Popen(
        [str(Path(sys.executable).with_name("unbet")), "provider", "play", endpoint, *numbers],
        env=system.environment_as(Role.OPERATOR),
        stdout=subprocess.DEVNULL,
    )


def _leave_dead_ones(system: Watched) -> None:
    error = "numeric field overflow"
    with system.engine.begin() as connection:
        for _ in range(3):
            reference = f"{random.getrandbits(96):024x}"
            cancel = cancel_of(reference, user_id="778120", currency="EUR")
            set_aside(connection, [cancel], reason="content", error=error, dead=True)


def _example(system: Watched) -> None:
    """The provider's example, retransmitted once, and its bet once more."""
    system.operator.deposit("100.00", **PLAYER)
    system.operator.bet(EXAMPLE["reference"], "10.00", **PLAYER)
    system.cancel()
    system.cancel()
    system.operator.bet(EXAMPLE["reference"], "10.00", **PLAYER)


def _take(browser: Browser, system: Watched) -> None:
    explained = f"/explain?reference={EXAMPLE['reference']}"
    _picture(browser, system, "/", "console-desktop", DESKTOP)
    _picture(browser, system, "/", "console-desktop-dark", DESKTOP, color_scheme="dark")
    _picture(browser, system, "/", "console-phone", PHONE, color_scheme="dark", full=True)
    _picture(browser, system, explained, "explain-desktop", DESKTOP)
    _picture(browser, system, explained, "explain-phone", PHONE, full=True)
    _picture(browser, system, "/parked", "parked-desktop", DESKTOP)


def _picture(
    browser: Browser,
    system: Watched,
    path: str,
    name: str,
    size: ViewportSize,
    *,
    full: bool = False,
    **options: Any,
) -> None:
    context = browser.new_context(
        base_url=system.console,
        viewport=size,
        http_credentials={"username": USER, "password": PASSWORD},
        **options,
    )
    page = context.new_page()
    page.goto(path)
    if path == "/":
        _wait_for_figures(page)
    page.screenshot(path=IMAGES / f"{name}.png", full_page=full)
    context.close()


def _wait_for_figures(page: Page) -> None:
    expect(page.locator('[data-figure="workers"] .value')).to_have_text("1")
    page.wait_for_function(
        "parseFloat(document.querySelector('[data-figure=rate] .value').textContent) > 6"
    )
    # The chart has its last step, too.
    seen = page.locator("#at").inner_text()
    expect(page.locator("#at")).not_to_have_text(seen)


if __name__ == "__main__":
    main()
