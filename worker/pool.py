"""Celery's pool of processes. A failed fork does not end the worker, and it stops in time. Made for
Celery 5.7 and billiard 4.3: `tests/worker/test_worker_process.py` fails when others differ."""

from typing import Any, Final

import structlog
from billiard import pool as billiard_pool
from celery.concurrency import asynpool, prefork

CONSUME_LIMIT_S: Final = 2.0
"""How long a child that ends may wait for the parent to take its results. In a stop under load it
sometimes waits for one that has been taken, and billiard has it do so for half a minute."""

log = structlog.get_logger("worker")

# A child that no longer waits can lose only an acknowledgement. Its group is then applied once
# more, which changes nothing.
billiard_pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT = round(
    CONSUME_LIMIT_S / billiard_pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_INTERVAL
)


class RefillingPool(asynpool.AsynPool):  # type: ignore[misc]
    """Replaces a lost process later where the system has none left: Celery looks for lost ones
    every five seconds. Its own pool would end the worker, with `BlockingIOError`, or at the start
    with `WorkerLostError`."""

    _short = False

    def did_start_ok(self) -> bool:
        # Celery's own says no if a process has ended by now, and the worker ends.
        self._maintain_pool()
        return True

    def _join_exited_workers(self, shutdown: bool = False) -> Any:
        before = [*self._pool]
        exit_codes = super()._join_exited_workers(shutdown)
        # Celery looks for lost processes where its first connection to Redis fails, but replaces
        # their queues only once its event loop runs.
        if self.on_process_down is None:
            for process in before:
                if process not in self._pool:
                    self._renew_queues(process)
        return exit_codes

    def _renew_queues(self, process: Any) -> None:
        """There are as many as processes; a lost one may have left half a message in its own."""
        del self._queues[self._find_worker_queues(process)]
        self._fileno_to_outq.pop(process.outqR_fd, None)
        self._fileno_to_synq.pop(process.synqW_fd, None)
        self._queues[self.create_process_queues()] = None

    def _create_worker_process(self, i: int) -> Any:
        try:
            started = super()._create_worker_process(i)
        except OSError as error:
            self._forget_unstarted()
            if not self._short:
                log.error("no process can be started, tried again", error=str(error))
            self._short = True
            return None
        self._fileno_to_outq[started.outqR_fd] = started
        self._fileno_to_synq[started.synqW_fd] = started
        if self._short and len(self._pool) == self._processes:
            log.info("all processes run again")
            self._short = False
        return started

    def _forget_unstarted(self) -> None:
        """The process was noted before it was started."""
        for process in [one for one in self._pool if one._popen is None]:
            self._pool.remove(process)
            for queues, owner in self._queues.items():
                if owner is process:
                    self._queues[queues] = None


class TaskPool(prefork.TaskPool):  # type: ignore[misc]
    """Celery's pool, with processes of the kind above."""

    Pool = RefillingPool
