"""All faults of a run. A fault is a context: entering it does the harm, leaving it undoes it."""

from dataclasses import dataclass, field, replace
from typing import Final

from testbed.chaos import postgres_sessions, server_harm, wallet_harm
from testbed.chaos.holding import Hold, held
from testbed.chaos.postgres_pair import CLOCK_RIGHT
from testbed.chaos.process_harm import (
    kill_a_child,
    killed,
    set_clock_wrong,
    stopped_in_transaction,
)
from testbed.chaos.server_harm import CUT, READ_ONLY, altered, command, commanded, restore
from testbed.chaos.spool_harm import cut_off, cut_off_with_disk
from testbed.chaos.wallets.http import CASINO, SERVICE
from testbed.wallet.faults import CHANGED
from testbed.wallet.faults import Fault as Spoilt
from unbet.local.services.standby import execute


@dataclass(frozen=True)
class Fault:
    """A kind of fault."""

    name: str
    target: str
    """What it is done to: a role of ours, or the name of something that there is one of. One target
    suffers one fault at a time."""
    seconds: tuple[float, float]
    """The shortest and the longest."""
    weight: int
    """How often it is drawn, compared with the others."""
    hold: Hold = field(repr=False)
    needs: frozenset[str] = frozenset()
    """Targets that must be well when it begins."""
    occupies: frozenset[str] = frozenset()
    """Targets beside its own that suffer as long as it lasts."""
    jumps: bool = False
    """It needs clocks that can be set."""
    kills: bool = False
    """It ends a whole process of ours, and with it what its memory had come to."""


_POSTGRES: Final = frozenset({"postgres"})
_BOTH: Final = frozenset({"postgres", "redis"})

_jumped: Final = held(set_clock_wrong, lambda system, *_: system.clock.write_text(CLOCK_RIGHT))
_stopped: Final = held(server_harm.stop, server_harm.go_on)
_failed_over: Final = held(server_harm.fail_over, server_harm.lead_home)
# What is connected hears nothing more, and who connects anew is served; or nobody hears anything.
_silent: Final = held(
    lambda system, target, _: system.addresses.silence_established(target), server_harm.resume
)
_all_silent: Final = held(
    lambda system, target, _: system.addresses.silence_all(target), server_harm.resume
)
_full, _hovering = server_harm.disk(hovering=False), server_harm.disk(hovering=True)

_read_only: Final = altered(f"SET {READ_ONLY} = on", f"RESET {READ_ONLY}")
_new_read_only: Final = held(
    server_harm.make_sessions_read_only,
    lambda system, *_: execute(system.postgres.primary, f"ALTER DATABASE unbet RESET {READ_ONLY}"),
)
_cut_sessions: Final = held(lambda system, *_: postgres_sessions.cut_connections(system))
_held_bets: Final = server_harm.locked(postgres_sessions.lock_standing_bets)
_held_account: Final = server_harm.locked(postgres_sessions.lock_an_account)

_demoted: Final = held(lambda system, *_: system.redis.demote(), restore)
_replicas, _memory = "CONFIG SET min-replicas-to-write", "CONFIG SET maxmemory"
_no_replicas: Final = commanded(f"{_replicas} 9", f"{_replicas} 0")
_no_memory: Final = commanded(f"{_memory} 1", f"{_memory} {1 << 30}")
_no_rights: Final = commanded("ACL SETUSER default -@write", "ACL SETUSER default +@all")
_password: Final = held(server_harm.change_password, server_harm.change_password_back)
_cut_clients: Final = held(lambda system, *_: command(system, CUT))

_no_room, _some_room = cut_off_with_disk(hovering=False), cut_off_with_disk(hovering=True)

