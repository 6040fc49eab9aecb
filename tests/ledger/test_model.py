"""The real ledger against the model: random sequences, compared after each step; and the same
operations at the same instant, whose results must be those of one order of them in the model.

`pytest tests/ledger/test_model.py --hypothesis-seed=1` (any number) makes other runs, ten times as
many, and takes minutes to make a sequence that fails shorter. (Over 250 lines: one set of
operations, used by both tests.)
"""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, Engine, text

import unbet
from tests.databases import Databases
from tests.ledger.model import (
    Answer,
    Cancels,
    Freeze,
    Model,
    Operation,
    PlayerOperation,
    Sweep,
)
from tests.making import PROVIDER, cancel_of
from tests.tiers import long
from unbet import (
    Bet,
    BonusConversion,
    Correction,
    Deposit,
    Settlement,
    Withdrawal,
    WithdrawalEnd,
    connect_to,
    transact,
)
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.database.engine import SCAN_SETTINGS
from unbet.wallets.ledger.audit import audit
from unbet.wallets.ledger.reversal import reverse

SEQUENCES = [12, long(40)]
STEPS = 40
ROUNDS = [50, long(200)]
LONGER = 10

PROVIDERS = [PROVIDER, "Another"]
CURRENCIES = ["EUR", "USD"]
STAKES = ["4.00", "7.500000000000000001", "0", "12.00", "3.00", "100.00"]

Value = TypeVar("Value")


@dataclass(frozen=True)
class World:
    """The names of one run, so few that operations meet. Each reference has an owner and a stake
    that are usual for it, so that its bet, its repetitions and its cancels mostly agree."""

    users: int
    references: int
    mark: str = ""
    """Sets these names apart from those of other runs in the same database."""

    def user(self, number: int) -> str:
        return f"{('alice', 'bob', 'carol')[number % self.users]}{self.mark}"

    def reference(self, number: int) -> str:
        return f"r{number}{self.mark}"

    def numbers(self) -> st.SearchStrategy[int]:
        return st.integers(0, self.references - 1)

    def users_like(self, number: int) -> st.SearchStrategy[str]:
        return _mostly(self.user(number), [self.user(other) for other in range(self.users)])

    def currencies_like(self, number: int) -> st.SearchStrategy[str]:
        return _mostly(CURRENCIES[number % 4 == 3], CURRENCIES)


def _mostly(usual: Value, others: Sequence[Value]) -> st.SearchStrategy[Value]:
    return st.sampled_from([usual] * 3 * len(others) + list(others))


@st.composite
def deposits(draw: st.DrawFn, world: World) -> Deposit:
    number = draw(world.numbers())
    both = list(unbet.BalanceType)
    return Deposit(
        user_id=draw(world.users_like(number)),
        currency=draw(world.currencies_like(number)),
        amount=draw(_mostly("9.00", ["9.01", "0.000000000000000001"])),
        reference=f"d{draw(st.integers(0, 2))}-{world.reference(number)}",
        balance_type=draw(_mostly(both[number % 3 == 0], both)),
    )


@st.composite
def bets(draw: st.DrawFn, world: World) -> Bet:
    number = draw(world.numbers())
    return Bet(
        user_id=draw(world.users_like(number)),
        currency=draw(world.currencies_like(number)),
        amount=draw(_mostly(STAKES[number], ["1.00", "0"])),
        provider=draw(_mostly(PROVIDER, PROVIDERS)),
        reference=world.reference(number),
        stake_order=draw(st.sampled_from(unbet.StakeOrder)),
    )


@st.composite
def settlements(draw: st.DrawFn, world: World) -> Settlement:
    number, other = draw(world.numbers()), draw(world.numbers())
    return Settlement(
        provider=draw(_mostly(PROVIDER, PROVIDERS)),
        bet_reference=world.reference(number),
        reference=draw(_mostly(world.reference(number), [world.reference(other)])),
        amount=draw(_mostly("5.00", ["0", "6.00"])),
    )


@st.composite
def player_operations(draw: st.DrawFn, world: World) -> PlayerOperation:
    number = draw(world.numbers())
    values = {
        "user_id": draw(world.users_like(number)),
        "currency": draw(world.currencies_like(number)),
        "amount": draw(_mostly("3.00", ["3.01", "0.000000000000000001", "100.00"])),
        "reference": f"o-{world.reference(number)}",
    }
    kind = draw(st.sampled_from(["withdrawal", "withdrawal", "correction", "conversion"]))
    if kind == "withdrawal":
        return Withdrawal(**values)
    if kind == "conversion":
        return BonusConversion(**values)
    return Correction(
        **values,
        direction=draw(st.sampled_from(unbet.Direction)),
        reason=draw(_mostly("counted wrongly", ["given twice"])),
        made_by=draw(_mostly("ann", ["bob"])),
        balance_type=draw(st.sampled_from(unbet.BalanceType)),
    )


