"""What workers tell of their wallets: which one decides whose cancels, and which promises hold on
it. Receivers and the console show it; they make no wallet themselves."""

from collections.abc import Mapping

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from unbet.runtime.wallet_choice import WalletChoice
from unbet.wallets.port import Wallet
from unbet.wallets.promises import Promise, promises_of


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)  # a later version may tell more


class WalletNotice(_Frozen):
    """One wallet."""

    wallet: str
    promises: tuple[Promise, ...]


class Notice(_Frozen):
    """All wallets of a worker."""

    default: WalletNotice
    providers: Mapping[str, WalletNotice]
    """Of those providers whose endpoints name another wallet than the default."""

    def of(self, provider: str) -> WalletNotice:
        """The wallet of a provider."""
        return self.providers.get(provider, self.default)


def notice_of(choice: WalletChoice, wallets: Mapping[str, Wallet]) -> Notice:
    """What there is to tell of `wallets`, by name."""
    told = {
        name: WalletNotice(wallet=name, promises=promises_of(wallet.abilities))
        for name, wallet in wallets.items()
    }
    others = {
        provider: told[name]
        for name, providers in choice.distinct_routes().items()
        if not providers.all_but
        for provider in providers.names
    }
    return Notice(default=told[choice.default], providers=dict(sorted(others.items())))


def log_wallets(notice: Notice, log: structlog.stdlib.BoundLogger) -> None:
    """A line for each wallet: whose cancels it decides, and what it promises."""
    for number, told in enumerate(dict.fromkeys((notice.default, *notice.providers.values()))):
        own = [name for name, one in notice.providers.items() if one == told]
        others = "all but those of other wallets" if notice.providers else "all"
        lacking = not all(promise.holds for promise in told.promises)
        (log.warning if lacking else log.info)(
            "a wallet that not all promises hold on" if lacking else "a wallet",
            wallet=told.wallet,
            providers=own if number else others,
            promises=[f"{promise.name}: {promise.says}" for promise in told.promises],
        )


def read_notice(document: str | bytes) -> Notice | None:
    """A notice as it was written; None for anything else."""
    try:
        return Notice.model_validate_json(document)
    except ValidationError:
        return None
