"""Flower in a browser, in front of a running system with three workers."""

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.system.processes import System
from tests.system.test_flower import PASSWORD, USER, Window

WORKERS = ("one", "two", "three")


@pytest.fixture
def flower(idle_system: System, tmp_path: Path) -> Iterator[Window]:
    """Flower beside a receiver and three workers that have done some work."""
    window = Window(idle_system, tmp_path)
    window.start()
    for name in WORKERS:
        idle_system.start_worker(name)
    idle_system.start_receiver()
    with ThreadPoolExecutor(16) as senders:
        references = [f"seen-{n:03}" for n in range(60)]
        for answer in senders.map(lambda r: idle_system.cancel(reference=r), references):
            assert answer["error"] == 0
    yield window
    window.http.close()


@pytest.fixture
def flower_page(flower: Window, browser: Browser) -> Iterator[Page]:
    """A page of a browser that knows the password; what it asks elsewhere fails the test."""
    own = str(flower.http.base_url).rstrip("/")
    elsewhere: list[str] = []
    page = browser.new_page(
        base_url=own,
        http_credentials={"username": USER, "password": PASSWORD},
        viewport={"width": 1400, "height": 900},
    )

    def note(request: Request) -> None:
        if not request.url.startswith(own):
            elsewhere.append(request.url)

    page.on("request", note)
    yield page
    page.context.close()
    assert elsewhere == []


def test_the_window_shows_three_workers_their_tasks_and_no_controls(
    flower_page: Page, tmp_path: Path
) -> None:
    page = flower_page
    page.goto("/")
    for name in WORKERS:
        row = page.locator("tr", has_text=f"{name}@test")
        expect(row).to_contain_text("Online")
    _picture(page, tmp_path, "workers")

    page.goto("/tasks")
    rows = page.locator("#tasks-table tbody tr", has_text="unbet.cancel")
    expect(rows.first).to_contain_text(re.compile(r"seen-\d{3}"))
    expect(rows.first).to_contain_text("no_bet")
    expect(page.locator("body")).not_to_contain_text("123456")  # the player
    page.locator("input[type=search]").first.fill("seen-007")
    expect(rows).to_have_count(1)
    _picture(page, tmp_path, "tasks")

    rows.first.get_by_role("link").first.click()
    expect(page.locator("body")).to_contain_text("seen-007")
    _picture(page, tmp_path, "task")

    page.goto("/worker/one@test")
    expect(page.locator("#workername")).to_have_text("one@test")
    for control in ("Actions", "Grow", "Shrink", "Apply", "Revoke", "Cancel"):
        expect(page.get_by_role("button", name=control)).to_have_count(0)
    _picture(page, tmp_path, "worker")

    page.goto("/broker")
    expect(page.locator("#cancels")).to_be_visible()
    expect(page.locator(".broker-url")).to_contain_text("redis://:**@")
    _picture(page, tmp_path, "broker")


def _picture(page: Page, directory: Path, name: str) -> None:
    """For a person to look at, where `TEST_PICTURES` names a directory."""
    page.screenshot(path=Path(os.environ.get("TEST_PICTURES", directory)) / f"flower-{name}.png")
