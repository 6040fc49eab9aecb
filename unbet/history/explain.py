"""Everything that the ledger knows of one reference, for a person who asks what happened."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, Table, or_, select

from unbet.history.records import (
    AnswerRecord,
    BetRecord,
    EntryRecord,
    History,
    InterventionRecord,
    LateBetRecord,
    ParkedRecord,
    ParkingHistoryRecord,
    RequestRecord,
    TransferRecord,
    WinRecord,
)
from unbet.journal.schema import answers, interventions, parked, parking_history, requests
from unbet.wallets.ledger.schema import accounts, bets, entries, late_bets, transfers, wins

Rows = list[RowMapping]


def explain(connection: Connection, reference: str, provider: str | None = None) -> list[History]:
    """The histories of `reference`: one for each provider that knows it, or only `provider`'s.

    An empty list if nothing is known. Reads several tables: use a transaction with a snapshot.
    """

    def known(
        table: Table, order: ColumnElement[Any], *keys: ColumnElement[Any]
    ) -> dict[str, Rows]:
        query = select(table).where(or_(*(key == reference for key in keys))).order_by(order)
        if provider is not None:
            query = query.where(table.c.provider == provider)
        return _grouped(connection, query, "provider")

    bet_rows = known(bets, bets.c.id, bets.c.reference)
    late = known(late_bets, late_bets.c.id, late_bets.c.reference)
    received = known(requests, requests.c.received_at, requests.c.reference)
    waiting = known(parked, parked.c.parked_at, parked.c.reference)
    were_parked = known(parking_history, parking_history.c.parked_at, parking_history.c.reference)
    by_people = known(interventions, interventions.c.id, interventions.c.reference)
    won = known(wins, wins.c.created_at, wins.c.bet_reference, wins.c.reference)

    answered = _answers(connection, [row["request_id"] for row in _all(received) + _all(waiting)])
    moved = _transfers(connection, [row["id"] for row in _all(bet_rows)])
    histories = []
    for name in sorted({*bet_rows, *late, *received, *waiting, *by_people, *won}):
        bet = next(iter(bet_rows.get(name, [])), None)
        history = History(
            provider=name,
            reference=reference,
            bet=None if bet is None else BetRecord(**bet),
            requests=tuple(
                RequestRecord(**row, answers=answered[row["request_id"]])
                for row in received.get(name, [])
            ),
            parked=tuple(
                ParkedRecord(**row, answers=answered[row["request_id"]])
                for row in waiting.get(name, [])
            ),
            parking_history=tuple(ParkingHistoryRecord(**row) for row in were_parked.get(name, [])),
            interventions=tuple(InterventionRecord(**row) for row in by_people.get(name, [])),
            late_bets=tuple(LateBetRecord(**row) for row in late.get(name, [])),
            transfers=() if bet is None else moved[bet["id"]],
            wins=tuple(WinRecord(**row) for row in won.get(name, [])),
        )
        histories.append(history)
    return histories


def _answers(
    connection: Connection, request_ids: list[UUID]
) -> defaultdict[UUID, tuple[AnswerRecord, ...]]:
    """The answers to each request, and to those that shared its wait."""
    query = (
        select(answers)
        .where(
            or_(answers.c.request_id.in_(request_ids), answers.c.shared_request_id.in_(request_ids))
        )
        .order_by(answers.c.received_at)
    )
    by_request: defaultdict[UUID, tuple[AnswerRecord, ...]] = defaultdict(tuple)
    for row in connection.execute(query).mappings():
        by_request[row["shared_request_id"] or row["request_id"]] += (AnswerRecord(**row),)
    return by_request


def _transfers(
    connection: Connection, bet_ids: list[int]
) -> defaultdict[int, tuple[TransferRecord, ...]]:
    """The transfers of each bet, with their entries."""
    of_bet = transfers.c.bet_id.in_(bet_ids)
    lines = _grouped(
        connection,
        select(entries, accounts.c.owner, accounts.c.kind, accounts.c.currency)
        .join(transfers, transfers.c.id == entries.c.transfer_id)
        .join(accounts, accounts.c.id == entries.c.account_id)
        .where(of_bet)
        .order_by(entries.c.account_id),
        "transfer_id",
    )
    moved: defaultdict[int, tuple[TransferRecord, ...]] = defaultdict(tuple)
    query = select(transfers).where(of_bet).order_by(transfers.c.id)
    for row in connection.execute(query).mappings():
        own = tuple(EntryRecord(**line) for line in lines.get(row["id"], []))
        moved[row["bet_id"]] += (TransferRecord(**row, entries=own),)
    return moved


def _grouped(connection: Connection, query: Select[Any], key: str) -> dict[Any, Rows]:
    groups: defaultdict[Any, Rows] = defaultdict(list)
    for row in connection.execute(query).mappings():
        groups[row[key]].append(row)
    return dict(groups)


def _all(groups: dict[str, Rows]) -> Rows:
    return [row for rows in groups.values() for row in rows]
