"""What `unbet run` knows of a process that it has started."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from unbet.local.run_record import StartedGroup

COMMAND: Final = ["sleep", "60"]
AT_A_TIME: Final = 6  # more than there are processors


def _command_as_recorded(_number: int) -> list[str]:
    with subprocess.Popen(COMMAND, start_new_session=True) as process:
        try:
            recorded = StartedGroup.of("sleep", process.pid)
        finally:
            process.kill()
    assert recorded
    return recorded.command


def test_a_process_is_recorded_with_its_command_line_however_young_it_is() -> None:
    with ThreadPoolExecutor(AT_A_TIME) as threads:
        recorded = [*threads.map(_command_as_recorded, range(1500))]

    assert [command for command in recorded if command != COMMAND] == []
