"""Processes that outlive the command that started them: started, recognised later, ended."""

import os
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from signal import Signals
from typing import Final

import psutil

from unbet.local.services.errors import ServicesError
from unbet.local.services.unix_user import UnixUser

LAUNCH_LIMIT_S: Final = 10
STOP_LIMIT_S: Final = 30  # PostgreSQL writes all of its changed pages before it ends
KILL_LIMIT_S: Final = 10

# The shell ends at once, so that the server belongs to init and not to us: a command that stays
# (tests, `unbet run`) would have to collect it, or it would stay as a zombie.
_DETACHED: Final = '"$@" </dev/null >>"$0" 2>&1 & echo $!'


def launch(command: list[str], *, log: Path, account: UnixUser) -> int:
    """Start `command` in a session of its own (no Ctrl-C of our terminal reaches it); its pid.

    `log` takes what it prints; it has to be there, writable for `account`.
    """
    try:
        shell = subprocess.run(
            ["/bin/sh", "-c", _DETACHED, str(log), *command],
            stdout=subprocess.PIPE,
            check=True,
            timeout=LAUNCH_LIMIT_S,
            start_new_session=True,
            umask=0o077,
            cwd="/",  # not the caller's: the account may not be allowed there, it may be unmounted
            env=environment(),
            **account.for_subprocess(),
        )
    except subprocess.SubprocessError as error:
        raise ServicesError(f"{command[0]} could not be launched: {error}") from error
    return int(shell.stdout)


def environment() -> dict[str, str]:
    """For a server: no PG… variable that changes what it does, none of our secrets, English."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def is_alive(pid: int) -> bool:
    """Whether it runs. A zombie does not: some containers have no init that collects it."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def server_at_work(
    pid_file: Path, *, programs: tuple[str, ...], data: Path
) -> psutil.Process | None:
    """The process named in `pid_file`, if it is one of `programs` and works on `data`: a pid can be
    another's by now."""
    try:
        process = psutil.Process(int(pid_file.read_text().split("\n", 1)[0]))
        if process.name() not in programs or process.status() == psutil.STATUS_ZOMBIE:
            return None
        # PostgreSQL has its directory on the command line, Redis rewrites the command line but
        # works in the directory (which not every container lets root see of other accounts).
        ours = str(data) in process.cmdline() or process.cwd() == str(data)
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess, psutil.AccessDenied):
        return None
    return process if ours else None


def end(
    process: psutil.Process,
    gently: Signals,
    quickly: Signals,
    hurried: Callable[[], bool] = lambda: False,
) -> None:
    """Ask a server to end, and once `hurried` to do it `quickly`; insist when it has not after
    `STOP_LIMIT_S` seconds."""
    try:
        family = [process, *process.children(recursive=True)]
        process.send_signal(gently)
    except psutil.NoSuchProcess:
        return  # by itself, just now
    # One that was frozen (SIGSTOP, as a chaos run does) would not hear it.
    _each(family, psutil.Process.resume)
    if _ended(process, STOP_LIMIT_S, hurried):
        return
    if hurried():
        _each([process], lambda server: server.send_signal(quickly))
        if _ended(process, STOP_LIMIT_S):
            return
    # The children too: PostgreSQL does not start again while one of them is left.
    _each(family, psutil.Process.kill)
    if not _ended(process, KILL_LIMIT_S):
        raise ServicesError(f"process {process.pid} does not end, not even by SIGKILL")


def _each(processes: list[psutil.Process], action: Callable[[psutil.Process], None]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            action(process)  # psutil refuses when the pid belongs to another process by now


def _ended(
    process: psutil.Process, limit_s: float, hurried: Callable[[], bool] = lambda: False
) -> bool:
    deadline = time.monotonic() + limit_s
    while process.is_running() and is_alive(process.pid):
        if time.monotonic() > deadline or hurried():
            return False
        time.sleep(0.02)
    return True