@st.composite
def ends(draw: st.DrawFn, world: World) -> WithdrawalEnd:
    reference = f"o-{world.reference(draw(world.numbers()))}"
    return WithdrawalEnd(reference=reference, kind=draw(st.sampled_from(unbet.EndKind)))


@st.composite
def cancels(draw: st.DrawFn, world: World) -> Cancel:
    number = draw(world.numbers())
    return cancel_of(
        world.reference(number),
        user_id=draw(st.one_of(*[world.users_like(number)] * 3, st.none())),
        currency=draw(st.one_of(*[world.currencies_like(number)] * 3, st.none())),
        amount=draw(_mostly(None, [STAKES[number], "1.00"])),
        provider=draw(_mostly(PROVIDER, PROVIDERS)),
    )


@st.composite
def beginnings(draw: st.DrawFn, world: World) -> list[Operation]:
    """Some money for everybody, some bets and withdrawals: enough to meet."""
    amount = draw(_mostly("20.00", ["8.00", "0.000000000000000001"]))
    money = [
        Deposit(
            user_id=world.user(number),
            currency=CURRENCIES[0],
            amount=amount,
            reference=f"first-{kind.value}-{world.user(number)}",
            balance_type=kind,
        )
        for number in range(world.users)
        for kind in unbet.BalanceType
    ]
    placed = draw(st.lists(bets(world), min_size=1, max_size=world.references))
    return [*money, *placed, *draw(st.lists(player_operations(world), max_size=world.references))]


def groups(world: World, *, hold: st.SearchStrategy[bool]) -> st.SearchStrategy[Cancels]:
    members = st.lists(cancels(world), min_size=1, max_size=3).map(tuple)
    return st.builds(Cancels, members, hold)


def freezes(world: World) -> st.SearchStrategy[Freeze]:
    return st.builds(Freeze, world.numbers().map(world.user), st.booleans())


def perform(connection: Connection, operation: Operation) -> Answer:
    """Do it on the real ledger."""
    match operation:
        case Deposit():
            return unbet.deposit(connection, operation)
        case Bet():
            return unbet.place_bet(connection, operation)
        case Settlement():
            return unbet.settle_bet(connection, operation)
        case Withdrawal():
            return unbet.hold_withdrawal(connection, operation)
        case WithdrawalEnd():
            return unbet.end_all(connection, [operation])[0]
        case Correction():
            return unbet.correct(connection, operation)
        case BonusConversion():
            return unbet.convert_bonus(connection, operation)
        case Cancels():
            return reverse(connection, operation.cancels, hold_unknown=operation.hold_unknown)
        case Sweep():
            return sweep(connection, hold_unknown=operation.hold_unknown)
        case Freeze():
            (unbet.freeze if operation.frozen else unbet.unfreeze)(connection, operation.user_id)
    return None


def sweep(connection: Connection, *, hold_unknown: bool) -> list[Decision]:
    """Apply what is parked once more; those that are decided then leave the table."""
    rows = connection.execute(
        text("SELECT cancel FROM unbet.parked ORDER BY request_id FOR UPDATE")
    )
    waiting = [Cancel.model_validate_json(document) for document in rows.scalars()]
    decisions = reverse(connection, waiting, hold_unknown=hold_unknown)
    done = [d.request_id for d in decisions if d.outcome is not Outcome.PARKED]
    remove = text("DELETE FROM unbet.parked WHERE request_id = ANY (CAST(:done AS uuid[]))")
    connection.execute(remove, {"done": done})
    return decisions


KINDS: dict[type, str] = {
    Withdrawal: "withdrawal",
    Correction: "correction",
    BonusConversion: "conversion",
}

