"""The page that a person looks at: live, still, and in words."""

import re

import pytest
from playwright.sync_api import Page, Request, expect
from sqlalchemy import text

from tests.browser.conftest import Open
from tests.browser.system import Watched
from tests.freezing import frozen
from tests.servers import services
from tests.system.processes import EXAMPLE
from tests.system.watching import PLAYER
from unbet.console.format import NONE

SHIFTS = """() => {
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const moved = entry.sources.map(({ node }) => node?.parentElement?.outerHTML.slice(0, 200));
      window.shifts.push([entry.value, ...moved]);
    }
  }).observe({ type: "layout-shift", buffered: true });
}"""


def answered(page: Page) -> int:
    """Cancels of the last quarter of an hour, as the page has them now."""
    note = page.locator('[data-figure="rate"] .more').inner_text()
    return int(re.sub(r"\D", "", note.partition(" ")[0]))


def wait_for(page: Page, cancels: int) -> None:
    page.wait_for_function(
        "least => parseInt(document.querySelector('[data-figure=rate] .more')"
        ".textContent.replaceAll(',', '')) >= least",
        arg=cancels,
    )


def cancel(system: Watched, reference: str) -> None:
    system.operator.deposit("10.00", **PLAYER)
    system.operator.bet(reference, "10.00", **PLAYER)
    assert system.cancel(reference=reference)["error"] == 0


def test_a_cancel_is_seen_without_a_reload(open_page: Open, system: Watched) -> None:
    page = open_page()
    before = answered(page)
    page.evaluate("window.same = true")
    cancel(system, "live-1")
    wait_for(page, before + 1)
    assert page.evaluate("window.same") is True
    expect(page.locator("#title")).to_have_text("Cancels get through")
    expect(page.locator("#headline")).to_have_attribute("data-level", "good")


def test_every_figure_is_there_and_each_part_answers(open_page: Open, system: Watched) -> None:
    system.http.post("/a-wrong-secret-of-somebody/V4/Cancel", json=EXAMPLE)
    system.http.post(system.path, content=b"no JSON")
    page = open_page()
    figures = page.locator("[data-figure]")
    for level in ("bad", "away"):
        expect(page.locator(f'[data-figure][data-level="{level}"]')).to_have_count(0)
    expect(figures).to_have_count(10)
    expect(page.locator('[data-figure="workers"] .value')).to_have_text("1")
    expect(page.locator('[data-figure="refused"] .more')).to_have_text("form 1, wrong secret 1")
    expect(page.locator('[data-figure="sweep"] .more')).to_have_text("ago")
    expect(page.locator('#parts [data-level="good"]')).to_have_count(4)


def test_the_charts_are_drawn_and_told_as_a_table(open_page: Open, system: Watched) -> None:
    cancel(system, "drawn")
    page = open_page()
    page.wait_for_function(f"() => ({PAINTED})('rates') && ({PAINTED})('times')")
    page.get_by_text("The charts as a table").click()
    rows = page.locator("#minutes tr")
    expect(rows).to_have_count(15)
    cells = rows.locator("td:nth-of-type(1)").all_inner_texts()
    assert sum(map(int, cells)) >= 1


PAINTED = """(id) => {
  const canvas = document.querySelector(`#${id} canvas`);
  const wanted = getComputedStyle(document.documentElement)
    .getPropertyValue(id === "rates" ? "--given_back" : "--p99").trim();
  const rgb = [1, 3, 5].map((at) => parseInt(wanted.slice(at, at + 2), 16));
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  for (let at = 0; at < data.length; at += 4) {
    const same = rgb.every((part, n) => Math.abs(data[at + n] - part) < 4);
    if (same && data[at + 3] > 200) return true;
  }
  return false;
}"""


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_when_the_numbers_do(open_page: Open, system: Watched, width: int) -> None:
    page = open_page(width=width, height=844)
    page.evaluate(SHIFTS)
    before = answered(page)
    for number in range(12):
        cancel(system, f"still-{width}-{number}")
    wait_for(page, before + 12)
    seen = page.locator("#at").inner_text()
    page.wait_for_function("seen => document.getElementById('at').textContent > seen", arg=seen)
    assert page.evaluate("window.shifts") == []


def test_dead_cancels_are_told_in_the_headline(open_page: Open, system: Watched) -> None:
    page = open_page()
    with system.engine.begin() as connection:
        connection.execute(
            text("""
                INSERT INTO unbet.parked (request_id, provider, reference, cancel, state, reason)
                SELECT gen_random_uuid(), 'LuckyMonaco', 'd' || n, '{}', 'dead', 'content'
                  FROM generate_series(1, 3) AS n
            """)
        )
    try:
        expect(page.locator("#title")).to_have_text("3 cancels wait for a person")
        expect(page.locator("#headline")).to_have_attribute("data-level", "attention")
        expect(page).to_have_title("3 cancels wait for a person \N{EN DASH} Unbet")
    finally:
        with system.engine.begin() as connection:
            connection.execute(text("DELETE FROM unbet.parked"))


def test_a_page_that_nobody_sees_follows_nothing(open_page: Open) -> None:
    page = open_page()
    # An event has come: what the page follows has been asked for.
    seen = page.locator("#at").inner_text()
    expect(page.locator("#at")).not_to_have_text(seen)
    asked: list[str] = []
    # The browser itself fetches the icon whenever it likes.

    def note(request: Request) -> None:
        if not request.url.endswith(".svg"):
            asked.append(request.url)

    page.on("request", note)
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/live")):
        page.evaluate("""() => {
            Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""")
    page.evaluate("new Promise((done) => setTimeout(done))")  # what it asks for, it asks at once
    assert asked == []


def test_a_console_that_is_away_is_told_and_found_again(
    open_page: Open, system: Watched, complaints: list[str]
) -> None:
    cancel(system, "before-the-console-goes")
    page = open_page()
    process = system.processes.pop("console")
    process.terminate()
    process.wait(timeout=15)
    expect(page.locator("#title")).to_have_text("The console does not answer")
    system.start_console()
    expect(page.locator("#title")).to_have_text("Cancels get through")
    complaints.clear()  # the refused connections


def test_postgresql_away_is_told_and_found_again(
    open_page: Open, system: Watched, complaints: list[str]
) -> None:
    cancel(system, "before-postgresql-goes")
    page = open_page()
    with frozen(services.status(system.directory).postgres_pid):
        expect(page.locator("#title")).to_have_text("PostgreSQL does not answer")
        expect(page.locator('[data-figure="rate"] .more')).to_have_text("PostgreSQL is away")
        expect(page.locator("#legend b")).to_have_text([NONE] * 5)
        other = open_page("/parked")
        expect(other.locator("h1")).to_have_text("PostgreSQL does not answer in time")
        expect(page.locator('#parts [data-level="good"]')).not_to_have_count(0)
    expect(page.locator("#title")).to_have_text("Cancels get through")
    complaints.clear()  # the 503


def test_a_request_that_is_refused_is_told_in_the_headline(
    open_page: Open, system: Watched
) -> None:
    cancel(system, "let-in")
    page = open_page()
    expect(page.locator("#title")).to_have_text("Cancels get through")
    system.http.post(system.path, content=b"no JSON")
    expect(page.locator("#title")).to_have_text("1 request was refused at validation")
    expect(page.locator("#headline")).to_have_attribute("data-level", "attention")
