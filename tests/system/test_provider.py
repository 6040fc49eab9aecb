"""The played provider, against our own endpoint of its later dialect."""

import json

import pytest

from tests.system.processes import System

CANCEL = ("--user", "123456", "--currency", "USD", "--reference", "nobodys")


@pytest.mark.long
def test_the_later_dialect_is_played_as_the_provider_speaks_it(idle_system: System) -> None:
    idle_system.environment["UNBET_DIALECT"] = "lucky-monaco-v1"
    idle_system.start_both()
    url = f"{idle_system.http.base_url}/{idle_system.environment['UNBET_URL_SECRET']}"
    v1 = ("--dialect", "lucky-monaco-v1")

    played = idle_system.unbet("provider", "play", url, *v1, "--cancels", "40", "--json")
    cancelled = idle_system.unbet("provider", "cancel", url, *v1, *CANCEL)
    in_v4 = idle_system.unbet("provider", "cancel", url, *CANCEL)

    report = json.loads(played.stdout)
    assert (played.returncode, report["unexpected"]) == (0, []), played.stderr
    answers = {name: set(row["answers"]) for name, row in report["scenarios"].items()}
    assert answers["bet, then cancel"] == {"0"}
    assert answers["settled bet"] == {"999"}
    assert answers["wrong player"] == {"0", "57"}
    assert answers["wrong currency"] == {"0", "52"}
    assert (cancelled.returncode, cancelled.stdout) == (0, "0 Success\n")
    assert (in_v4.returncode, in_v4.stdout) == (3, "Temporary error: HTTP 404\n")
