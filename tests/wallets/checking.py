"""The kit of `unbet wallet check` in this process, on the example of a wallet service."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine

from examples.wallet_http.bets import Bets
from examples.wallet_http.check_bets import CheckBets
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


class CheckedBets(CheckBets):
    """The example's, with other bets: `kind` makes them of the operator's own."""

    def __init__(self, engine: Engine, kind: type[Bets]) -> None:
        super().__init__(engine)
        self._kind = kind

    def bets(self, request: Mapping[str, str]) -> Bets:
        right = super().bets(request)
        return self._kind(right.engine, *right.fixed.values())


@contextmanager
def operator_on(casino: Engine, kind: type[Bets] = Bets) -> Iterator[CommandOperator]:
    """With a connection of its own, which outlives an interruption of all others."""
    engine = create_engine(casino.url, pool_size=1, max_overflow=0)
    yield CommandOperator(Directly(CheckedBets(engine, kind)), PROVIDER)
    engine.dispose()


def result_of(name: str, wallets: Wallets, operator: CommandOperator) -> Result:
    """What becomes of the rule of that `name`."""
    rules = [rule for rule in RULES if rule.name == name]
    (result,) = conduct(wallets, PlacedBets(operator), PROVIDER, rules, limits=LIMITS)
    return result