VIEW = {
    "money": """
        SELECT owner, currency, kind, balance FROM unbet_ledger.accounts WHERE owner LIKE :mine
    """,
    "frozen": """
        SELECT user_id FROM unbet_ledger.players
         WHERE user_id LIKE :mine AND frozen_at IS NOT NULL
    """,
    "bets": """
        SELECT provider, reference, user_id, currency, amount, state, refusal, outcome, reversal_id
          FROM unbet_ledger.bets WHERE reference LIKE :mine
    """,
    "wins": """
        SELECT provider, reference, bet_reference, amount, refusal
          FROM unbet_ledger.wins WHERE reference LIKE :mine
    """,
    "operations": """
        SELECT kind, reference, user_id, currency, abs(amount), refusal
          FROM unbet_ledger.operations LEFT JOIN unbet_ledger.refused_operations
         USING (kind, reference)
         WHERE reference LIKE :mine
    """,
    "ends": "SELECT reference, kind FROM unbet_ledger.withdrawal_ends WHERE reference LIKE :mine",
    "late_bets": """
        SELECT provider, reference, user_id, currency, amount
          FROM unbet_ledger.late_bets WHERE reference LIKE :mine
    """,
    "parked": "SELECT request_id FROM unbet.parked WHERE reference LIKE :mine",
}

View = dict[str, set[tuple[object, ...]]]


def view_of_ledger(connection: Connection, world: World) -> View:
    mine = {"mine": f"%{world.mark}"}
    view = {
        name: {tuple(row) for row in connection.execute(text(q), mine)} for name, q in VIEW.items()
    }
    # An account may be there before any money is, and the operator's run no balance.
    view["money"] = {row for row in view["money"] if row[-1]}
    return view


def view_of_model(model: Model) -> View:
    return {
        "money": {(*account, amount) for account, amount in model.money.items() if amount},
        "frozen": {(user_id,) for user_id in model.frozen},
        "bets": {
            (
                *(*key, bet.user_id, bet.currency, bet.amount, bet.state, bet.refusal),
                *((bet.told.outcome, bet.told.transfer_id) if bet.told else (None, None)),
            )
            for key, bet in model.bets.items()
        },
        "wins": {
            (*key, win.bet_reference, win.amount, refusal)
            for key, (win, refusal) in model.wins.items()
        },
        "operations": {
            (KINDS[kind], reference, one.user_id, one.currency, one.amount, refusal)
            for (kind, reference), (one, refusal) in model.operations.items()
        },
        "ends": set(model.ends.items()),
        "late_bets": set(model.late_bets),
        "parked": {(request_id,) for request_id in model.parked},
    }


class LedgerAndModel(RuleBasedStateMachine):
    """The same steps on both."""

    world = World(users=3, references=6)

    def __init__(self, databases: Databases) -> None:
        super().__init__()
        self.databases = databases
        self.url = databases.take()
        self.engine = connect_to(self.url, name="test", pool_size=1)
        self.model = Model()

    @initialize(operations=beginnings(world))
    def begin(self, operations: list[Operation]) -> None:
        for operation in operations:
            self.step(operation)

    @rule(operation=deposits(world))
    def deposit(self, operation: Deposit) -> None:
        self.step(operation)

    @rule(operation=bets(world))
    def bet(self, operation: Bet) -> None:
        self.step(operation)

    @rule(operation=settlements(world))
    def settle(self, operation: Settlement) -> None:
        self.step(operation)

    @rule(operation=player_operations(world))
    def operate(self, operation: PlayerOperation) -> None:
        self.step(operation)

    @rule(operation=ends(world))
    def end(self, operation: WithdrawalEnd) -> None:
        self.step(operation)

    @rule(operation=groups(world, hold=st.booleans()))
    def cancel(self, operation: Cancels) -> None:
        self.step(operation)

    @rule(operation=freezes(world))
    def freeze(self, operation: Freeze) -> None:
        self.step(operation)

    @precondition(lambda self: self.model.parked)
    @rule(operation=st.builds(Sweep, st.booleans()))
    def sweep(self, operation: Sweep) -> None:
        waiting = set(self.model.parked)
        told = self.step(operation)
        assert isinstance(told, list)
        assert {decision.request_id for decision in told} == waiting

    def step(self, operation: Operation) -> Answer:
        with self.engine.begin() as connection:
            told = perform(connection, operation)
        assert told == self.model.answer(operation, told)
        with self.engine.connect() as connection:
            assert view_of_ledger(connection, self.world) == view_of_model(self.model)
        return told

    def teardown(self) -> None:
        try:
            with self.engine.connect() as connection:
                assert audit(connection).violations == ()
        finally:
            self.engine.dispose()
            self.databases.give_back(self.url)


@pytest.fixture
def longer(request: pytest.FixtureRequest) -> bool:
    return request.config.getoption("--hypothesis-seed") is not None


@pytest.mark.timeout(1800)  # for the longer runs
@pytest.mark.parametrize("sequences", SEQUENCES)
def test_every_step_does_what_the_model_says(
    databases: Databases, sequences: int, longer: bool
) -> None:
    run_state_machine_as_test(
        lambda: LedgerAndModel(databases),  # type: ignore[arg-type]
        settings=settings(_settings(sequences, longer), stateful_step_count=STEPS),
    )


