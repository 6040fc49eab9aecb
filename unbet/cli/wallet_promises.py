"""What a command says of a provider's wallet: its name and the promises that hold on it."""

from unbet.cli import database
from unbet.runtime.settings import SettingsError, WalletSettings, load
from unbet.wallets.chosen import wallets_for
from unbet.wallets.notice import WalletNotice, notice_of


def wallet_notice(provider: str) -> WalletNotice:
    """By the environment's settings. A wallet that cannot be made of them has no promises here: the
    workers, whose /readyz tells them, may have more."""
    chosen = load(WalletSettings)
    choice = chosen.wallet_choice()
    try:
        with database.engine() as engine:  # nothing is asked of it
            made = wallets_for(
                choice,
                engine,
                hold_unknown=chosen.holds_unknown,
                person_decides=chosen.person_decides,
            )
    except SettingsError:
        return WalletNotice(wallet=choice.wallet_of(provider), promises=())
    return notice_of(choice, made).of(provider)


def lines_of(provider: str) -> list[str]:
    """The same, for people."""
    told = wallet_notice(provider)
    first = f"The wallet of {provider}'s bets is {told.wallet!r}, by these settings"
    if told.promises and all(promise.holds for promise in told.promises):
        return [f"{first}: {', '.join(promise.name for promise in told.promises)} hold."]
    return [f"{first}.", *(f"  {promise.name}  {promise.says}" for promise in told.promises)]
