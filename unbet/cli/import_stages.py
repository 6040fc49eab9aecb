"""How the lines of an import are grouped for the set-based operations, with the result unchanged.

Two lines depend on each other when they concern the same player, or the same reference. A line goes
into the earliest stage of its kind that is not before a stage with a line it depends on; a stage
keeps the lines' order.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from unbet.cli.import_lines import Line
from unbet.cli.instructions import (
    BetInstruction,
    ConvertInstruction,
    CorrectInstruction,
    DepositInstruction,
    EndInstruction,
    FreezeInstruction,
    Instruction,
    SettleInstruction,
    WithdrawInstruction,
)

MAX_STAGES: Final = 32
"""Each stage is some statements, and a transaction's locks bar cancels of the same players."""

BetKey = tuple[str, str]
"""Provider and reference."""

Concern = tuple[str, ...]


class Players(NamedTuple):
    """Whose the bets and withdrawals are that were there before."""

    bets: Mapping[BetKey, str]
    withdrawals: Mapping[str, str]


Owners = Mapping[Concern, set[str]]
"""Whose each bet and withdrawal is or may become."""


@dataclass
class Stage:
    """Lines of one kind that are executed together, in their order."""

    kind: type[Instruction]
    numbers: list[int] = field(default_factory=list)
    instructions: list[Instruction] = field(default_factory=list)


def arrange(lines: Sequence[Line], players: Players) -> tuple[list[Stage], Sequence[Line]]:
    """The stages of `lines`, and the lines that they cover: the first ones, if not all."""
    owners = _owners(lines, players)
    stages: list[Stage] = []
    of_kind: defaultdict[type[Instruction], list[int]] = defaultdict(list)
    last: dict[Concern, int] = {}
    for covered, line in enumerate(lines):
        if line.instruction is None:
            continue
        concerns = _concerns(line.instruction, owners)
        earliest = max((last[concern] for concern in concerns if concern in last), default=0)
        kind = type(line.instruction)
        places = of_kind[kind]
        at = bisect_left(places, earliest)
        if at == len(places):
            if len(stages) == MAX_STAGES:
                return stages, lines[:covered]
            places.append(len(stages))
            stages.append(Stage(kind))
        stage = stages[places[at]]
        stage.numbers.append(line.number)
        stage.instructions.append(line.instruction)
        last |= dict.fromkeys(concerns, places[at])
    return stages, lines


def settled_bets(lines: Sequence[Line]) -> set[BetKey]:
    """The bets that `lines` settle."""
    return {
        (line.instruction.provider, line.instruction.reference)
        for line in lines
        if isinstance(line.instruction, SettleInstruction)
    }


def ended_withdrawals(lines: Sequence[Line]) -> set[str]:
    """The withdrawals that `lines` end."""
    return {
        line.instruction.reference for line in lines if isinstance(line.instruction, EndInstruction)
    }


def _owners(lines: Sequence[Line], players: Players) -> Owners:
    """What settles a bet or ends a withdrawal does not name its player."""
    owners: defaultdict[Concern, set[str]] = defaultdict(set)
    for (provider, reference), user in players.bets.items():
        owners["bet", provider, reference].add(user)
    for reference, user in players.withdrawals.items():
        owners["withdrawal", reference].add(user)
    for line in lines:
        match line.instruction:
            case BetInstruction(user=user, provider=provider, reference=reference):
                owners["bet", provider, reference].add(user)
            case WithdrawInstruction(user=user, reference=reference):
                owners["withdrawal", reference].add(user)
    return owners


def _concerns(instruction: Instruction, owners: Owners) -> list[Concern]:
    match instruction:
        case DepositInstruction(user=user, reference=reference):
            return [("player", user), ("deposit", reference)]
        case BetInstruction(user=user, provider=provider, reference=reference):
            return [("player", user), ("bet", provider, reference)]
        case SettleInstruction(provider=provider, reference=reference):
            win = ("win", provider, instruction.win_reference or reference)
            return [*_with_owners(("bet", provider, reference), owners), win]
        case WithdrawInstruction(user=user, reference=reference):
            return [("player", user), ("withdrawal", reference)]
        case EndInstruction(reference=reference):
            return _with_owners(("withdrawal", reference), owners)
        case CorrectInstruction(user=user, reference=reference):
            return [("player", user), ("correction", reference)]
        case ConvertInstruction(user=user, reference=reference):
            return [("player", user), ("conversion", reference)]
        case FreezeInstruction(user=user):
            return [("player", user)]


def _with_owners(concern: Concern, owners: Owners) -> list[Concern]:
    return [concern, *(("player", user) for user in owners.get(concern, ()))]
