"""What a provider's log would have of a run, made by hand, and what the chaos run's checker finds
in it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, create_engine, text

from testbed.chaos import checker
from testbed.chaos.check_result import CheckResult
from testbed.chaos.checker import Judged
from testbed.chaos.circumstances import Circumstances
from testbed.provider import Attempt, Bet, Cancel, Code, Sent, Win, as_line

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
EARLIER = NOON - timedelta(seconds=10)


def attempts(*codes: Code | None, at: datetime = NOON, text: str = "told") -> tuple[Attempt, ...]:
    """One transmission each, a second apart; None for one without an answer."""
    return tuple(
        Attempt(
            at=at + timedelta(seconds=number),
            seconds=0.5,
            status=None if code is None else 200,
            code=code,
            text=text,
        )
        for number, code in enumerate(codes)
    )


def sent(message: Bet | Win | Cancel, answers: tuple[Attempt, ...]) -> Sent:
    return Sent(round=1, scenario="by hand", message=message, expected=(0,), attempts=answers)


def cancel(reference: str, *codes: Code | None, user_id: str = "alice", **more: object) -> Sent:
    currency = str(more.pop("currency", "EUR"))
    others = more.pop("others", ())
    message = Cancel(
        user_id=user_id,
        provider_id="LuckyMonaco",
        currency=currency,
        reference=reference,
        uuid="0" * 32,
        session_id="session-1",
        others=others,
    )
    return sent(message, attempts(*codes, **more))  # type: ignore[arg-type]


def bet(reference: str, *codes: int | None, amount: str = "10.00", at: datetime = EARLIER) -> Sent:
    message = Bet(user_id="alice", currency="EUR", amount=Decimal(amount), reference=reference)
    return sent(message, attempts(*codes, at=at))


def check(log: Iterable[Sent], judged: Judged, around: Circumstances | None = None) -> CheckResult:
    with TemporaryDirectory() as directory:
        file = Path(directory) / "provider.jsonl"
        file.write_text("".join(map(as_line, log)))
        scratch = Path(directory) / "parts"
        return checker.check(file, judged, around or Circumstances(), scratch)


def tamper(engine: Engine, *statements: str) -> None:
    """Change what the database itself protects, as nobody can without taking off its guards."""
    unguarded = create_engine(engine.url)
    with unguarded.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))
    unguarded.dispose()
