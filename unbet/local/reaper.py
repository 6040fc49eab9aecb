"""`python -m unbet.local.reaper DIR` ends what `unbet run` has started on DIR when that has died.

It waits for the end of its standard input, which the kernel closes however the writer ends. This
works on every system. Linux' parent-death signal would reach neither a worker's children nor
PostgreSQL.
"""

import signal
import sys
from pathlib import Path

from unbet.local import run_record, services
from unbet.local.run_record import RunRecord
from unbet.local.stopping import SIGNALS


def main(directory: Path) -> None:
    """Holds the lock `reaper.lock`, which it has inherited, until nothing is left."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # it ends last
    sys.stdin.buffer.read()
    record = RunRecord.read(directory)
    if record is None:
        return  # the run has ended everything itself
    sys.stderr.write(f"{record} has died.\n")
    for group in record.end_processes():
        sys.stderr.write(f"Ended: {group.name} (pid {group.pid})\n")
    for title in services.stop(directory, record.servers):
        sys.stderr.write(f"Stopped: {title}\n")
    run_record.remove(directory)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
