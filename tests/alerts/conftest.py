import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.alerts.casino import Casino
from tests.servers import services
from tests.system.processes import environment_of


@pytest.fixture(scope="module")
def casino() -> Iterator[Casino]:
    """A whole system with servers of its own, a provider that calls, and a Prometheus."""
    directory = Path(tempfile.mkdtemp(prefix="unbet-test-"))
    own_services = directory / "services"
    try:
        environment = environment_of(
            directory,
            services.start(own_services).environment(),
            UNBET_LOG_FORMAT="json",
            UNBET_ANSWER_DEADLINE_S="4",
            UNBET_RESEND_AFTER_S="1",
            PROMETHEUS_MULTIPROC_DIR=str(directory / "metrics"),
        )
        made = Casino(directory, own_services, environment)
        try:
            made.open()
            yield made
        finally:
            made.close()
    finally:
        services.stop(own_services)
        shutil.rmtree(directory)
