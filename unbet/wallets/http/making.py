"""Makes the wallet of an operator's service, by the variables that begin with `UNBET_WALLET_`."""

import math
from dataclasses import replace
from typing import Final

from sqlalchemy import Engine

from unbet.runtime.settings import SettingsError, WalletSettings, read
from unbet.wallets.dry_run import NotAsked
from unbet.wallets.http.settings import HttpWalletSettings
from unbet.wallets.http.wallet import HttpWallet
from unbet.wallets.port import Memory

MAX_CONNECT_S: Final = 1.0
SWEEP_CALLS_AT_ONCE: Final = 2
"""What was parked, thousands after an outage, leaves the wallet to the live cancels."""


def make(_engine: Engine, *, hold_unknown: bool, parked: bool) -> HttpWallet:
    """As `chosen.Factory`."""
    return HttpWallet(settings_of(read(WalletSettings), hold_unknown=hold_unknown, parked=parked))


def make_dry_run(_engine: Engine, *, hold_unknown: bool) -> HttpWallet | NotAsked:
    """As `chosen.DryRunFactory`."""
    variables = read(WalletSettings)
    settings = settings_of(variables, hold_unknown=hold_unknown)
    if not variables.wallet_takes_dry_run:
        return NotAsked()
    return HttpWallet(replace(settings, dry_run=True))


def settings_of(
    variables: WalletSettings, *, hold_unknown: bool, parked: bool = False
) -> HttpWalletSettings:
    """With `parked` the sweep's. Raises `SettingsError`."""
    if hold_unknown:
        raise SettingsError(
            "UNBET_UNKNOWN_REFERENCE is hold, and UNBET_WALLET is http: only the built-in ledger "
            "can hold the cancel of an unknown bet. Your wallet decides it."
        )
    if variables.wallet_url is None:
        raise SettingsError("UNBET_WALLET is http, and UNBET_WALLET_URL is not set.")
    limit_s = variables.wallet_sweep_call_limit_s if parked else variables.wallet_call_limit_s
    most = SWEEP_CALLS_AT_ONCE if parked else variables.wallet_calls_at_once
    try:
        return HttpWalletSettings(
            url=variables.wallet_url,
            secrets=tuple(secret.get_secret_value() for secret in variables.wallet_secrets),
            closes_unknown=bool(variables.wallet_closes_unknown),
            cancels_rounds=variables.wallet_cancels_rounds,
            max_together=variables.wallet_max_together,
            calls_at_once=min(variables.wallet_calls_at_once, most),
            connect_limit_s=min(MAX_CONNECT_S, limit_s),
            call_limit_s=limit_s,
            remembers=_memory_of(variables.wallet_remembers_s),
            remembers_s=variables.wallet_remembers_s,
        )
    except ValueError as error:
        raise SettingsError(f"UNBET_WALLET is http: {error}.") from None


def _memory_of(seconds: float) -> Memory:
    if math.isinf(seconds):
        return Memory.FOR_EVER
    return Memory.FOR_A_TIME if seconds else Memory.NOT
