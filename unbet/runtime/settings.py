"""The variables that each process reads, and no others: one class a process. `make configuration`
writes docs/configuration.md from them.

(Over 250 lines: it is the list of them.)
"""

import os
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Final

import structlog
from pydantic import AfterValidator

from unbet.runtime.console_access import check_names, check_urls
from unbet.runtime.environment import (
    Environment,
    LedgerTokens,
    Login,
    Logins,
    Names,
    Network,
    Networks,
    Port,
    SettingsError,
    load,
    read,
    setting,
    unknown_among,
)
from unbet.runtime.variables import (
    BrokerSettings,
    CallerSettings,
    DeploymentSettings,
    DryRunSettings,
    EndpointSettings,
    LedgerSettings,
    ListeningSettings,
    LogSettings,
    MetricsSettings,
    ProviderSettings,
    ReplySettings,
    SigningSettings,
    UnknownBetSettings,
    WalletNameSettings,
    WalletSettings,
    url_at,
)

__all__ = [
    "CallerSettings",
    "DeploymentSettings",
    "EndpointSettings",
    "LedgerSettings",
    "ListeningSettings",
    "Network",
    "ProviderSettings",
    "ReplySettings",
    "SettingsError",
    "SigningSettings",
    "UnknownBetSettings",
    "WalletNameSettings",
    "WalletSettings",
    "load",
    "read",
]

log = structlog.get_logger("settings")


class ReceiverSettings(
    DryRunSettings,
    LogSettings,
    ListeningSettings,
    CallerSettings,
    WalletNameSettings,
    EndpointSettings,
    SigningSettings,
    ReplySettings,
    DeploymentSettings,
    LedgerSettings,
):
    """A receiver: `python -m api`."""

    allowed_ips: Networks = setting(
        (IPv4Network("0.0.0.0/0"), IPv6Network("::/0")),
        what="networks (CIDR, separated by commas) that the provider calls from",
        prevents="cancels by whoever has learned the secret",
    )
    answer_deadline_s: float = setting(
        8.0,
        gt=0,
        lt=10,
        what="seconds within which a cancel is answered: 100 (retry) after 80 % of "
        "them; the provider hangs up at 10",
        prevents="an answer that the provider no longer waits for",
    )
    resend_after_s: float = setting(
        1.5,
        gt=0,
        lt=10,
        what="seconds without a reply after which a cancel is sent again, at most twice",
        prevents="a wait for the worker that died with it",
    )
    spool_dir: Path = setting(
        Path(".unbet/spool"),
        what="where a receiver keeps cancels that the ledger cannot take; on a local disk",
        prevents="the loss of what was answered 100 while the ledger is away",
    )
    group_size: int = setting(
        512,
        ge=1,
        le=5000,
        what="the most cancels that travel in one message",
        prevents="a transaction that outlasts its limits and holds up everybody in it",
    )
    groups_in_flight: int | None = setting(
        None,
        ge=1,
        le=64,
        what="messages of one receiver that may be without a reply at a time, for each wallet; if "
        "not set, 2, or 4 where a wallet is not in the journal's database",
        prevents="many small groups where few large ones would be faster, and a long queue",
    )
    max_waiting: int = setting(
        10_000,
        ge=1,
        what="requests one receiver holds; beyond it they are parked and answered 100",
        prevents="memory that grows with a backlog",
    )

    def places(self) -> int:
        """How many groups may be without a reply at a time."""
        return self.groups_in_flight or (4 if self.wallet_choice().asks_elsewhere else 2)


class WorkerSettings(
    LogSettings,
    MetricsSettings,
    WalletSettings,
    SigningSettings,
    ReplySettings,
    DeploymentSettings,
    LedgerSettings,
):
    """A worker: `celery --app worker.app worker`."""


class SweepSettings(
    LogSettings, MetricsSettings, WalletSettings, DeploymentSettings, LedgerSettings
):
    """A sweep: `python -m worker.sweep`. It needs no queue."""


