"""A spool directory that two deployments share."""

from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import text

from tests.databases import deployment_at
from tests.making import Operator, cancel_of
from tests.system.processes import System
from tests.system.watching import PLAYER, metric, wait_until_cancelled
from tests.waiting import until
from unbet.spool import Spool


def test_another_deployments_spool_file_is_left_alone_and_shown(
    system: System, operator: Operator
) -> None:
    """As when two share a directory: in a receiver that runs, and in its successor."""
    operator.deposit("100.00", **PLAYER)
    directory = Path(system.environment["UNBET_SPOOL_DIR"])
    written = {"theirs": uuid4(), "ours": deployment_at(system.environment["UNBET_DATABASE_URL"])}
    paths = {}
    for reference, deployment in written.items():
        operator.bet(reference, "10.00", **PLAYER)
        before = set(directory.iterdir())
        write(directory, deployment, reference)
        (paths[reference],) = set(directory.iterdir()) - before
    content = paths["theirs"].read_bytes()
    system.start_sweep()
    wait_until_cancelled(operator, "ours")
    for restart in (False, True):
        if restart:
            receiver = system.processes.pop("receiver")
            receiver.kill()
            receiver.wait()
            system.start_receiver()
        until(lambda: kept_as_foreign(system) == 1, "it is not counted")
        assert metric(system, "unbet_spool_bytes") == 0, "what it shall empty"
    assert {path.name for path in directory.iterdir()} == {paths["theirs"].name}
    assert paths["theirs"].read_bytes() == content
    assert operator.balance(**PLAYER).cash == Decimal(90)
    with operator.engine.connect() as connection:
        parked = (
            "SELECT (SELECT count(*) FROM unbet.parked) + (SELECT count(*) FROM unbet.parkings)"
        )
        assert connection.execute(text(parked)).scalar_one() == 1, "ours"


def kept_as_foreign(system: System) -> float:
    return metric(system, 'unbet_spool_kept_files{reason="foreign"}')


def write(directory: Path, deployment: UUID, reference: str) -> None:
    spool = Spool(directory, lambda: deployment)
    spool.append([cancel_of(reference, **PLAYER)])
    spool.close()
