"""The sweep: `python -m worker.sweep` decides parked cancels. It needs only PostgreSQL, so it works
while the queue is down. Any number of sweeps may run.

(Over 250 lines: the process, its rounds and its stop stand together.)
"""

import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.core.providers import ALL, Providers
from unbet.database.deadlines import CALL_LIMIT_S, run_within
from unbet.database.deployment import Identity, guard
from unbet.database.engine import connect_to, require_durability, require_room
from unbet.database.faults import LedgerAwayError, first_line
from unbet.database.migrate import require_schema
from unbet.journal.parking import count_parked
from unbet.journal.routes import require_routes
from unbet.journal.sweeping import GivenUp, give_up, lease, note_error
from unbet.runtime import exposition, logs, metrics
from unbet.runtime.failpoints import crash_point
from unbet.runtime.settings import SweepSettings, read, warn_of_unknown_names
from unbet.start import check_database, starting
from unbet.wallets.chosen import required_of, wallets_for
from unbet.wallets.late_bets import LateBetDetection
from unbet.wallets.notice import log_wallets, notice_of
from unbet.wallets.port import SWEEP_CALLS_S, Decided, Memory, Undecided, Wallet
from unbet.wallets.undecided import keep_undecided

INTERVAL_S: Final = 1.0
MAX_PAUSE_S: Final = 3.0
HEARTBEAT_S: Final = 60.0
STOP_LIMIT_S: Final = 10
"""A stop waits this long for the current batch; another sweep applies a batch that was cut off."""

MAX_BATCH_SIZE: Final = 256
MAX_ALONE: Final = 32
"""Cancels, or requests for several bets, applied one by one in a round: failing ones must not
hold up those just parked."""

FEW: Final = 16
"""Of what has failed once these are asked about together, where the wallet is not in the journal's
database: it has failed for the wallet's sake mostly, and an outage leaves many."""

log = structlog.get_logger("sweep")


def main() -> None:
    """Sweep until SIGTERM. Waits for a ledger that is away."""
    with starting("sweep"):
        chosen = read(SweepSettings)
    logs.configure(chosen.log_format)
    warn_of_unknown_names()
    stop = threading.Event()

    def end(_number: int, _frame: object) -> None:
        signal.alarm(STOP_LIMIT_S)
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    identity = Identity(chosen.deployment)
    routes = chosen.wallet_choice().distinct_routes()
    engine = guard(connect_to(chosen.database_url, name="sweep", pool_size=len(routes)), identity)
    exposition.serve(chosen.metrics_port)
    with starting("sweep"):
        wallets = wallets_for(
            chosen.wallet_choice(),
            engine,
            hold_unknown=chosen.holds_unknown,
            parked=True,
            person_decides=chosen.person_decides,
        )
    log_wallets(notice_of(chosen.wallet_choice(), wallets), log)
    sweeps = [Sweep(engine, wallets[name], providers) for name, providers in routes.items()]
    sweep_all(sweeps, partial(_require_a_safe_ledger, chosen, identity), stop)
    engine.dispose()


def sweep_all(sweeps: Sequence["Sweep"], check: Callable[[], None], stop: threading.Event) -> None:
    """Run `sweeps` beside each other until `stop`: a wallet that is away holds up no other. The
    first one has the caller's thread, in which `check` may end the process."""
    first, *others = sweeps
    checked = threading.Event()

    def begin() -> None:
        check()
        checked.set()

    def follow(sweep: Sweep) -> None:
        while not checked.wait(INTERVAL_S):
            if stop.is_set():
                return
        keep_sweeping(sweep, lambda: None, stop)

    threads = [threading.Thread(target=follow, args=(one,), daemon=True) for one in others]
    for thread in threads:
        thread.start()
    keep_sweeping(first, begin, stop)
    for thread in threads:
        thread.join()


def keep_sweeping(sweep: "Sweep", check: Callable[[], None], stop: threading.Event) -> None:
    """Run rounds until `stop`, after one `check` of the ledger: about one a second, without a pause
    while there is work. It has no deadline, so this is not the loop of `retrying.py`."""
    checked, pause_s, next_heartbeat = False, INTERVAL_S, 0.0
    while not stop.is_set():
        try:
            if not checked:
                check()
                checked = True
                log.info("the sweep is ready")
            if time.monotonic() >= next_heartbeat:
                sweep.heartbeat()
                next_heartbeat = time.monotonic() + HEARTBEAT_S
            busy = sweep.round()
            pause_s = 0.0 if busy else INTERVAL_S
        except DBAPIError as error:
            pause_s = min(2 * max(pause_s, 0.1), MAX_PAUSE_S)
            log.warning("the ledger is away", error=first_line(error), again_in_s=pause_s)
        except Exception:
            # The outermost shell: a bug met by one cancel must not stop the others.
            pause_s = MAX_PAUSE_S
            log.exception("a round failed")
        if pause_s:
            stop.wait(random.uniform(0.75, 1.25) * pause_s)  # noqa: S311 - jitter, no secret


