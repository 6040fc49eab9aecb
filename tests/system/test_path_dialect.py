"""A request that names its player in the path, and is signed with it, on real processes."""

import hashlib
import hmac
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.curl import expanded
from tests.operating import Operator
from tests.own_dialects import install_for
from tests.system.processes import System
from tests.system.refusing import json_logs, logged
from tests.waiting import until

URL_PART = "the-secret-of-the-paths"
PROVIDER = "Paths"
KEY = "a key for tests only"
PLAYER = "al ice/7"
"""Its slash is none of the path's."""
IN_PATH = "al%20ice%2F7"
TIME = "1760000000"


@pytest.fixture
def paths(idle_system: System, operator: Operator, tmp_path: Path) -> System:
    endpoint = {"provider": PROVIDER, "dialect": "path", "keys": [{"env": "PATHS_KEY"}]}
    folder = tmp_path / "installed"
    install_for(idle_system, folder, "tests.path_dialect:PATH", URL_PART, **endpoint)
    idle_system.environment["PATHS_KEY"] = KEY
    operator.deposit("100.00", user_id=PLAYER)
    operator.bet("b-1", user_id=PLAYER, provider=PROVIDER)
    return json_logs(idle_system)


def cash(operator: Operator) -> int:
    return int(operator.balance(user_id=PLAYER).cash)


def undo(
    system: System,
    player: str = IN_PATH,
    *,
    signed: str = "",
    says: str = "",
    currency: str = "EUR",
) -> tuple[int, dict[str, Any]]:
    """`signed` is another path than that which is called, `says` a player in the body."""
    body = json.dumps({"bet": "b-1", "currency": currency, "player": says})
    path = f"/{URL_PART}/players/{player}/undo"
    content = f"{TIME}{signed or path}{body}".encode()
    headers = {
        "X-Time": TIME,
        "X-Signature": hmac.digest(KEY.encode(), content, hashlib.sha256).hex(),
    }
    told = system.http.post(path, content=body, headers=headers)
    return told.status_code, told.json() if told.content else {}


def test_the_player_of_the_path_is_the_requests(paths: System, operator: Operator) -> None:
    paths.start_both()
    assert undo(paths, player="another") == (200, {"code": 1})
    decoded = f"/{URL_PART}/players/{PLAYER}/undo"
    assert undo(paths, signed=decoded) == (401, {"code": 5})
    assert cash(operator) == 90
    # What the body says of the player is not looked at.
    assert undo(paths, says="another") == (200, {"code": 0})
    assert cash(operator) == 100
    for wrong in ("a/b", f"{IN_PATH}/"):
        assert undo(paths, player=wrong) == (404, {})


def test_a_refused_request_is_replayed_with_what_its_path_had(
    paths: System, operator: Operator, tmp_path: Path
) -> None:
    paths.start_receiver()
    assert undo(paths, currency="no currency at all") == (200, {"code": 3})
    (line,) = logged(paths, "refused")
    assert line["path_values"] == {"player": PLAYER}
    mended = tmp_path / "mended.json"
    mended.write_text(json.dumps({"bet": "b-1", "currency": "EUR"}))
    replayed = paths.unbet("replay", str(tmp_path / "receiver.log"), "--body", str(mended))
    assert "1 parked for the sweep" in replayed.stdout, replayed
    paths.start_sweep()
    until(lambda: cash(operator) == 100, "the stake is not given back")


def test_bytes_that_are_no_text_decide_nothing_and_are_in_the_log_as_they_were_sent(
    paths: System, operator: Operator
) -> None:
    paths.start_both()
    assert undo(paths, "al%E9") == (200, {"code": 3})
    (line,) = logged(paths, "refused")
    assert (line["reason"], line["path_values"]) == ("form", {"player": "al%E9"})
    assert cash(operator) == 90


@pytest.mark.parametrize("options", [(), ("--show-secret",)])
def test_its_example_is_one_that_the_receiver_takes(
    paths: System, operator: Operator, options: tuple[str, ...]
) -> None:
    paths.start_both()
    asked = ("--reference", "b-1", "--player", PLAYER)
    made = paths.unbet("endpoints", "sign", *asked, *options)
    assert made.returncode == 0, made.stderr
    assert (URL_PART in made.stdout) == bool(options)
    *options_of_curl, url = expanded(made.stdout, {"URL_SECRET_1": URL_PART})
    headers = dict(
        value.split(": ", 1) for name, value in pairwise(options_of_curl) if name == "--header"
    )
    assert int(headers["x-time"]) > 0
    body = options_of_curl[options_of_curl.index("--data-raw") + 1]
    path = url.partition(f":{paths.environment['UNBET_PORT']}")[2]
    assert paths.http.post(path, content=body, headers=headers).json() == {"code": 0}
    assert cash(operator) == 100
