"""The whole system that a browser looks at: receiver, worker, sweep and console, on servers that a
test may stop."""

from pathlib import Path
from typing import Final

from tests.databases import migrated
from tests.operating import Operator
from tests.servers import reserve_port, services
from tests.system.processes import System, environment_of

USER: Final = "anna"
PASSWORD: Final = "a-password-for-tests-only"  # noqa: S105


class Watched(System):
    """A system with a console."""

    def __init__(self, directory: Path) -> None:
        logs, metrics = directory / "logs", directory / "metrics"
        logs.mkdir(parents=True)
        metrics.mkdir()
        self.directory = directory / "services"
        urls = services.start(self.directory).environment()
        self.engine = migrated(urls["UNBET_DATABASE_URL"])
        self.operator = Operator(self.engine)
        environment = environment_of(
            directory,
            urls,
            UNBET_CONSOLE_PORT=str(reserve_port()),
            UNBET_CONSOLE_BASIC_AUTH=f"{USER}:{PASSWORD}",
            PROMETHEUS_MULTIPROC_DIR=str(metrics),
        )
        super().__init__(environment, logs)

    def start_all(self) -> None:
        self.start_sweep()
        self.start_both()
        self.start_console()

    def stop(self) -> None:
        super().stop()
        self.engine.dispose()
        services.stop(self.directory)