FAULTS: Final = (
    Fault("PostgreSQL's clock jumped an hour", "clock", (2, 6), 4, _jumped, jumps=True),
    Fault("worker killed", "worker", (0, 0), 9, killed, kills=True),
    Fault("worker's child killed", "worker", (0, 0), 14, held(kill_a_child)),
    Fault("sweeper killed", "sweeper", (0, 0), 7, killed, kills=True),
    Fault("receiver killed", "receiver", (0, 0), 6, killed, kills=True),
    Fault(
        "worker stopped in a transaction", "worker", (2, 9), 5, stopped_in_transaction, _POSTGRES
    ),
    Fault("PostgreSQL stopped", "postgres", (9, 11), 1, _stopped),
    Fault("PostgreSQL restarted", "postgres", (0, 1), 3, held(server_harm.crash, restore)),
    Fault("PostgreSQL failed over to its standby", "postgres", (0, 1), 3, _failed_over),
    Fault("PostgreSQL read-only", "postgres", (2, 5), 3, _read_only),
    Fault("PostgreSQL's new sessions read-only", "postgres", (1, 3), 3, _new_read_only),
    Fault("PostgreSQL's disk full", "postgres", (1, 3), 2, _full),
    Fault("PostgreSQL's disk hovering", "postgres", (2, 4), 2, _hovering),
    Fault("PostgreSQL's connections cut", "postgres", (0, 0), 8, _cut_sessions),
    Fault("PostgreSQL's connections silent", "postgres", (2, 6), 2, _silent),
    Fault("PostgreSQL's address silent", "postgres", (2, 6), 2, _all_silent),
    Fault("bets held", "bets", (1, 4), 9, _held_bets, _POSTGRES),
    Fault("account held", "accounts", (1, 4), 9, _held_account, _POSTGRES),
    Fault("Redis stopped", "redis", (9, 11), 1, _stopped),
    Fault("Redis emptied", "redis", (0, 2), 3, held(server_harm.empty, restore)),
    Fault("Redis failed over to its replica", "redis", (0, 2), 3, _failed_over),
    Fault("Redis demoted (READONLY)", "redis", (2, 5), 3, _demoted),
    Fault("Redis refuses writes (NOREPLICAS)", "redis", (2, 5), 2, _no_replicas),
    Fault("Redis refuses writes (OOM)", "redis", (2, 5), 2, _no_memory),
    Fault("Redis refuses writes (NOPERM)", "redis", (2, 5), 2, _no_rights),
    Fault("Redis' password changed", "redis", (2, 5), 3, _password),
    Fault("Redis' disk full", "redis", (2, 4), 2, _full),
    Fault("Redis' disk hovering", "redis", (2, 4), 2, _hovering),
    Fault("Redis' connections cut", "redis", (0, 0), 8, _cut_clients),
    Fault("Redis' connections silent", "redis", (2, 6), 3, _silent),
    Fault("Redis' address silent", "redis", (2, 6), 3, _all_silent),
    Fault("ledger and queue both cut off", "spool", (2, 5), 2, cut_off, occupies=_BOTH),
    Fault("both cut off, spool's disk full", "spool", (2, 4), 2, _no_room, occupies=_BOTH),
    Fault("both cut off, spool's disk hovering", "spool", (3, 6), 2, _some_room, occupies=_BOTH),
)


_CASINO, _WALLET = frozenset({CASINO}), frozenset({SERVICE})

_hung: Final = held(wallet_harm.hang, wallet_harm.go_on)
_refused: Final = held(
    wallet_harm.refuse, lambda system, *_: system.addresses.listen_again(SERVICE)
)
_crashed: Final = held(wallet_harm.crash_database, wallet_harm.start_database)
_database_stopped: Final = held(wallet_harm.stop_database, wallet_harm.go_on_with_database)
# Cancels in answers such as these use up tries: five, and they wait for a person.
_nonsense: Final = wallet_harm.spoilt(
    *(one for one in CHANGED if one is not Spoilt.UNKNOWN_OUTCOME),
    Spoilt.BROKEN_JSON,
    Spoilt.NOT_FOUND,
)
_lost: Final = wallet_harm.spoilt(
    Spoilt.DROPPED, Spoilt.RESET, Spoilt.RESET_BEFORE, Spoilt.LOST, Spoilt.HUNG, Spoilt.SLOW,
    Spoilt.FLOOD, Spoilt.DOUBLED, Spoilt.BAD_GATEWAY, Spoilt.UNAVAILABLE,
)  # fmt: skip
_turned_away: Final = wallet_harm.spoilt(Spoilt.BUSY, Spoilt.AWAY)

HTTP_FAULTS: Final = (
    Fault("wallet killed", SERVICE, (0, 0), 8, killed),
    Fault("wallet hangs", SERVICE, (2, 5), 5, _hung),
    Fault("wallet slow", SERVICE, (2, 5), 6, wallet_harm.slow),
    Fault("wallet answers 500", SERVICE, (1, 4), 5, wallet_harm.spoilt(Spoilt.FAILED)),
    Fault("wallet answers HTML", SERVICE, (1, 4), 4, wallet_harm.spoilt(Spoilt.HTML)),
    Fault("wallet answers half", SERVICE, (1, 4), 5, wallet_harm.spoilt(Spoilt.HALF)),
    Fault("wallet answers another request", SERVICE, (1, 2), 4, wallet_harm.spoilt(Spoilt.OTHER)),
    Fault(
        "wallet's outcome unknown", SERVICE, (1, 2), 3, wallet_harm.spoilt(Spoilt.UNKNOWN_OUTCOME)
    ),
    Fault("wallet answers nonsense", SERVICE, (1, 2), 6, _nonsense),
    Fault("wallet's answer lost", SERVICE, (1, 4), 9, _lost),
    Fault("wallet says not now", SERVICE, (1, 4), 4, _turned_away),
    Fault("wallet refuses connections", SERVICE, (1, 4), 4, _refused),
    Fault("wallet's connections silent", SERVICE, (1, 4), 3, _all_silent),
    Fault("wallet's database restarted", CASINO, (0, 1), 3, _crashed),
    Fault(
        "wallet's database restarted between commit and answer", CASINO, (0, 0), 6,
        wallet_harm.restarted_before_the_answer, _WALLET, occupies=_WALLET,
    ),
    Fault("wallet's database stopped", CASINO, (2, 4), 3, _database_stopped),
    Fault("wallet's database connections cut", CASINO, (0, 0), 5, held(wallet_harm.cut_database)),
)  # fmt: skip
"""Of a wallet service."""


def faults_of(wallet: str) -> tuple[Fault, ...]:
    """Those of a run with that wallet."""
    if wallet != "http":
        return FAULTS
    common = (replace(f, needs=_CASINO) if f.target in ("bets", "accounts") else f for f in FAULTS)
    return (*common, *HTTP_FAULTS)