def _require_a_safe_ledger(chosen: SweepSettings, identity: Identity) -> None:
    with starting("sweep"):
        choice = chosen.wallet_choice()
        required = required_of(*choice.distinct_routes())
        required = (require_durability, require_schema, require_room, *required)
        required = (*required, require_routes(choice))
        check_database(chosen.database_url, "sweep", identity, *required)


class Sweep:
    """One sweeping process's work on the ledger."""

    def __init__(self, engine: Engine, wallet: Wallet, providers: Providers = ALL) -> None:
        """`wallet` decides what is parked of `providers`, and removes it there."""
        self._engine = engine
        self._wallet = wallet
        self._providers = providers
        in_journal = self._whole = wallet.abilities.keeps_journal
        self._takes_few = not in_journal and wallet.abilities.remembers is Memory.FOR_EVER
        self._late_bets = LateBetDetection(engine, wallet, providers)
        self._batch_s, self._alone_s = (1.0, 0.0) if in_journal else (SWEEP_CALLS_S,) * 2
        self.decided = 0

    def round(self) -> bool:
        """Apply what is due: fresh cancels together, failed ones in small groups or alone, each or
        with those of its request where one transaction decides them. Returns whether there was
        anything. Raises a `DBAPIError` when the ledger is away."""
        _note_dead(run_within(self._engine, CALL_LIMIT_S, give_up))
        found = self._take(fresh=True, most=MAX_BATCH_SIZE, within_s=self._batch_s)
        for _ in range(MAX_ALONE if self._takes_few else 0):
            if not self._take(fresh=False, once=True, most=FEW, within_s=self._alone_s):
                break
            found = True
        for _ in range(MAX_ALONE):
            # One lease each: a cancel that ends this process must not cost the others a try. One
            # call each: a cancel that ends its database session must not end ten of them.
            if not self._take(fresh=False, most=1, within_s=self._alone_s):
                break
            found = True
        self._late_bets.look()
        metrics.SWEEP_ROUNDS.inc()
        return found

    def _take(self, *, fresh: bool, most: int, within_s: float, once: bool = False) -> bool:
        """Whether anything was due, including unreadable rows, now dead."""
        due = run_within(
            self._engine,
            CALL_LIMIT_S,
            lambda c: lease(
                c,
                fresh=fresh,
                once=once,
                most=most,
                whole=self._whole,
                providers=self._providers,
            ),
        )
        _note_dead(due.unreadable)
        if due.cancels:
            crash_point("sweep_leased", due.cancels)
            self._apply(due.cancels, within_s)
            crash_point("sweep_applied", due.cancels)
        return bool(due.cancels or due.unreadable)

    def _apply(self, cancels: Sequence[Cancel], within_s: float) -> None:
        leased = {cancel.request_id: cancel for cancel in cancels}
        deadline = time.monotonic() + within_s
        try:
            for verdicts in self._wallet.cancel(cancels, deadline):
                decisions = [one.decision for one in verdicts if isinstance(one, Decided)]
                left = [one for one in verdicts if isinstance(one, Undecided)]
                for decision in decisions + keep_undecided(self._engine, left, deadline):
                    self._note(decision, leased[decision.request_id])
        except LedgerAwayError as away:
            error = str(away)
            references = [cancel.reference for cancel in cancels[:20]]
            log.warning("a try failed", references=references, error=error)
            # If the ledger is there after all, a cancel itself may end its sessions: these cancels
            # pause, and the round goes on. If it is away, this raises.
            run_within(self._engine, CALL_LIMIT_S, lambda c: note_error(c, cancels, error))

    def _note(self, decision: Decision, cancel: Cancel) -> None:
        done = decision.outcome is not Outcome.PARKED
        self.decided += done
        metrics.SWEPT.inc(done)
        log.info(
            "decided" if done else "still parked",
            request_id=str(decision.request_id),
            reference=cancel.reference,
            uuid=cancel.uuid,
            outcome=decision.outcome.value,
            # Since the receiver had it, by two machines' clocks.
            seconds=max(0.0, round((datetime.now(UTC) - cancel.received_at).total_seconds(), 3)),
        )

    def heartbeat(self) -> None:
        """Log how much there is to do."""
        counts = run_within(self._engine, CALL_LIMIT_S, count_parked)
        log.info("sweeping", parked=counts.parked, dead=counts.dead, decided=self.decided)


def _note_dead(lost: Sequence[GivenUp]) -> None:
    for one in lost:
        metrics.DEAD.inc()
        log.error(
            "dead",
            request_id=str(one.request_id),
            reference=one.reference,
            uuid=one.uuid,
            error=one.error,
        )


if __name__ == "__main__":
    main()
