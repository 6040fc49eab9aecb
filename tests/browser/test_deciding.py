"""A person finds what happened, and decides: by mouse, by keyboard, on a phone, without scripts."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from tests.browser.conftest import Open
from tests.browser.system import Watched
from tests.making import cancel_of
from unbet.core.message import Cancel
from unbet.journal.parking import set_aside

PHONE: Final = {"width": 390, "height": 844}


@pytest.fixture
def dead(system: Watched) -> Iterator[Cancel]:
    """A cancel that waits for a person; its bet is there."""
    system.operator.deposit("50.00", user_id="carla")
    system.operator.bet("dead-1", "10.00", user_id="carla")
    cancel = cancel_of("dead-1", user_id="carla", uuid="u-dead-1")
    with system.engine.begin() as connection:
        set_aside(connection, [cancel], reason="content", error="a long error " * 20, dead=True)
    yield cancel
    with system.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in (
            "unbet.parked",
            "unbet.interventions",
            "unbet.requests",
            "unbet_ledger.bets",
            "unbet_ledger.late_bets",
        ):
            connection.execute(text(f"DELETE FROM {table} WHERE reference = 'dead-1'"))


def record(system: Watched) -> list[tuple[str, str, str | None]]:
    with system.engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT action, made_by, reason FROM unbet.interventions WHERE reference = 'dead-1'"
            )
        )
        return [tuple(row) for row in rows]


@pytest.mark.usefixtures("dead")
def test_a_search_by_reference_player_or_uuid_leads_to_the_history(open_page: Open) -> None:
    page = open_page()
    for words in ("dead-1", "carla", "u-dead-1"):
        page.goto("/parked")
        page.get_by_role("searchbox").fill(words)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("dead-1")
    expect(page.locator(".summary")).to_contain_text("dead until a person looks")
    expect(page.locator(".timeline li h3")).to_have_text(
        ["Bet placed: 10.00 EUR", "Cancel", "Parked, dead by now"]
    )
    expect(page.locator(".money tbody tr")).to_have_count(2)
    expect(page.locator(".money")).to_contain_text("40.00 EUR")


@pytest.mark.usefixtures("dead")
def test_a_dead_cancel_is_tried_again_and_the_sweep_decides_it(
    open_page: Open, system: Watched
) -> None:
    page = open_page("/parked")
    page.get_by_role("button", name="Try dead-1 again").click()
    expect(page.get_by_role("status")).to_contain_text("Recorded by anna")
    assert record(system) == [("retry", "anna", None)]
    page.get_by_role("status").get_by_role("link").click()
    for _ in range(20):
        if "Cancelled once" in page.locator(".summary").inner_text():
            break
        page.wait_for_timeout(250)
        page.reload()
    expect(page.locator(".timeline")).to_contain_text("Returned: 10.00 EUR")


@pytest.mark.usefixtures("dead")
def test_a_dead_cancel_is_closed_with_a_reason_by_keyboard_alone(
    open_page: Open, system: Watched
) -> None:
    page = open_page("/parked")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    assert _outline(page) != "none"
    page.keyboard.press("Enter")
    _tab_to(page, "Close dead-1 with a reason")
    assert _outline(page) != "none"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("paid by hand")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("is closed: paid by hand.")
    assert record(system) == [("close", "anna", "paid by hand")]


def _tab_to(page: Page, name: str) -> None:
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('aria-label')") == name:
            return
    raise AssertionError(f"{name} is not reached by the keyboard")


def _outline(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.activeElement).outlineStyle"))


@pytest.mark.usefixtures("dead")
def test_all_of_it_works_without_scripts(open_page: Open, system: Watched) -> None:
    page = open_page(java_script_enabled=False)
    expect(page.locator("#title")).to_have_text("1 cancel waits for a person")
    page.get_by_role("searchbox").fill("dead-1")
    page.get_by_role("button", name="Search").click()
    page.get_by_text("Close …").click()
    page.get_by_label("Why nothing is returned").fill("no scripts")
    page.get_by_role("button", name="Close it").click()
    expect(page.get_by_role("status")).to_contain_text("is closed: no scripts.")
    page.get_by_role("status").get_by_role("link").click()
    expect(page.locator(".summary")).to_contain_text("Closed by anna on ")
    page.get_by_text("Reopen …").click()
    page.get_by_label("Why it is tried after all").fill("a mistake")
    page.get_by_role("button", name="Reopen it").click()
    expect(page.get_by_role("status")).to_contain_text("is reopened: a mistake.")
    assert record(system) == [("close", "anna", "no scripts"), ("reopen", "anna", "a mistake")]


def test_another_sites_page_cannot_decide_in_a_persons_name(
    open_page: Open, system: Watched, dead: Cancel, complaints: list[str]
) -> None:
    page = open_page("/parked")
    stolen = page.locator("input[name=token]").first.get_attribute("value")
    target = f"{system.console}/parked/{dead.request_id}/retry"
    with _evil(
        f'<form method="post" action="{target}"><input name="token" value="{stolen}">'
    ) as at:
        page.goto(at)
        with page.expect_navigation():
            page.evaluate("document.forms[0].submit()")
    assert "not sent by a page of the console" in page.content()
    page.goto(f"{system.console}/parked")
    status = page.evaluate(
        f"fetch('/parked/{dead.request_id}/retry', {{method: 'POST'}}).then((r) => r.status)"
    )
    assert status == 403
    assert record(system) == []
    complaints.clear()  # the refusals


class _evil:  # noqa: N801 - reads like a function
    """A page of another site."""

    def __init__(self, html: str) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("content-type", "text/html")
                self.end_headers()
                self.wfile.write(html.encode())

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://localhost:{self._server.server_address[1]}/"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.mark.usefixtures("dead")
@pytest.mark.parametrize(
    "path",
    ["/", "/parked", "/explain?reference=dead-1", "/search?words=nobody"],
)
def test_a_phone_shows_all_of_it_without_scrolling_sideways(open_page: Open, path: str) -> None:
    page = open_page(path, **PHONE)
    if path == "/":
        page.get_by_text("The charts as a table").click()
    elif path == "/parked":
        page.get_by_text("Close …").click()
    assert not _scrolls_sideways(page)


def test_a_phone_shows_what_was_found_without_scrolling_sideways(
    open_page: Open, system: Watched
) -> None:
    system.operator.deposit("2.00", user_id="dora")
    for number in range(2):
        system.operator.bet(f"{number:036}", "1.00", user_id="dora")
    page = open_page("/search?words=dora", **PHONE)
    expect(page.get_by_role("heading", level=1)).to_contain_text("2 references")
    expect(page.locator("table.cards tbody tr")).to_have_count(2)
    assert not _scrolls_sideways(page)


def _scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))
