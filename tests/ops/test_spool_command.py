"""`unbet spool`: a person looks at what lies on a receiver's disk, and parks it."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from tests.making import cancel_of
from tests.ops.conftest import Unbet
from unbet.spool import Spool

DEPLOYMENT = UUID(int=7)
CANCELS = [cancel_of(f"r{number}") for number in range(6)]


@pytest.fixture
def living() -> Iterator[list[Spool]]:
    made: list[Spool] = []
    yield made
    for spool in made:
        spool.close()


@pytest.fixture
def spool(tmp_path: Path, living: list[Spool]) -> Path:
    """A file of version 1 with a torn end, a damaged one, and that of a receiver that lives."""
    dead = Spool(tmp_path, lambda: DEPLOYMENT)
    dead.append(CANCELS[:3])
    dead.close()
    [path] = tmp_path.iterdir()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    path.rename(path.with_name("0.spool2.damaged"))
    line = CANCELS[3].model_dump_json()
    (tmp_path / "1.spool").write_text(f"{line}\n{line[:99]}")
    living.append(Spool(tmp_path))
    living[0].append(CANCELS[4:])
    return tmp_path


def parked(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.execute(text("SELECT reference FROM unbet.parked")).scalars())


def test_the_files_are_listed_with_what_is_known_of_them(unbet: Unbet, spool: Path) -> None:
    files = unbet("spool", "list", spool, "--json").document["files"]
    assert [(one["file"], one["version"], one["state"]) for one in files[:1]] == [
        ("0.spool2.damaged", 2, "damaged")
    ]
    assert [(one["version"], one["state"]) for one in files[1:]] == [(1, "waiting"), (2, "in use")]
    assert files[0]["deployment"] == str(DEPLOYMENT)
    assert files[1]["bytes"] == (spool / "1.spool").stat().st_size
    assert "3 files, 1 of them damaged." in unbet("spool", "list", spool).out


def test_a_check_finds_what_is_damaged_and_tells_it_from_what_is_torn(
    unbet: Unbet, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNBET_SPOOL_DIR", str(spool))
    ran = unbet("spool", "check", "--json")
    assert ran.status == 1
    assert ran.document["cancels"] == 5
    assert [(one["file"], one["state"]) for one in ran.document["damage"]] == [
        ("0.spool2.damaged", "damaged"),
        ("1.spool", "torn"),
    ]
    (spool / "0.spool2.damaged").unlink()
    whole = unbet("spool", "check")
    assert (whole.status, whole.out.splitlines()[-1]) == (
        0,
        "3 cancels are whole, 0 records are damaged.",
    )


def test_a_replay_parks_what_is_whole_once_and_leaves_the_files(
    unbet: Unbet, spool: Path, engine: Engine
) -> None:
    before = {path.name: path.read_bytes() for path in spool.iterdir()}
    ran = unbet("spool", "replay", spool, "--deployment", DEPLOYMENT, "--json")
    assert ran.status == 1  # one is damaged
    assert ran.document["parked"] == 5
    assert ran.document["problems"] == ["0.spool2.damaged: 1 damaged records"]
    assert parked(engine) == {"r0", "r2", "r3", "r4", "r5"}
    again = unbet("spool", "replay", spool, "--deployment", DEPLOYMENT)
    assert "5 cancels of 3 files parked for the sweep." in again.out
    assert len(parked(engine)) == 5
    assert {path.name: path.read_bytes() for path in spool.iterdir()} == before


def test_a_replay_leaves_out_what_is_of_another_deployment(
    unbet: Unbet, spool: Path, engine: Engine
) -> None:
    for arguments in ([], ["--deployment", UUID(int=8)]):
        ran = unbet("spool", "replay", spool, *arguments, "--json")
        assert ran.status == 1
        assert ran.document["problems"] == [
            f"0.spool2.damaged: of deployment {DEPLOYMENT}, left out"
        ]
    assert parked(engine) == {"r3", "r4", "r5"}


def test_a_directory_that_is_not_there_is_said(unbet: Unbet, tmp_path: Path) -> None:
    ran = unbet("spool", "list", tmp_path / "none")
    assert ran.status == 2
    assert "No such file or directory" in ran.err
    assert "UNBET_SPOOL_DIR" in unbet("spool", "check").err
