"""What is done to the operator's wallet service, to its answers on their way, and to its
database."""

from contextlib import asynccontextmanager
from random import Random
from signal import Signals
from typing import Final

from testbed.chaos.holding import Harm, Hold, end, held, processes, send, whole
from testbed.chaos.system import System
from testbed.chaos.wallets.http import CASINO, SERVICE, Http
from testbed.wallet.faults import Fault as Spoilt

SHARES: Final = (1.0, 0.5, 0.2)
"""Of the calls that are spoilt."""
DELAYS_S: Final = (0.1, 1.2)
"""Below a call's limit."""
HOLD_LIMIT_S: Final = 3.0
"""Until an answer is on its way: calls come several times a second."""


def _wallet(system: System) -> Http:
    assert isinstance(system.wallet, Http)  # noqa: S101 - others have none of these faults
    return system.wallet


def spoilt(*faults: Spoilt) -> Hold:
    """One of `faults` happens to calls or their answers (`testbed/wallet/faults.py`)."""

    @asynccontextmanager
    async def hold(system: System, _target: str, dice: Random) -> Harm:
        proxy, fault = _wallet(system).proxy, dice.choice(faults)
        try:
            await whole(proxy.do, "spoil", fault, dice.choice(SHARES))
            yield f"wallet: {fault}"
        finally:
            await whole(proxy.do, "spoil", Spoilt.NONE, 1.0)

    return hold


slow: Final = held(
    lambda system, _, dice: _wallet(system).proxy.do("slow_down", dice.uniform(*DELAYS_S)),
    lambda system, *_: _wallet(system).proxy.do("slow_down", 0.0),
)


def hang(system: System, target: str, _dice: Random) -> None:
    """SIGSTOP: the service accepts connections and never answers."""
    _signal(system, target, Signals.SIGSTOP)


def go_on(system: System, target: str, _dice: Random) -> None:
    _signal(system, target, Signals.SIGCONT)


def _signal(system: System, target: str, number: Signals) -> None:
    for program in system.of(target):
        program.signal(number)


def refuse(system: System, *_: object) -> None:
    """Nobody listens where the service was, and what was connected is reset."""
    system.addresses.stop_listening(SERVICE)
    system.addresses.reset(SERVICE)


def crash_database(system: System, *_: object) -> None:
    """PostgreSQL's immediate mode: what is under way is lost, what is committed is not."""
    end(_wallet(system).database, Signals.SIGQUIT)


def start_database(system: System, *_: object) -> None:
    _wallet(system).database.start()


def stop_database(system: System, *_: object) -> None:
    """SIGSTOP: it accepts connections and never answers."""
    family = processes(_wallet(system).database)
    send(family[:1], Signals.SIGSTOP)  # first, so that it makes no more of them
    send(family, Signals.SIGSTOP)


def go_on_with_database(system: System, *_: object) -> None:
    send(processes(_wallet(system).database)[::-1], Signals.SIGCONT)


def cut_database(system: System, *_: object) -> None:
    """The service's connections are reset, also in the middle of a commit."""
    system.addresses.reset(CASINO)


@asynccontextmanager
async def restarted_before_the_answer(system: System, target: str, dice: Random) -> Harm:
    """The database crashes after the service has committed and answered, and before Unbet has the
    answer; half of the time that is lost as well."""
    proxy = _wallet(system).proxy
    try:
        caught = await whole(proxy.do, "hold_answers", HOLD_LIMIT_S)
        await whole(crash_database, system, target, dice)
        await whole(start_database, system, target, dice)
        yield None if caught else "wallet's database restarted"
    finally:
        await whole(proxy.do, "release", dice.random() < 0.5)
        await whole(start_database, system, target, dice)