def _settings(examples: int, longer: bool) -> settings:
    return settings(
        max_examples=examples * (LONGER if longer else 1),
        derandomize=not longer,
        phases=[Phase.generate, *([Phase.shrink] if longer else [])],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@dataclass(frozen=True)
class Race:
    """What has happened before, and what then runs at once: one list a thread."""

    world: World
    before: list[Operation]
    threads: list[list[Operation]]


@st.composite
def races(draw: st.DrawFn, world: World) -> Race:
    # A deployment holds unknown references, or it does not.
    hold = draw(st.sampled_from([False, False, True]))
    kinds: list[st.SearchStrategy[Operation]] = [
        *(bets(world), bets(world), settlements(world), deposits(world), freezes(world)),
        *(player_operations(world), ends(world), ends(world), ends(world)),
        *[groups(world, hold=st.just(hold))] * 3,
        *([st.builds(Sweep, st.just(hold))] if hold else []),
    ]
    threads = st.lists(st.lists(st.one_of(kinds), min_size=2, max_size=4), min_size=2, max_size=3)
    return Race(world, draw(beginnings(world)), draw(threads))


def many_races(number: int, longer: bool) -> list[Race]:
    """Made beforehand: a race does not repeat itself, and hypothesis would call that a fault."""
    made: list[Race] = []

    @settings(_settings(number, longer))
    @given(st.data())
    def make(data: st.DataObject) -> None:
        made.append(data.draw(races(World(users=2, references=3, mark=f"-{len(made)}"))))

    make()
    return made


@dataclass(frozen=True)
class Call:
    """An operation on the real ledger, when it ran and what came of it."""

    operation: Operation
    told: Answer
    began: float
    ended: float


def run(engine: Engine, race: Race) -> list[Call]:
    barrier = threading.Barrier(len(race.threads))

    def thread(operations: list[Operation]) -> list[Call]:
        barrier.wait(timeout=10)
        return [call(operation) for operation in operations]

    def call(operation: Operation) -> Call:
        began = time.perf_counter()
        told = transact(engine, lambda connection: perform(connection, operation))
        return Call(operation, told, began, time.perf_counter())

    with ThreadPoolExecutor(len(race.threads)) as pool:
        futures = [pool.submit(thread, operations) for operations in race.threads]
        return [call for future in futures for call in future.result(timeout=60)]


def orders(states: list[Model], done: list[Call], open_calls: list[Call]) -> Iterator[Model]:
    """The last states of all orders in which the model tells each call what it was told.

    `states` are those passed by `done`, the first one included. A call comes after those that had
    ended when it began.
    """
    if not open_calls:
        yield states[-1]
    for call in sorted(open_calls, key=lambda call: call.ended):
        if any(other.ended < call.began for other in open_calls):
            continue
        earlier = [number for number, other in enumerate(done, 1) if other.ended < call.began]
        state = states[-1].copy()
        seen = states[max(earlier, default=0) :]
        if state.answer(call.operation, call.told, seen) == call.told:
            rest = [other for other in open_calls if other is not call]
            yield from orders([*states, state], [*done, call], rest)


def _overlap(calls: list[Call]) -> bool:
    in_time = sorted(calls, key=lambda call: call.began)
    return any(later.began < earlier.ended for earlier, later in pairwise(in_time))


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("rounds", ROUNDS)
def test_operations_at_the_same_instant_give_what_some_order_of_them_gives(
    engine: Engine, rounds: int, longer: bool
) -> None:
    overlapping = 0
    many = many_races(rounds, longer)
    for race in many:
        model = Model()
        with engine.begin() as connection:
            for operation in race.before:
                model.answer(operation, perform(connection, operation))
        calls = run(engine, race)
        with engine.begin() as connection:
            view = view_of_ledger(connection, race.world)
            connection.execute(text("DELETE FROM unbet.parked"))  # not for the next race's sweep
        explained = any(view_of_model(last) == view for last in orders([model], [], calls))
        assert explained, "\n".join(map(str, [*race.before, *calls, view]))
        overlapping += _overlap(calls)
    # Or the races raced nothing.
    assert overlapping > len(many) / 2
    url = engine.url.render_as_string(hide_password=False)
    auditing = connect_to(url, name="audit", pool_size=1, limits=SCAN_SETTINGS)
    with auditing.connect() as connection:
        assert audit(connection).violations == ()
    auditing.dispose()
