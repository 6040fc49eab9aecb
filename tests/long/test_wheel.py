"""The built wheel in an operator's application, which has packages called `api` and `worker`."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOT_SOURCE = shutil.ignore_patterns(".*", "build", "*.egg-info", "__pycache__")

APPLICATION = """
import logging
import sys

import api
import worker
from unbet import Bet, Deposit, Status, connect_to, deposit, place_bet, transact

engine = connect_to(sys.argv[1], name="bets")
player = {"user_id": "123456", "currency": "USD", "provider": "LuckyMonaco"}
paid = Deposit(user_id="123456", currency="USD", amount="100.00", reference="pay-1")
bet = Bet(amount="10.00", reference="r1", **player)
for call in (lambda c: deposit(c, paid), lambda c: place_bet(c, bet)):
    assert transact(engine, call).status is Status.DONE
assert (api.WHOSE, worker.WHOSE) == ("the operator's", "the operator's")
ours = {"prometheus_client", "celery", "kombu", "redis", "structlog", "starlette", "uvicorn"}
assert not ours & set(sys.modules), ours & set(sys.modules)
assert not logging.getLogger().handlers
print("placed")
"""


def run(*command: object) -> str:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    shutil.copytree(ROOT, source, ignore=NOT_SOURCE)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet")
    run(*pip, "--no-deps", "--wheel-dir", tmp_path, source)
    (made,) = tmp_path.glob("unbet-*.whl")
    return made


@pytest.mark.timeout(600)
def test_an_operators_application_places_a_bet_with_the_wheel_beside_its_own_packages(
    wheel: Path, tmp_path: Path, database_url: str
) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"unbet"}
    assert {"unbet/py.typed", "unbet/wallets/ledger/reverse.sql"} <= names
    application = tmp_path / "application"
    for package in ("api", "worker"):
        (application / package).mkdir(parents=True)
        (application / package / "__init__.py").write_text('WHOSE = "the operator\'s"\n')
    (application / "main.py").write_text(APPLICATION)
    run(sys.executable, "-m", "venv", tmp_path / "environment")
    python = tmp_path / "environment" / "bin" / "python"
    run(python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", wheel)
    assert run(python, application / "main.py", database_url) == "placed\n"
