"""`unbet provider` as a program."""

import json
from functools import partial
from pathlib import Path

from testbed import provider
from testbed.provider import Cancel
from tests.ops.playing import codes
from tests.ops.running import run
from tests.ops.served import SECRET, http, serving, told

unbet_provider = partial(run, "from unbet.cli.main import main; main()", "provider")
CANCEL = ("--user", "alice", "--currency", "EUR", "--reference", "585c1306f89c56f5ecfc2f5d")


async def test_a_single_cancel_is_sent_once_and_its_answer_printed() -> None:
    async with serving(codes(0, 7)) as served:
        done = await unbet_provider("cancel", served.url, *CANCEL, "--uuid", "u-1", "--json")
        refused = await unbet_provider("cancel", served.url, *CANCEL, "--uuid", "u-1")

    assert done[0] == 0
    assert json.loads(done[1])["code"] == 0
    assert refused[:2] == (3, "7 told\n")
    assert served.cancels[0]["reference"] == CANCEL[-1]
    assert [cancel["uuid"] for cancel in served.cancels] == ["u-1", "u-1"]


async def test_an_endpoint_that_refuses_connections_is_one_sentence() -> None:
    code, out, err = await unbet_provider("cancel", f"http://127.0.0.1:1/{SECRET}", *CANCEL)

    assert (code, out) == (1, "")
    assert err == "unbet: 127.0.0.1:1 cannot be reached: the connection was refused.\n"


async def test_playing_reports_each_unexpected_answer_in_a_line(
    database_url: str, tmp_path: Path
) -> None:
    async with serving(lambda cancel: http(told(cancel, 8))) as served:
        options = ("--cancels", "6", "--seed", "1", "--players", "1", "--log", f"{tmp_path}/log")
        code, out, err = await unbet_provider(
            "play", served.url, *options, UNBET_DATABASE_URL=database_url
        )

    log = list(provider.read_log(tmp_path / "log"))
    lines = [line for line in out.splitlines() if ", try " in line]
    assert (code, err) == (1, "")
    assert "seed 1" in out
    assert sum(isinstance(sent.message, Cancel) for sent in log) == 6
    assert len(lines) >= 6 * 3
    assert lines == [line for sent in log for line in sent.unexpected()]
