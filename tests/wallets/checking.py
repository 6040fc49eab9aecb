"""The kit of `unbet wallet check` in this process, on the example of a wallet service."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Engine

from examples.casino.check_bets import CheckBets
from examples.casino.database import engine_for
from examples.wallet_http.bets import Bets
from examples.wallet_http.check_bets import end_sessions
from testbed.rules import Result
from testbed.wallet.bets import PlacedBets
from testbed.wallet.command import Form
from testbed.wallet.command_operator import CommandOperator
from testbed.wallet.play import Limits
from testbed.wallet.playing import RULES, conduct
from testbed.wallet.wallets import Wallets
from tests.making import PROVIDER

LIMITS = Limits(decided_s=3.0, races=20)


class Directly:
    """As the kit's `Command`, without a process."""

    def __init__(self, checked: object) -> None:
        self._checked = checked

    def ask(self, form: type[Form], do: str, **values: object) -> Form:
        request: Mapping[str, object] = json.loads(json.dumps(values))
        return form.model_validate(getattr(self._checked, do)(request))


@contextmanager
def operator_on(casino: Engine, kind: Callable[[Engine], Bets] = Bets) -> Iterator[CommandOperator]:
    """Whose bets are those of `kind`. With connections of its own, which outlive an interruption of
    all others."""
    engine = engine_for(casino.url.render_as_string(hide_password=False))
    checked = CheckBets(kind(engine), lambda: end_sessions(engine))
    yield CommandOperator(Directly(checked), PROVIDER)
    engine.dispose()


def result_of(name: str, wallets: Wallets, operator: CommandOperator) -> Result:
    """What becomes of the rule of that `name`."""
    rules = [rule for rule in RULES if rule.name == name]
    (result,) = conduct(wallets, PlacedBets(operator), PROVIDER, rules, limits=LIMITS)
    return result
