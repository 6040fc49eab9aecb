"""Who gets into the console, and what its answers tell browsers."""

from typing import Final

import httpx

from tests.ops.console.conftest import ANNA, BERT

PAGES: Final = ["/", "/live", "/search?words=r1", "/explain?reference=r1", "/parked", "/nothing"]
WRONG: Final = [
    ("anna", "a-password-of-berts"),
    ("anna", ""),
    ("", ""),
    ("anna", "a-password-of-annas "),
    ("anna:a-password-of-annas", ""),
    ("Anna", "a-password-of-annas"),
]
NO_LOGIN: Final = ["Basic", "Basic !", "Bearer YTpi", "Basic w6Q=", "x" * 5000]


def test_nothing_is_shown_without_a_login(anonymous: httpx.Client) -> None:
    for path in [*PAGES, "/static/console.css"]:
        response = anonymous.get(path)
        assert response.status_code == 401, path
        assert response.headers["www-authenticate"].startswith("Basic ")
        assert "<" not in response.text


def test_a_wrong_login_is_refused(anonymous: httpx.Client) -> None:
    for login in WRONG:
        assert anonymous.get("/parked", auth=login).status_code == 401, login
    for told in NO_LOGIN:
        response = anonymous.get("/parked", headers={"authorization": told})
        assert response.status_code == 401, told


def test_each_login_gets_in_by_its_own_name(anonymous: httpx.Client) -> None:
    for login in (ANNA, BERT):
        page = anonymous.get("/parked", auth=login)
        assert page.status_code == 200
        assert f">{login[0]}</span>" in page.text


def test_whoever_guesses_is_slowed_down_and_a_right_login_is_not(anonymous: httpx.Client) -> None:
    statuses = [anonymous.get("/parked", auth=("anna", str(n))).status_code for n in range(25)]
    assert statuses == [401] * 20 + [429] * 5
    assert anonymous.get("/parked", auth=ANNA).status_code == 200


def test_a_name_that_is_led_to_this_machine_is_refused_and_its_own_are_not(
    anna: httpx.Client,
) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "", "evil:8081"):
        assert anna.get("/parked", headers={"host": host}).status_code == 400, host
    for host in ("localhost:1", "127.0.0.1", "[::1]:8081", "console.example"):
        assert anna.get("/parked", headers={"host": host}).status_code == 200, host


def test_every_page_and_every_refusal_forbids_others_scripts_frames_and_keeping(
    anna: httpx.Client, anonymous: httpx.Client
) -> None:
    for path, status in (("/", 200), ("/parked", 200), ("/explain", 404), ("/nothing", 404)):
        response = anna.get(path)
        assert response.status_code == status
        assert response.headers["cache-control"] == "no-store"
        _is_guarded(response)
    _is_guarded(anonymous.get("/"))
    _is_guarded(anna.get("/", headers={"host": "evil.example"}))
    _is_guarded(anna.get("/static/console.css"))


def _is_guarded(response: httpx.Response) -> None:
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["x-frame-options"] == "DENY"
    assert response.headers["x-content-type-options"] == "nosniff"
