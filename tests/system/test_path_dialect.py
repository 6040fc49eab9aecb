"""A request that names its player in the path, on real processes."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.operating import Operator
from tests.own_dialects import install
from tests.system.processes import ROOT, System
from tests.system.refusing import json_logs, logged
from tests.waiting import until

URL_PART = "the-secret-of-the-paths"
PROVIDER = "Paths"
PLAYER = "al ice/7"
"""Its slash is none of the path's."""
IN_PATH = "al%20ice%2F7"


@pytest.fixture
def paths(idle_system: System, operator: Operator, tmp_path: Path) -> System:
    (tmp_path / "installed").mkdir()
    installed = install(tmp_path / "installed", {"path": "tests.path_dialect:PATH"})
    idle_system.environment |= {
        "PYTHONPATH": f"{installed}:{ROOT}",
        "UNBET_ENDPOINTS": json.dumps({URL_PART: {"provider": PROVIDER, "dialect": "path"}}),
    }
    operator.deposit("100.00", user_id=PLAYER)
    operator.bet("b-1", user_id=PLAYER, provider=PROVIDER)
    return json_logs(idle_system)


def cash(operator: Operator) -> int:
    return int(operator.balance(user_id=PLAYER).cash)


def undo(system: System, player: str = IN_PATH, **more: str) -> dict[str, Any]:
    body = {"bet": "b-1", "currency": "EUR", **more}
    return dict(system.http.post(f"/{URL_PART}/players/{player}/undo", json=body).json())


def test_the_player_of_the_path_is_the_requests(paths: System, operator: Operator) -> None:
    paths.start_both()
    assert undo(paths, player="another") == {"code": 1}
    assert cash(operator) == 90
    body = {"bet": "b-1", "currency": "EUR", "player": "another"}
    told = paths.http.post(f"/{URL_PART}/players/{IN_PATH}/undo", json=body)
    assert told.json() == {"code": 0}
    assert cash(operator) == 100
    for wrong in ("players/undo", "players/a/b/undo", f"players/{IN_PATH}/undo/"):
        assert paths.http.post(f"/{URL_PART}/{wrong}", json=body).status_code == 404


def test_a_refused_request_is_replayed_with_what_its_path_had(
    paths: System, operator: Operator, tmp_path: Path
) -> None:
    paths.start_receiver()
    assert undo(paths, currency="no currency at all") == {"code": 3}
    (line,) = logged(paths, "refused")
    assert line["path_values"] == {"player": PLAYER}
    mended = tmp_path / "mended.json"
    mended.write_text(json.dumps({"bet": "b-1", "currency": "EUR"}))
    replayed = paths.unbet("replay", str(tmp_path / "receiver.log"), "--body", str(mended))
    assert "1 parked for the sweep" in replayed.stdout, replayed
    paths.start_sweep()
    until(lambda: cash(operator) == 100, "the stake is not given back")