class CelerySettings(WalletNameSettings, BrokerSettings, DeploymentSettings):
    """What `celeryconfig.py` needs, in whatever process."""


class ConsoleSettings(
    LogSettings,
    ListeningSettings,
    WalletNameSettings,
    BrokerSettings,
    DeploymentSettings,
    LedgerSettings,
):
    """The console: `python -m unbet.console`."""

    console_port: Port = setting(
        8081, what="the console's port, on loopback", prevents="a clash with what else listens"
    )
    console_basic_auth: Logins = setting(
        {},
        repr=False,
        what="who may use the console, as user:password, separated by commas",
        prevents="decisions by anybody, and a record that does not say whose they were",
    )
    console_hosts: Annotated[Names, AfterValidator(check_names)] = setting(
        (),
        what="names that browsers call the console by, separated by commas; beside loopback",
        prevents="a page of somebody else's that has a browser act here (DNS rebinding)",
    )
    console_metrics_urls: Annotated[Names, AfterValidator(check_urls)] = setting(
        (),
        what="where the receivers show their /metrics, separated by commas; the receiver "
        "of UNBET_HOST and UNBET_PORT if not set",
        prevents="figures of one receiver that are taken for those of all",
    )


class LedgerServerSettings(
    LogSettings, CallerSettings, WalletNameSettings, DeploymentSettings, LedgerSettings
):
    """The built-in ledger over HTTP: `python -m unbet.ledger_api`."""

    ledger_tokens: LedgerTokens = setting(
        (),
        repr=False,
        what="who may use the built-in ledger over HTTP, as `name:rights:token`, separated by "
        "commas; rights are `bets`, `money`, `correct` and `read`, joined by `+`; a token has at "
        "least 32 characters; without any the process `ledger` does nothing",
        prevents="bets and withdrawals by anybody, and a program that may do more than it has to",
    )
    ledger_host: str = setting(
        "127.0.0.1",
        what="the address that the built-in ledger is served on",
        prevents="tokens that travel without TLS, where it is loopback",
    )
    ledger_port: Port = setting(
        8082,
        what="the port of the built-in ledger over HTTP",
        prevents="a clash with what else listens there",
    )

    def ledger_url(self) -> str:
        """Where it is reached on its own machine, without a path."""
        return url_at(self.ledger_host, self.ledger_port)


class FlowerSettings(LogSettings, BrokerSettings, DeploymentSettings):
    """Flower: `python -m unbet.console.flower`."""

    flower_port: Port = setting(
        5555, what="Flower's port, on loopback", prevents="a clash with what else listens there"
    )
    flower_basic_auth: Login | None = setting(
        None,
        what="user:password that Flower asks for; Flower needs it",
        prevents="references that anybody on the machine can read",
    )
    flower_db: Path = setting(
        Path(".unbet/flower/seen"),
        what="the file in which Flower keeps what it has seen; others must not write there",
        prevents="code of somebody else's in Flower, which reads it back by pickle",
    )


class Settings(  # type: ignore[misc]  # pydantic's plugin, of so many bases
    FlowerSettings,
    LedgerServerSettings,
    ConsoleSettings,
    SweepSettings,
    WorkerSettings,
    ReceiverSettings,
):
    """All of them: what `unbet run` hands to its processes."""


PROCESSES: Final[Mapping[str, type[Environment]]] = {
    "receiver": ReceiverSettings,
    "worker": WorkerSettings,
    "sweep": SweepSettings,
    "console": ConsoleSettings,
    "ledger": LedgerServerSettings,
    "Flower": FlowerSettings,
}
"""By what they are called. A command of `unbet` reads those that it is about."""


def unknown_names(names: Iterable[str]) -> list[str]:
    """A sentence for each of our names among `names` that is no setting."""
    return unknown_among(names, Settings.model_fields)


def warn_of_unknown_names() -> None:
    """To be called once a process has its log."""
    for warning in unknown_names(os.environ):
        log.warning(warning)
